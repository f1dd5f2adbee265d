/** How much a collection holds, week by week, and what came last; it refreshes by itself. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { bytes, counted, integer, moment } from "@canvasback/values/format";
import { call } from "@canvasback/client/api/client";
import type { CollectionStatistics } from "@canvasback/client/api/schema";
import { Empty, Lines, Problem } from "../../ui/states";
import { RecordsTable } from "./RecordsTable";

const REFRESH_MS = 3000;
const RECENT_MAX = 10;

export function useStatistics(collection: string, exists: boolean) {
  return useQuery({
    queryKey: ["collection", collection, "statistics"],
    queryFn: ({ signal }) => call("statistics", { query: { collection } }, signal),
    refetchInterval: REFRESH_MS,
    enabled: exists,
  });
}

function Figures({ figures }: { figures: CollectionStatistics }) {
  const entries = [
    ["Records", integer(figures.total_records)],
    ["Size", bytes(figures.total_bytes)],
    ["Columns", integer(figures.total_columns)],
    ["Files", integer(figures.total_files)],
    ["Unmerged", integer(figures.unmerged_records)],
    ["Archived files", integer(figures.archived_files)],
    ["Last written", figures.last_written ? moment(figures.last_written) : "–"],
  ];
  return (
    <dl className="figures">
      {entries.map(([name, value]) => (
        <div key={name} className="figure">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Weeks({ weeks }: { weeks: CollectionStatistics["weeks"] }) {
  const most = Math.max(1, ...weeks.map((week) => week.records));
  return (
    <section className="section">
      <h2>Weeks</h2>
      {weeks.length === 0 ? (
        <p className="dim">No weekly files yet. New records are merged within about a minute.</p>
      ) : (
        <div className="scroll-x" tabIndex={0} role="region" aria-label="Weeks">
          <table className="table">
            <thead>
              <tr>
                <th>Week</th>
                <th className="num">Records</th>
                <th className="num">Size</th>
                <th>
                  <span className="visually-hidden">Share</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {weeks.map((week) => (
                <tr key={week.week}>
                  <td>{week.week}</td>
                  <td className="num">{integer(week.records)}</td>
                  <td className="num">{bytes(week.bytes)}</td>
                  <td className="share">
                    <div style={{ width: `${(week.records / most) * 100}%` }} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Recent({ collection, version }: { collection: string; version: number }) {
  const { data, error } = useQuery({
    // With every commit there are newer ones.
    queryKey: ["collection", collection, "recent", version],
    queryFn: ({ signal }) => call("queryRecent", { query: { collection, limit: RECENT_MAX } }, signal),
    placeholderData: (before) => before,
  });
  return (
    <section className="section">
      <h2>Recent records</h2>
      {error && !data && <Problem error={error} />}
      {!data && !error && <Lines count={4} />}
      {data && <RecordsTable label="Recent records" answer={data} />}
    </section>
  );
}

export function OverviewTab({ collection, exists }: { collection: string; exists: boolean }) {
  const { data, error, refetch } = useStatistics(collection, exists);
  if (!exists) {
    return (
      <Empty title="No records yet">
        <p>The first record creates the collection. Add records on the “Add records” tab, or send them:</p>
        <code className="wrap-code">
          curl -X POST {location.origin}/ingest?collection={collection} -d '{"{"}"id": "a1"{"}"}'
        </code>
      </Empty>
    );
  }
  if (!data) return error ? <Problem error={error} onRetry={() => void refetch()} /> : <Lines />;
  return (
    <>
      <Figures figures={data} />
      <p>
        <Link to="/datasets/$name" params={{ name: collection }}>
          Browse all {counted(data.total_records, "record")}
        </Link>
        <span className="dim"> with filters, profiles, charts and export</span>
      </p>
      <Recent collection={collection} version={data.last_commit} />
      <Weeks weeks={data.weeks} />
    </>
  );
}
