/** Prometheus' text format: what the System page shows of /metrics. */
export interface Metric {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export type Metrics = readonly Metric[];

const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

export function parseMetrics(text: string): Metric[] {
  return text.split("\n").flatMap((line) => {
    const found = LINE.exec(line);
    if (!found) return [];
    const [, name = "", labels = "", value = ""] = found;
    const unescaped = [...labels.matchAll(LABEL)].map(([, key = "", text_ = ""]) => [
      key,
      text_.replace(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c)),
    ]);
    return [
      {
        name,
        labels: Object.fromEntries(unescaped) as Record<string, string>,
        value: value === "+Inf" ? Infinity : Number(value),
      },
    ];
  });
}

export function sumOf(metrics: Metrics, name: string, where: (labels: Record<string, string>) => boolean): number {
  return metrics.reduce((sum, each) => (each.name === name && where(each.labels) ? sum + each.value : sum), 0);
}

/** The bucket, in seconds, below which a share of a route's requests ended. */
export function latency(metrics: Metrics, route: string, share: number): number {
  const buckets = metrics
    .filter((each) => each.name === "canvasback_request_seconds_bucket" && each.labels.route === route)
    .map((each) => ({ le: each.labels.le === "+Inf" ? Infinity : Number(each.labels.le), count: each.value }))
    .sort((a, b) => a.le - b.le);
  const total = buckets.at(-1)?.count ?? 0;
  return buckets.find((bucket) => bucket.count >= total * share)?.le ?? 0;
}
