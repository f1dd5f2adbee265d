import { describe, expect, it } from "vitest";

import { rowsBehind } from "./drill";
import { dashboardOf } from "./model";
import { METRICS, MODEL } from "./testSupport";

describe("the rows behind a number", () => {
  it("are those of the period and the filters", () => {
    expect(rowsBehind(METRICS!, MODEL, { country: ["DE", null], price: [10] })).toEqual({
      dataset: "orders",
      conditions: [
        { column: "country", kind: "filter", filter: ["DE", null] },
        { column: "unit_price", kind: "bins", bins: [[10, 20]] },
        {
          column: "created_at",
          kind: "time",
          from: Date.parse("2024-12-31T23:00:00Z"),
          to: Date.parse("2025-01-07T23:00:00Z"),
          days: { from: "2025-01-01", to: "2025-01-08" },
          sourceTimezone: "UTC",
        },
      ],
    });
  });

  it("are those that the measure counts", () => {
    const model = { ...MODEL, period: null };
    const { measures } = dashboardOf({
      metrics: {
        source: "orders",
        measures: [
          { name: "refunds", agg: "count", where: { status: ["refunded", "returned"], amount: { from: 10 } } },
          { name: "paid", agg: "count", of: "paid_at", where: { kind: "web", note: { not: null } } },
        ],
      },
    }).metrics[0]!;
    expect(rowsBehind(METRICS!, model, {}, measures[0])).toEqual({
      dataset: "orders",
      conditions: [
        { column: "status", kind: "filter", filter: ["refunded", "returned"] },
        { column: "amount", kind: "filter", filter: { from: 10 } },
      ],
    });
    expect(rowsBehind(METRICS!, model, {}, measures[1])).toMatchObject({
      conditions: [
        { column: "kind", filter: ["web"] },
        { column: "note", filter: { not: [null] } },
        { column: "paid_at", filter: { not: [null] } },
      ],
    });
  });

  it("are not shown where the grid cannot filter for them alone", () => {
    expect(rowsBehind(METRICS!, MODEL, { hour: [3] })).toBe("Rows cannot be filtered by hour.");
    expect(rowsBehind(METRICS!, MODEL, { price: [null] })).toBe("Rows cannot be filtered by price.");
    expect(rowsBehind({ ...METRICS!, source: null }, { ...MODEL, dataset: null }, {})).toMatch(/statement/);
  });

  it("are not filtered by what the metrics do not have", () => {
    const model = { ...MODEL, period: { from: null, to: null } };
    expect(rowsBehind(METRICS!, model, { other: ["x"] })).toEqual({ dataset: "orders", conditions: [] });
  });
});
