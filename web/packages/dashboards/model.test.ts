import { describe, expect, it } from "vitest";

import { dashboardOf, dimensionNamed, labelOfName, titleOf, widthOf } from "./model";
import { DASHBOARD, METRICS } from "./testSupport";

describe("a dashboard of JSON", () => {
  it("has one form, whichever way it was written", () => {
    expect(METRICS?.dimensions[0]).toEqual({ name: "country", label: "Country", column: "country" });
    expect(METRICS?.dimensions[1]).toEqual({ name: "hour", label: "Hour", part: "hour" });
    expect(METRICS?.measures[0]?.format).toEqual({ kind: "currency", currency: "EUR" });
    expect(METRICS?.measures[1]?.format).toEqual({ kind: "integer" });
    const scaled = dashboardOf({ metrics: { measures: [{ name: "a", agg: "sum", of: "a", scale: 2 }] } });
    expect(scaled.metrics[0]?.measures[0]?.format).toEqual({ kind: "number", decimals: 2 });
    expect(DASHBOARD.filters).toEqual(["country", "hour", "weekday", "price", "month"]);
    expect(DASHBOARD.period).toBe("last_30_days");
    expect(dashboardOf({ metrics: [{ name: "a" }, { name: "b" }] }).metrics.map(({ name }) => name)).toEqual([
      "a",
      "b",
    ]);
  });

  it("is something, whatever the JSON is", () => {
    for (const odd of [null, 5, [], "x", { metrics: 5, tiles: [null, {}, 3], filters: {} }]) {
      expect(dashboardOf(odd)).toMatchObject({ title: "Dashboard", tiles: [] });
    }
  });

  it("names tiles that have no title", () => {
    const title = (tile: object) => titleOf(DASHBOARD, tile as never);
    expect(title({ type: "line", measure: "revenue", by: "country" })).toBe("Revenue by country");
    expect(title({ type: "heatmap", measure: "orders", x: "hour", y: "weekday" })).toBe("Orders by hour and weekday");
    expect(title({ type: "table", measures: ["revenue", "orders"], by: ["country", "hour"] })).toBe(
      "Revenue, Orders by country and hour",
    );
    expect(title({ type: "table", measures: ["revenue", "orders", "average_order"], by: "country" })).toBe(
      "By country",
    );
    expect(title({ type: "card", measure: "average_order" })).toBe("Average order");
    expect(title({ type: "card", measure: "nosuch", title: "Own" })).toBe("Own");
  });

  it("has widths within the grid", () => {
    expect(widthOf({ type: "card" })).toBe(3);
    expect(widthOf({ type: "line" })).toBe(12);
    expect(widthOf({ type: "line", width: 99 })).toBe(12);
  });

  it("has a label for names that it does not know", () => {
    expect(labelOfName("refund_rate")).toBe("Refund rate");
    expect(labelOfName("")).toBe("");
    expect(dimensionNamed(METRICS, "nosuch")).toEqual({ name: "nosuch", label: "Nosuch", column: "nosuch" });
  });
});
