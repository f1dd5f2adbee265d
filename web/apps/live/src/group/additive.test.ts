import { expect, it } from "vitest";

import { isAdditive, sumOf } from "./additive";

it("adds exact numbers to the digit", () => {
  expect(sumOf(["9223372036854775807", "9223372036854775807", null])).toBe("18446744073709551614");
  expect(sumOf(["0.10", "-0.25"])).toBe("-0.15");
  expect(sumOf(["-0.01", "0.01"])).toBe("0.00");
  expect(sumOf(["1.50", "-1.50", "12.34"])).toBe("12.34");
  expect(sumOf([null, null])).toBeNull();
  expect(sumOf([])).toBeNull();
});

it("takes counts and sums of exact numbers, nothing else", () => {
  const types = new Map(
    Object.entries({ i: "BIGINT", u: "UINTEGER", h: "HUGEINT", d: "DECIMAL(18,2)", f: "DOUBLE", s: "INTERVAL" }),
  );
  const takes = (name: "sum" | "count" | "mean" | "max" | "distinct", column: string | null): boolean =>
    isAdditive({ function: name, column }, types);
  expect(takes("count", null)).toBe(true);
  expect(takes("count", "f")).toBe(true);
  for (const column of ["i", "u", "h", "d"]) expect(takes("sum", column), column).toBe(true);
  for (const column of ["f", "s", "gone"]) expect(takes("sum", column), column).toBe(false);
  expect([takes("mean", "i"), takes("max", "i"), takes("distinct", "i")]).toEqual([false, false, false]);
});
