/** A chart that suits each column. */
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { Chart, type ChartOption } from "@canvasback/charts/Chart";
import {
  type Suggestion,
  histogramOption,
  stepFor,
  suggestionFor,
  timeOption,
  valuesOption,
} from "@canvasback/charts/suggest";
import { call } from "@canvasback/client/api/client";
import type { DatasetColumn, DatasetDetail, Filter } from "@canvasback/client/api/schema";
import { Empty, Problem } from "../../ui/states";
import { Filtered } from "./Filtered";
import { useInSight } from "./useInSight";

const BINS = 40;
const TITLES: Record<Exclude<Suggestion, null>, string> = {
  histogram: "distribution",
  time: "rows over time",
  values: "most frequent values",
};

/** Footers tell times as the engine prints them, with a space. */
const footerMs = (text: string | null): number => Date.parse(`${(text ?? "").replace(" ", "T")}Z`);

async function load(
  dataset: DatasetDetail,
  column: DatasetColumn,
  filter: Filter | undefined,
  signal: AbortSignal,
): Promise<ChartOption> {
  const params = { name: dataset.name };
  const filtered = filter ? { filter: JSON.stringify(filter) } : {};
  const suggestion = suggestionFor(column.type);
  if (suggestion === "histogram") {
    const answer = await call(
      "histogram",
      { params, query: { column: column.name, bins: BINS, ...filtered } as never },
      signal,
    );
    // Edges of decimals are texts.
    return histogramOption(answer.rows.map((row) => row.map(Number)) as [number, number, number, number][]);
  }
  if (suggestion === "time") {
    const step = stepFor(footerMs(column.min), footerMs(column.max));
    const body = {
      group_by: [{ column: column.name, granularity: step }],
      measures: ["count"],
      ...(filter ? { filter } : {}),
      limit: 2000,
    };
    const answer = (await call("aggregate", { params, body: body as never }, signal)) as unknown as {
      rows: [string | null, number][];
    };
    const points = answer.rows.filter((row): row is [string, number] => row[0] !== null);
    return timeOption(points.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  const answer = await call("top", { params, query: { column: column.name, k: 12, ...filtered } as never }, signal);
  const rows = (answer as unknown as { rows: [string | null, number][] }).rows;
  return valuesOption({ top: rows.map(([value, count]) => ({ value, count })) });
}

function Card({
  dataset,
  column,
  filter,
}: {
  dataset: DatasetDetail;
  column: DatasetColumn;
  filter: Filter | undefined;
}) {
  const { ref, seen } = useInSight();
  const suggestion = suggestionFor(column.type);
  const chart = useQuery({
    queryKey: ["chart", dataset.name, dataset.version, column.name, filter],
    queryFn: ({ signal }) => load(dataset, column, filter, signal),
    enabled: seen,
    staleTime: Infinity,
    retry: false,
  });
  return (
    <section className="card" ref={ref} aria-label={column.name}>
      <h2>{column.name}</h2>
      <div className="dim" style={{ fontSize: 12, marginBottom: 6 }}>
        {suggestion && TITLES[suggestion]}
      </div>
      {chart.error && <Problem error={chart.error} onRetry={() => void chart.refetch()} />}
      {chart.data ? (
        <Chart option={chart.data} label={`${column.name}: ${suggestion ? TITLES[suggestion] : ""}`} />
      ) : (
        !chart.error && <Skeleton height={200} />
      )}
    </section>
  );
}

export default function ChartsTab({ dataset, filter }: { dataset: DatasetDetail; filter: Filter | undefined }) {
  const columns = useMemo(() => (dataset.columns ?? []).filter((column) => suggestionFor(column.type)), [dataset]);
  if (columns.length === 0) return <Empty title="No columns to chart" />;
  return (
    <>
      <Filtered filter={filter} />
      <div className="cards">
        {columns.map((column) => (
          <Card key={column.name} dataset={dataset} column={column} filter={filter} />
        ))}
      </div>
    </>
  );
}
