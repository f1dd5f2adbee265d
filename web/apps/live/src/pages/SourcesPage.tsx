/** Sources: tables of other databases, how fresh their copies are, and what each pull did. */
import { Button } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";

import type { Source } from "@canvasback/client/api/schema";
import { bytes, counted, integer, moment } from "@canvasback/values/format";
import { useSources } from "../services/sources";
import { Empty, Lines, Problem } from "../ui/states";
import { useTitle } from "../ui/title";
import { SourceDetail } from "./source/SourceDetail";
import { STATES, ago, resultWords, scheduleWords } from "./source/words";
import "./source/source.css";

const route = getRouteApi("/sources");

function Row({ source, isOpen, onOpen }: { source: Source; isOpen: boolean; onOpen(): void }) {
  const { name, state, last_report: last } = source;
  const { label, tone } = STATES[state];
  return (
    <tr data-open={isOpen || undefined}>
      <td>
        <button type="button" className="link" aria-expanded={isOpen} onClick={onOpen}>
          {name}
        </button>
        <div className="dim cut">
          {[source.database, source.table ?? (source.query && "a statement")].filter(Boolean).join(".") || "–"}
          {source.server && ` on ${source.server}`}
        </div>
      </td>
      <td>
        <span className="tag" data-tone={tone}>
          {label}
        </span>
        {(source.failures ?? 0) > 0 && (
          <span className="tag" data-tone="bad" style={{ marginLeft: 6 }}>
            {counted(source.failures ?? 0, "failure")}
          </span>
        )}
      </td>
      <td title={source.as_of ? moment(source.as_of) : undefined}>{ago(source.as_of)}</td>
      <td className="num">{source.rows === undefined ? "–" : integer(source.rows)}</td>
      <td className="num">{source.bytes === undefined ? "–" : bytes(source.bytes)}</td>
      <td>{last ? resultWords(last) : "–"}</td>
      <td className="dim">
        {source.next_at && source.state !== "paused" ? moment(source.next_at) : scheduleWords(source)}
      </td>
    </tr>
  );
}

export function SourcesPage() {
  useTitle("Sources");
  const { name } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch, isPending } = useSources();
  const sources = data?.sources ?? [];
  const open = sources.find((source) => source.name === name);
  const show = (chosen: string | undefined): void => void navigate({ search: chosen ? { name: chosen } : {} });
  return (
    <div className="page">
      <div className="page-head">
        <h1>Sources</h1>
        {data && <span className="dim">{integer(sources.length)}</span>}
      </div>
      {error && !data && <Problem error={error} onRetry={() => void refetch()} />}
      {isPending && !error && <Lines />}
      {data && sources.length === 0 && (
        <Empty title="No sources yet">
          <p>
            A source is a table of another database that the server keeps a copy of. Describe one in a file below{" "}
            <code>sources/</code> of the data folder.
          </p>
        </Empty>
      )}
      {sources.length > 0 && (
        <div className="scroll-x" tabIndex={0}>
          <table className="table sources">
            <thead>
              <tr>
                <th>Source</th>
                <th>State</th>
                <th>Copy as of</th>
                <th className="num">Rows</th>
                <th className="num">Size</th>
                <th>Last pull</th>
                <th>Next</th>
              </tr>
            </thead>
            <tbody>
              {sources.map((source) => (
                <Row
                  key={source.name}
                  source={source}
                  isOpen={source === open}
                  onOpen={() => show(source === open ? undefined : source.name)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {open && <SourceDetail source={open} key={open.name} />}
      {data && name && !open && (
        <Empty title={`No source “${name}”`}>
          <Button variant="default" onClick={() => show(undefined)}>
            Show all
          </Button>
        </Empty>
      )}
    </div>
  );
}
