/** One source: how fresh its copy is, what can be done, and its pulls one by one. */
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";

import type { PullReport, Source } from "@canvasback/client/api/schema";
import { bytes, counted, duration, integer, moment } from "@canvasback/values/format";
import { useReports, useSourceAction } from "../../services/sources";
import { Lines, Problem } from "../../ui/states";
import { TIERS, ago, costOf, resultWords, scheduleWords } from "./words";

function Figures({ source }: { source: Source }) {
  const figures: [string, string, string | null | undefined][] = [
    ["Copy as of", ago(source.as_of), source.as_of],
    ["Last looked", ago(source.checked_as_of), source.checked_as_of],
    ["Deletes verified", ago(source.deletes_verified_as_of), source.deletes_verified_as_of],
    ["All rows compared", ago(source.swept_as_of), source.swept_as_of],
    ["Schedule", scheduleWords(source), null],
  ];
  return (
    <dl className="figures">
      {figures.map(([label, words, at]) => (
        <div key={label} className="figure">
          <dt>{label}</dt>
          <dd title={at ? moment(at) : undefined}>{words}</dd>
        </div>
      ))}
    </dl>
  );
}

function Actions({ source }: { source: Source }) {
  const action = useSourceAction(source.name);
  const isRunning = source.state === "running";
  const isUnusable = source.state === "unusable";
  const hasOtherColumns = source.last_report?.error?.code === "SchemaValidation";
  const accept = (): void => {
    const asks = `Load the copy of ${source.name} anew, with the columns of now? Until then it stays readable.`;
    if (window.confirm(asks)) action.mutate("acceptSchema");
  };
  return (
    <>
      <div className="row wrap" style={{ marginBottom: 14 }}>
        <Button
          disabled={isRunning || isUnusable}
          loading={action.isPending}
          onClick={() => action.mutate("runPull")}
        >
          {isRunning ? "Pulling…" : "Pull now"}
        </Button>
        {source.state === "paused" ? (
          <Button variant="default" onClick={() => action.mutate("resumeSource")}>
            Resume
          </Button>
        ) : (
          <Button variant="default" disabled={isUnusable} onClick={() => action.mutate("pauseSource")}>
            Pause
          </Button>
        )}
        <Button variant="default" disabled={isRunning || isUnusable} onClick={() => action.mutate("sweepSource")}>
          Compare all rows
        </Button>
        <Button variant={hasOtherColumns ? "filled" : "default"} disabled={isRunning || isUnusable} onClick={accept}>
          Accept new columns
        </Button>
        <span className="spacer" />
        {source.dataset && (
          <Link to="/datasets/$name" params={{ name: source.dataset }}>
            Open dataset {source.dataset}
          </Link>
        )}
      </div>
      {action.error && <Problem error={action.error} />}
    </>
  );
}

function Tiers({ report }: { report: PullReport }) {
  return (
    <div className="scroll-x" tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            <th>Step</th>
            <th className="num">Statements</th>
            <th className="num">Rows sent</th>
            <th className="num">Of them changed</th>
            <th className="num">Size</th>
            <th className="num">Time</th>
          </tr>
        </thead>
        <tbody>
          {report.tiers.map((tier) => (
            <tr key={tier.name}>
              <td>{TIERS[tier.name]}</td>
              <td className="num">{integer(tier.statements)}</td>
              <td className="num">{integer(tier.rows)}</td>
              <td className="num">{integer(tier.changed)}</td>
              <td className="num">{bytes(tier.bytes)}</td>
              <td className="num">{duration(tier.seconds * 1000)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Report({ report }: { report: PullReport }) {
  const cost = costOf(report);
  const nulled = Object.entries(report.nulled ?? {});
  const notes = [
    ...(report.notes ?? []),
    ...nulled.map(([column, count]) => `${column}: ${integer(count)} values without an exact form became NULL`),
    ...(report.files_written
      ? [`${integer(report.files_written)} files of ${bytes(report.bytes_written ?? 0)} written`]
      : []),
  ];
  return (
    <details className="source-report">
      <summary>
        <span>{moment(report.started_at)}</span>
        <span className="tag" data-tone={report.result === "failed" ? "bad" : undefined}>
          {report.trigger}
        </span>
        <span>{resultWords(report)}</span>
        <span className="dim">
          {counted(cost.statements, "statement")}, {counted(cost.rows, "row")}, {bytes(cost.bytes)}
        </span>
      </summary>
      <div>
        {report.error && <Problem error={new Error(report.error.message)} />}
        {report.tiers.length > 0 && <Tiers report={report} />}
        {notes.length > 0 && (
          <ul>
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
      </div>
    </details>
  );
}

export function SourceDetail({ source }: { source: Source }) {
  const { data, error, refetch } = useReports(source);
  const problem = source.error ?? source.table_error;
  return (
    <section className="source-detail" aria-label={`Source ${source.name}`}>
      <h2>{source.name}</h2>
      {problem && <Problem error={new Error(problem.message)} />}
      <Figures source={source} />
      <Actions source={source} />
      <h2>Pulls</h2>
      {error && !data && <Problem error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Lines count={3} />}
      {data?.reports.length === 0 && <p className="dim">Not pulled yet.</p>}
      {data?.reports.map((report, at) => (
        <Report key={`${report.started_at} ${at}`} report={report} />
      ))}
    </section>
  );
}
