import { describe, expect, it } from "vitest";

import { SERIES_MAX, guessSeries, seriesOf } from "./series";

const days = ["2025-01-02", "2025-01-01", "2025-01-03"];
const rows = days.flatMap((x) => ["a", "b", null].map((series, i) => ({ x, y: i + Number(x.slice(-1)), series })));

describe("seriesOf", () => {
  it("draws a line for each value of the series column, in the order of the axis", () => {
    expect(seriesOf(rows, "sum", "time")).toEqual({
      places: ["2025-01-01", "2025-01-02", "2025-01-03"],
      series: [
        { name: "a", values: [1, 2, 3] },
        { name: "b", values: [2, 3, 4] },
        { name: "NULL", values: [3, 4, 5] },
      ],
      aggregated: false,
      left: 0,
    });
  });

  it("puts rows of one place together, and says that it did", () => {
    const one = rows.map((row) => ({ ...row, series: "all" }));
    const of = (how: "sum" | "mean" | "min" | "max" | "count") => seriesOf(one, how, "time").series[0]?.values;
    expect(of("sum")).toEqual([6, 9, 12]);
    expect(of("mean")).toEqual([2, 3, 4]);
    expect(of("min")).toEqual([1, 2, 3]);
    expect(of("max")).toEqual([3, 4, 5]);
    expect(of("count")).toEqual([3, 3, 3]);
    expect(seriesOf(one, "sum", "time").aggregated).toBe(true);
  });

  it("orders numbers by size, tells NULL from the text NULL, leaves gaps where nothing is", () => {
    const found = seriesOf(
      [
        { x: "10", y: 1, series: "a" },
        { x: "9", y: null, series: "a" },
        { x: null, y: 2, series: "a" },
        { x: "NULL", y: 3, series: "b" },
      ],
      "sum",
      "other",
    );
    expect(found.places).toEqual(["10", "9", '"NULL"', "NULL"]);
    expect(found.series[0]?.values).toEqual([1, null, null, 2]);
    expect(
      seriesOf(
        [10, 9].map((x) => ({ x: String(x), y: 1, series: null })),
        "sum",
        "number",
      ).places,
    ).toEqual(["9", "10"]);
  });

  it("keeps the series with the most rows and says how many are left out", () => {
    const many = Array.from({ length: 20 }, (_, i) => ({ x: "x", y: i, series: `s${i}` }));
    const found = seriesOf([...many, ...many.slice(15)], "sum", "other");
    expect(found.series).toHaveLength(SERIES_MAX);
    expect(found.left).toBe(8);
    expect(found.series.map(({ name }) => name)).toContain("s19");
  });
});

describe("guessSeries", () => {
  const x = rows.map((row) => row.x);
  it("finds the column that tells rows of one place apart", () => {
    const few = { index: 4, values: rows.map((row) => row.series) };
    expect(guessSeries(x, [{ index: 2, values: x.map(() => "same") }, few])).toBe(4);
    expect(guessSeries(["a", "b"], [few])).toBeNull();
    expect(guessSeries(x, [{ index: 2, values: x.map((_, i) => String(i % 2)) }])).toBeNull();
  });
});
