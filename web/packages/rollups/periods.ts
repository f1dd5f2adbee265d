/** What periods stand for, once it is known which day the last one is; the twin of src/query/period.cpp. */
import type { Compare, PeriodSpec } from "@canvasback/dashboards/model";
import type { Span } from "@canvasback/dashboards/source";

import { FIRST_DAY, type Unit, dayText, parseDay, plusMonths, plusUnits, startOf, wholeMonths } from "./days";

/** from ≤ day < to; null: no bound. */
export interface DayRange {
  from: number | null;
  to: number | null;
}

export type PeriodWish =
  | { kind: "all" }
  | { kind: "this" | "last"; unit: Unit }
  | { kind: "count"; unit: Unit; count: number }
  | { kind: "range"; range: DayRange };

const COUNT_MAX = 100_000;
const UNITS: Readonly<Record<string, Unit>> = { days: "day", weeks: "week", months: "month", years: "year" };

const expected = (): Error =>
  new Error("A period must be one of docs/dashboards.md, as last_30_days, or {from, to} with days as 2025-01-31.");

function rangeOf(spec: { from?: string | null; to?: string | null }): PeriodWish {
  const dayOf = (text: string | null | undefined): number | null => {
    if (text === null || text === undefined) return null;
    const day = parseDay(text);
    if (day === null) throw expected();
    return day;
  };
  const range = { from: dayOf(spec.from), to: dayOf(spec.to) };
  if (range.from !== null && range.to !== null && range.from >= range.to) {
    throw new Error('A period must begin before it ends: "to" is the day behind the last one.');
  }
  return { kind: "range", range };
}

export function wishOf(spec: PeriodSpec): PeriodWish {
  if (typeof spec !== "string") return rangeOf(spec);
  if (spec === "all") return { kind: "all" };
  if (spec === "today") return { kind: "this", unit: "day" };
  if (spec === "yesterday") return { kind: "last", unit: "day" };
  const named = /^(this|last)_(week|month|quarter|year)$/.exec(spec);
  if (named) return { kind: named[1] as "this" | "last", unit: named[2] as Unit };
  const counted = /^last_(\d+)_(days|weeks|months|years)$/.exec(spec);
  const count = Number(counted?.[1] ?? 0);
  if (!counted || count < 1 || count > COUNT_MAX) throw expected();
  return { kind: "count", unit: UNITS[counted[2]!]!, count };
}

/** `lastDay`: today, or the day of the newest row. */
export function daysOf(wish: PeriodWish, lastDay: number, firstWeekday: number): DayRange {
  const end = lastDay + 1;
  switch (wish.kind) {
    case "all":
      return { from: null, to: null };
    case "range":
      return wish.range;
    case "this":
      return { from: startOf(lastDay, wish.unit, firstWeekday), to: end };
    case "last": {
      const start = startOf(lastDay, wish.unit, firstWeekday);
      return { from: plusUnits(start, wish.unit, -1), to: start };
    }
    case "count":
      return { from: Math.max(plusUnits(end, wish.unit, -wish.count), FIRST_DAY), to: end };
  }
}

/** The days that these are compared with; null where there are none. */
export function comparedDays(wish: PeriodWish, days: DayRange, compare: Compare): DayRange | null {
  const { from, to } = days;
  if (compare === "none" || from === null || to === null) return null;
  if (compare === "year_before") return { from: plusMonths(from, -12), to: plusMonths(to, -12) };
  switch (wish.kind) {
    // As many days of the one before.
    case "this": {
      const start = plusUnits(from, wish.unit, -1);
      return { from: start, to: Math.min(start + to - from, from) };
    }
    case "last":
      return { from: plusUnits(from, wish.unit, -1), to: from };
    case "count":
      return { from: plusUnits(from, wish.unit, -wish.count), to: from };
    default: {
      const months = wholeMonths(from, to);
      return months > 0 ? { from: plusMonths(from, -months), to: from } : { from: 2 * from - to, to: from };
    }
  }
}

export const spanOf = (days: DayRange): Span => ({
  from: days.from === null ? null : dayText(days.from),
  to: days.to === null ? null : dayText(days.to),
});
