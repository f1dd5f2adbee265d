/** The server itself: what runs, its workers, what it has done. */
import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";

import { bytes, compact, duration, integer } from "@canvasback/values/format";
import { call, send } from "@canvasback/client/api/client";
import type { RunningQuery, Worker } from "@canvasback/client/api/schema";
import { type Metrics, latency, parseMetrics, sumOf } from "@canvasback/client/metrics";
import { useDatasets } from "../services/queries";
import { queryClient } from "../services/services";
import { Bar, Lines, Problem } from "../ui/states";
import { useTitle } from "../ui/title";

const REFRESH_MS = 1000;
const METRICS_REFRESH_MS = 5000;

function useQueriesRunning() {
  return useQuery({
    queryKey: ["queries"],
    queryFn: ({ signal }) => call("listQueries", {}, signal),
    refetchInterval: REFRESH_MS,
    staleTime: 0,
  });
}

function QueryRow({ query }: { query: RunningQuery }) {
  const cancel = useMutation({
    mutationFn: () => call("cancelQuery", { params: { id: query.id } as never }),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: ["queries"] }),
  });
  const share = query.progress && query.progress.share >= 0 ? query.progress.share : null;
  return (
    <tr>
      <td className="num dim">{query.id}</td>
      <td>
        <span className="tag" data-tone={query.state === "running" ? "accent" : undefined}>
          {query.state}
        </span>
      </td>
      <td>
        <div className="cut mono" title={query.text} style={{ maxWidth: 520 }}>
          {query.text}
        </div>
      </td>
      <td>{query.kind}</td>
      <td className="num">{duration(query.elapsed_ms)}</td>
      <td style={{ minWidth: 110 }}>
        {query.state === "running" && <Bar share={share} label={`Progress of query ${query.id}`} />}
      </td>
      <td className="num">{query.progress ? compact(query.progress.rows) : "–"}</td>
      <td className="num">
        <Button
          size="compact-xs"
          variant="subtle"
          color="red"
          loading={cancel.isPending}
          onClick={() => cancel.mutate()}
        >
          Cancel
        </Button>
      </td>
    </tr>
  );
}

