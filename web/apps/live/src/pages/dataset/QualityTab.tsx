/** How well the data is kept: a score, and what costs it points. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { counted, duration, integer, percent } from "@canvasback/values/format";
import { call } from "@canvasback/client/api/client";
import type { ColumnProfile, DatasetDetail, Filter } from "@canvasback/client/api/schema";
import { Bar, Problem } from "../../ui/states";
import { PROFILE_ROWS_MAX } from "../../panel/profiles";
import { Filtered } from "./Filtered";

function tone(score: number): "good" | "warn" | "bad" {
  return score >= 90 ? "good" : score >= 60 ? "warn" : "bad";
}

function Score({ score }: { score: number }) {
  return (
    <span className="tag" data-tone={tone(score)}>
      {Math.round(score)}
    </span>
  );
}

function ColumnRow({ column }: { column: ColumnProfile }) {
  return (
    <tr>
      <td>{column.name}</td>
      <td>
        <span className="tag mono">{column.type}</span>
      </td>
      <td className="num">
        <Score score={column.score ?? 100} />
      </td>
      <td className="num">{percent(column.nulls / Math.max(1, column.count + column.nulls))}</td>
      <td>
        {(column.findings ?? []).length === 0 && <span className="dim">nothing found</span>}
        {(column.findings ?? []).map((finding) => (
          <div key={finding.code}>
            {finding.message} <span className="dim">−{finding.cost.toFixed(1)}</span>
          </div>
        ))}
      </td>
    </tr>
  );
}

export default function QualityTab({ dataset, filter }: { dataset: DatasetDetail; filter: Filter | undefined }) {
  const [wanted, setWanted] = useState((dataset.rows ?? 0) <= PROFILE_ROWS_MAX);
  const report = useQuery({
    queryKey: ["quality", dataset.name, dataset.version, filter],
    queryFn: ({ signal }) => {
      const query = { type: "quality" as const, ...(filter ? { filter: JSON.stringify(filter) } : {}) };
      return call("profile", { params: { name: dataset.name }, query: query as never }, signal);
    },
    enabled: wanted,
    staleTime: Infinity,
    retry: false,
  });
  if (!wanted) {
    return (
      <div className="empty">
        <h2>The report reads {counted(dataset.rows ?? 0, "row")}</h2>
        <Button onClick={() => setWanted(true)}>Make it</Button>
      </div>
    );
  }
  if (report.error) return <Problem error={report.error} onRetry={() => void report.refetch()} />;
  if (!report.data) {
    return (
      <div className="empty">
        <h2>Reading every column</h2>
        <div style={{ width: 260 }}>
          <Bar share={null} label="Making the report" />
        </div>
      </div>
    );
  }
  const { score, duplicate_rows: duplicates, columns, rows } = report.data;
  const sorted = [...columns].sort((a, b) => (a.score ?? 100) - (b.score ?? 100));
  return (
    <>
      <Filtered filter={filter} />
      <dl className="figures">
        <div className="figure">
          <dt>Score</dt>
          <dd style={{ color: `var(--cb-${tone(score ?? 100)})` }}>{Math.round(score ?? 100)} of 100</dd>
        </div>
        <div className="figure">
          <dt>Rows</dt>
          <dd>{integer(rows)}</dd>
        </div>
        {duplicates && (
          <div className="figure">
            <dt>Duplicate rows</dt>
            <dd>
              {duplicates.exact ? "" : "≈ "}
              {integer(duplicates.rows)}
            </dd>
          </div>
        )}
        <div className="figure">
          <dt>Made in</dt>
          <dd>{duration(report.data.performance_metrics.duration_ms)}</dd>
        </div>
      </dl>
      <div className="scroll-x" tabIndex={0}>
        <table className="table findings">
          <thead>
            <tr>
              <th>Column</th>
              <th>Type</th>
              <th className="num">Score</th>
              <th className="num">NULL</th>
              <th>What was found</th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((column) => (
              <ColumnRow key={column.name} column={column} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
