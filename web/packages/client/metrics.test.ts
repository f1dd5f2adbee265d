import { describe, expect, it } from "vitest";

import { latency, parseMetrics, sumOf } from "./metrics";

describe("metrics", () => {
  const metrics = parseMetrics(
    [
      "# TYPE x counter",
      'x{route="/a\\"b",status="200"} 5',
      'x{route="/c",status="404"} 2',
      'canvasback_request_seconds_bucket{route="/c",le="0.1"} 1',
      'canvasback_request_seconds_bucket{route="/c",le="+Inf"} 2',
      "y 1e3",
      "",
    ].join("\n"),
  );

  it("reads names, labels and values", () => {
    expect(metrics[0]).toEqual({ name: "x", labels: { route: '/a"b', status: "200" }, value: 5 });
    expect(sumOf(metrics, "x", (labels) => Number(labels.status) >= 400)).toBe(2);
    expect(latency(metrics, "/c", 0.5)).toBe(0.1);
    expect(latency(metrics, "/c", 0.99)).toBe(Infinity);
  });
});
