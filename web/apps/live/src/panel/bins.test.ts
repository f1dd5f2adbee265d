import { describe, expect, it } from "vitest";

import type { ColumnProfile } from "@canvasback/client/api/schema";
import { binsOf, canBrush, rangeConditions, rangeWords } from "./bins";

const profile = (type: string, from: unknown, to: unknown, counts: number[]): ColumnProfile =>
  ({ name: "c", type, count: 1, nulls: 0, histogram: { from, to, counts, exact: true } }) as never;

describe("bars of a histogram", () => {
  it("are merged to as many as there is room for", () => {
    expect(binsOf([1, 2, 3, 4, 5], 2)).toEqual([
      { first: 0, end: 3, count: 6 },
      { first: 3, end: 5, count: 9 },
    ]);
    expect(binsOf([1, 2], 28)).toHaveLength(2);
  });

  it("hold their lower edge, the last one both", () => {
    const whole = profile("BIGINT", 0, 10, [1, 1, 1, 1]);
    expect(rangeConditions(whole, 0, 1)).toEqual([{ column: "c", kind: "between", from: "0", to: "2" }]);
    expect(rangeConditions(whole, 1, 3)).toEqual([{ column: "c", kind: "between", from: "3", to: "7" }]);
    expect(rangeConditions(whole, 2, 4)).toEqual([{ column: "c", kind: "between", from: "5", to: "10" }]);
    const real = profile("DOUBLE", 0.1, 1.1, [1, 1]);
    expect(rangeConditions(real, 0, 1)).toEqual([
      { column: "c", kind: "compare", op: "ge", value: "0.1" },
      { column: "c", kind: "compare", op: "lt", value: "0.6" },
    ]);
    expect(rangeConditions(real, 1, 2)).toEqual([{ column: "c", kind: "between", from: "0.6", to: "1.1" }]);
  });

  it("are days and times as the server writes them", () => {
    const days = profile("DATE", "2021-01-01", "2021-01-11", [1, 1]);
    expect(rangeConditions(days, 0, 1)).toEqual([
      { column: "c", kind: "between", from: "2021-01-01", to: "2021-01-05" },
    ]);
    const times = profile("TIMESTAMP", "2021-01-01T00:00:00", "2021-01-01T00:00:01", [1, 1]);
    expect(rangeConditions(times, 0, 1)[1]).toMatchObject({ op: "lt", value: "2021-01-01T00:00:00.500" });
    const zoned = profile("TIMESTAMP WITH TIME ZONE", "2021-01-01T00:00:00Z", "2021-01-01T02:00:00Z", [1, 1]);
    expect(rangeWords(zoned, 0, 1)).toBe("2021-01-01T00:00:00Z … 2021-01-01T01:00:00Z");
  });

  it("can be filtered for where their edges are known", () => {
    expect(canBrush(profile("BIGINT", 0, 1, [1, 1]))).toBe(true);
    expect(canBrush(profile("DOUBLE", "NaN", "NaN", [1, 1]))).toBe(false);
    expect(canBrush(profile("TIME", "00:00:00", "01:00:00", [1, 1]))).toBe(false);
    expect(canBrush(profile("DATE", "0044-03-15 (BC)", "2021-01-01", [1, 1]))).toBe(false);
  });
});