function Queries() {
  const { data, error } = useQueriesRunning();
  return (
    <section style={{ marginBottom: 30 }}>
      <div className="page-head" style={{ marginBottom: 8 }}>
        <h2>Queries</h2>
        {data && (
          <span className="dim">
            {data.queries.length === 0
              ? "No running queries"
              : `${data.queries.length} running, ${data.waiting} waiting`}
          </span>
        )}
      </div>
      {error && !data && <Problem error={error} />}
      {data && data.queries.length > 0 && (
        <div className="scroll-x" tabIndex={0}>
          <table className="table">
            <thead>
              <tr>
                <th className="num">#</th>
                <th>State</th>
                <th>Query</th>
                <th>Kind</th>
                <th className="num">Time</th>
                <th>Progress</th>
                <th className="num">Rows</th>
                <th>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.queries.map((query) => (
                <QueryRow key={query.id} query={query} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

const STATE_TONES: Record<Worker["state"], string | undefined> = {
  busy: "accent",
  idle: "good",
  starting: "warn",
  parked: undefined,
};

function Workers({ workers, metrics }: { workers: readonly Worker[]; metrics: Metrics | undefined }) {
  const memory = (worker: Worker): number | undefined =>
    metrics?.find(
      (each) => /worker.*(memory|resident).*bytes/.test(each.name) && each.labels.worker === String(worker.number),
    )?.value;
  return (
    <section style={{ marginBottom: 30 }}>
      <h2 style={{ marginBottom: 8 }}>Workers</h2>
      <div className="cards" style={{ gridTemplateColumns: "repeat(auto-fill, minmax(190px, 1fr))" }}>
        {workers.map((worker) => {
          const held = memory(worker);
          return (
            <div key={worker.number} className="card">
              <div className="row">
                <strong>Worker {worker.number}</strong>
                <span className="spacer" />
                <span className="tag" data-tone={STATE_TONES[worker.state]}>
                  {worker.state}
                </span>
              </div>
              <div className="dim" style={{ fontSize: 12 }}>
                process {worker.pid}
                {held !== undefined && ` · ${bytes(held)}`}
              </div>
            </div>
          );
        })}
      </div>
    </section>
  );
}

function Routes({ metrics }: { metrics: Metrics }) {
  const routes = [
    ...new Set(
      metrics.filter((each) => each.name === "canvasback_requests_total").map((each) => each.labels.route ?? ""),
    ),
  ].sort();
  return (
    <section>
      <h2 style={{ marginBottom: 8 }}>Requests since startup</h2>
      <div className="scroll-x" tabIndex={0}>
        <table className="table">
          <thead>
            <tr>
              <th>Route</th>
              <th className="num">Requests</th>
              <th className="num">Errors</th>
              <th className="num">Median</th>
              <th className="num">99 %</th>
              <th className="num">Sent</th>
            </tr>
          </thead>
          <tbody>
            {routes.map((route) => {
              const refused = sumOf(
                metrics,
                "canvasback_requests_total",
                (labels) => labels.route === route && Number(labels.status) >= 400,
              );
              return (
                <tr key={route}>
                  <td className="mono">{route}</td>
                  <td className="num">
                    {integer(sumOf(metrics, "canvasback_requests_total", (labels) => labels.route === route))}
                  </td>
                  <td className="num">{refused > 0 ? integer(refused) : <span className="dim">0</span>}</td>
                  <td className="num">≤ {duration(latency(metrics, route, 0.5) * 1000)}</td>
                  <td className="num">≤ {duration(latency(metrics, route, 0.99) * 1000)}</td>
                  <td className="num">
                    {bytes(sumOf(metrics, "canvasback_response_bytes_total", (labels) => labels.route === route))}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

export function SystemPage() {
  useTitle("System");
  const health = useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => call("health", {}, signal),
    refetchInterval: METRICS_REFRESH_MS,
  });
  const metrics = useQuery({
    queryKey: ["metrics"],
    queryFn: async ({ signal }) => parseMetrics(await (await send("/metrics", { signal })).text()),
    refetchInterval: METRICS_REFRESH_MS,
  });
  const { data } = health;
  // The same list as the Datasets page, collections included.
  const datasets = useDatasets().data?.datasets;
  const unreadable = datasets?.filter((dataset) => dataset.error).length ?? 0;
  return (
    <div className="page">
      <div className="page-head">
        <h1>System</h1>
      </div>
      {health.error && !data && <Problem error={health.error} onRetry={() => void health.refetch()} />}
      {!data && !health.error && <Lines />}
      {data && (
        <dl className="figures">
          <div className="figure">
            <dt>Status</dt>
            <dd style={{ color: data.status === "ok" ? "var(--cb-good)" : "var(--cb-bad)" }}>{data.status}</dd>
          </div>
          <div className="figure">
            <dt>Version</dt>
            <dd>{data.version}</dd>
          </div>
          <div className="figure">
            <dt>Uptime</dt>
            <dd>{duration(data.uptime_s * 1000)}</dd>
          </div>
          <div className="figure">
            <dt>Datasets</dt>
            <dd>
              {datasets ? integer(datasets.length) : "–"}
              {unreadable > 0 && ` (${integer(unreadable)} unreadable)`}
            </dd>
          </div>
          <div className="figure">
            <dt>Tasks</dt>
            <dd>
              {data.tasks.running} running, {data.tasks.waiting} waiting
            </dd>
          </div>
        </dl>
      )}
      <Queries />
      {data && <Workers workers={data.workers} metrics={metrics.data} />}
      {metrics.data && <Routes metrics={metrics.data} />}
    </div>
  );
}
