/** Days as numbers, counted from 1970-01-01, and what lies between them; as src/query/period.cpp has it. */
import type { Grain } from "@canvasback/charts/timeAxis";

export type Unit = "day" | "week" | "month" | "quarter" | "year";

const DAY_MS = 86_400_000;
/** 0001-01-01 and 9999-12-31. */
export const FIRST_DAY = -719_162;
const LAST_DAY = 2_932_896;

interface Ymd {
  year: number;
  month: number;
  day: number;
}

function partsOf(day: number): Ymd {
  const date = new Date(day * DAY_MS);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** A month outside of 1 to 12 is one of another year. */
function numberOf(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return Math.round(date.getTime() / DAY_MS);
}

/** "2025-01-31"; null for what is no day. */
export function parseDay(text: unknown): number | null {
  const found = typeof text === "string" ? /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) : null;
  if (!found) return null;
  const [year = 0, month = 0, day = 0] = found.slice(1).map(Number);
  const number = numberOf(year, month, day);
  const parts = partsOf(number);
  return year >= 1 && parts.year === year && parts.month === month && parts.day === day ? number : null;
}

export function dayText(day: number): string {
  const { year, month, day: of } = partsOf(Math.min(Math.max(day, FIRST_DAY), LAST_DAY));
  return `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}-${String(of).padStart(2, "0")}`;
}

/** The same day of another month, or that month's last one. */
export function plusMonths(day: number, months: number): number {
  const { year, month, day: of } = partsOf(day);
  const last = partsOf(numberOf(year, month + months + 1, 0)).day;
  return numberOf(year, month + months, Math.min(of, last));
}

const MONTHS: Readonly<Record<string, number>> = { month: 1, quarter: 3, year: 12 };

export function plusUnits(day: number, unit: Unit, count: number): number {
  const months = MONTHS[unit];
  return months ? plusMonths(day, months * count) : day + count * (unit === "week" ? 7 : 1);
}

/** The first day of the week, month … that a day is in; `firstWeekday`: 1 is Monday. */
export function startOf(day: number, unit: Unit, firstWeekday: number): number {
  const { year, month } = partsOf(day);
  switch (unit) {
    case "week": {
      const weekday = ((((day + 3) % 7) + 7) % 7) + 1;
      return day - ((weekday + 7 - firstWeekday) % 7);
    }
    case "month":
      return numberOf(year, month, 1);
    case "quarter":
      return numberOf(year, Math.floor((month - 1) / 3) * 3 + 1, 1);
    case "year":
      return numberOf(year, 1, 1);
    default:
      return day;
  }
}

export const isFirstOfMonth = (day: number): boolean => partsOf(day).day === 1;

/** Months between the firsts of two months; 0 where one of the days is no first. */
export function wholeMonths(from: number, to: number): number {
  const [a, b] = [partsOf(from), partsOf(to)];
  return a.day === 1 && b.day === 1 ? (b.year - a.year) * 12 + b.month - a.month : 0;
}

export const WEEKDAYS = { monday: 1, saturday: 6, sunday: 7 } as const;

export const GRAINS: readonly Grain[] = ["hour", "day", "week", "month", "quarter", "year"];

/** The smallest grain from `smallest` on with at most so many buckets in so many days. */
export function grainFor(days: number, smallest: Grain, most: number): Grain {
  if (smallest === "hour" && days * 24 <= most) return "hour";
  const lengths = [["day", 1], ["week", 7], ["month", 30], ["quarter", 91]] as const; // prettier-ignore
  for (const [grain, length] of lengths) {
    const isOffered = GRAINS.indexOf(grain) >= GRAINS.indexOf(smallest);
    if (isOffered && Math.floor(days / length) <= most) return grain;
  }
  return "year";
}
