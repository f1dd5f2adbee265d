import { describe, expect, it } from "vitest";

import { dayText, grainFor, parseDay, plusMonths, startOf } from "./days";
import { comparedDays, daysOf, spanOf, wishOf } from "./periods";

const LAST = parseDay("2025-12-31")!;
const days = (spec: Parameters<typeof wishOf>[0], last = LAST, first = 1) =>
  spanOf(daysOf(wishOf(spec), last, first));
const before = (spec: Parameters<typeof wishOf>[0], compare: "previous_period" | "year_before", last = LAST) => {
  const wish = wishOf(spec);
  const found = comparedDays(wish, daysOf(wish, last, 1), compare);
  return found && spanOf(found);
};
const span = (from: string | null, to: string | null) => ({ from, to });

describe("periods end with the last day", () => {
  it.each([
    ["today", span("2025-12-31", "2026-01-01")],
    ["yesterday", span("2025-12-30", "2025-12-31")],
    ["this_week", span("2025-12-29", "2026-01-01")],
    ["this_month", span("2025-12-01", "2026-01-01")],
    ["this_quarter", span("2025-10-01", "2026-01-01")],
    ["last_month", span("2025-11-01", "2025-12-01")],
    ["last_year", span("2024-01-01", "2025-01-01")],
    ["last_30_days", span("2025-12-02", "2026-01-01")],
    ["last_12_months", span("2025-01-01", "2026-01-01")],
    ["all", span(null, null)],
  ])("%s", (spec, found) => expect(days(spec)).toEqual(found));

  it("in the middle of a month, and of a week that begins on Sunday", () => {
    expect(days("last_1_months", parseDay("2025-03-30")!)).toEqual(span("2025-02-28", "2025-03-31"));
    expect(days("this_week", parseDay("2025-12-31")!, 7)).toEqual(span("2025-12-28", "2026-01-01"));
    expect(days("this_week", parseDay("2025-12-31")!, 6)).toEqual(span("2025-12-27", "2026-01-01"));
  });
});

it("compares with as many days, whole months with whole months", () => {
  expect(before("last_30_days", "previous_period")).toEqual(span("2025-11-02", "2025-12-02"));
  expect(before("this_month", "previous_period", parseDay("2025-03-30")!)).toEqual(span("2025-02-01", "2025-03-01"));
  expect(before({ from: "2025-01-01", to: "2025-04-01" }, "previous_period")).toEqual(
    span("2024-10-01", "2025-01-01"),
  );
  expect(before({ from: "2025-01-02", to: "2025-01-12" }, "previous_period")).toEqual(
    span("2024-12-23", "2025-01-02"),
  );
  expect(before({ from: "2024-02-29", to: "2024-03-01" }, "year_before")).toEqual(span("2023-02-28", "2023-03-01"));
  expect(before("all", "previous_period")).toBeNull();
});

it("refuses what is no period", () => {
  for (const spec of ["last_0_days", "last_week_days", "", "next_week", { from: "2025-02-30" }]) {
    expect(() => days(spec), JSON.stringify(spec)).toThrow();
  }
  expect(() => days({ from: "2025-02-02", to: "2025-02-02" })).toThrow(/before it ends/);
});

it("counts days of any year", () => {
  for (const text of ["0001-01-01", "1969-12-31", "2000-02-29", "9999-12-31"])
    expect(dayText(parseDay(text)!)).toBe(text);
  expect(parseDay("2025-02-29")).toBeNull();
  expect(dayText(plusMonths(parseDay("2024-01-31")!, 1))).toBe("2024-02-29");
  expect(dayText(startOf(parseDay("1969-12-31")!, "week", 1))).toBe("1969-12-29");
});

it("chooses a grain that fits", () => {
  expect([30, 150, 151, 1057, 1200, 5000].map((length) => grainFor(length, "day", 150))).toEqual([
    "day", "day", "week", "month", "month", "quarter",
  ]); // prettier-ignore
  expect(grainFor(6, "hour", 150)).toBe("hour");
});
