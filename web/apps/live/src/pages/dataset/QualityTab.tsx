/** How well the data is kept: a score, and what costs it points. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { counted, duration, integer, percent } from "@canvasback/values/format";
import { call } from "@canvasback/client/api/client";
import { parseFilter } from "@canvasback/client/filters";
import type { ColumnProfile, DatasetDetail, Filter } from "@canvasback/client/api/schema";
import { Bar, Problem } from "../../ui/states";
import { PROFILE_ROWS_MAX } from "../../panel/profiles";
import { duplicatesSql } from "../../state/sqlText";
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
        {(column.findings ?? []).length === 0 && <span className="dim">no findings</span>}
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
        <h2>This report reads {counted(dataset.rows ?? 0, "row")}</h2>
        <Button onClick={() => setWanted(true)}>Run report</Button>
      </div>
    );
  }
  if (report.error) return <Problem error={report.error} onRetry={() => void report.refetch()} />;
  if (!report.data) {
    return (
      <div className="empty">
        <h2>Reading every column</h2>
        <div style={{ width: 260 }}>
          <Bar share={null} label="Running the report" />
        </div>
      </div>
    );
  }
  const { score, duplicate_rows: duplicates, columns, rows } = report.data;
  const conditions = filter ? parseFilter(JSON.stringify(filter)) : [];
  const sorted = [...columns].sort((a, b) => (a.score ?? 100) - (b.score ?? 100));
  // The mean over many columns hides a bad one.
  const lowest = sorted[0];
  return (
    <>
      <Filtered filter={filter} />
      <dl className="figures">
        <div className="figure">
          <dt>Score</dt>
          <dd style={{ color: `var(--cb-${tone(score ?? 100)})` }}>{Math.round(score ?? 100)} of 100</dd>
        </div>
        {lowest && (
          <div className="figure">
            <dt>Lowest column</dt>
            <dd style={{ color: `var(--cb-${tone(lowest.score ?? 100)})` }}>
              {Math.round(lowest.score ?? 100)} <span className="dim">{lowest.name}</span>
            </dd>
          </div>
        )}
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
              {duplicates.rows > 0 && (
                <Link className="figure-link" to="/sql" search={{ sql: duplicatesSql(dataset.name, conditions) }}>
                  Show
                </Link>
              )}
            </dd>
          </div>
        )}
        <div className="figure">
          <dt>Computed in</dt>
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
              <th>Findings</th>
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
