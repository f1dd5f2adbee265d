/** Periods: as they are written in files and addresses, and in words. Days are those of the time zone. */
import { dateText, momentOf } from "@canvasback/charts/timeAxis";
import type { Compare, PeriodSpec } from "./model";
import type { Span } from "./source";

export const PRESETS: readonly (readonly [period: string, words: string])[] = [
  ["last_7_days", "Last 7 days"],
  ["last_30_days", "Last 30 days"],
  ["last_90_days", "Last 90 days"],
  ["last_12_months", "Last 12 months"],
  ["this_month", "This month"],
  ["last_month", "Last month"],
  ["this_quarter", "This quarter"],
  ["last_quarter", "Last quarter"],
  ["this_year", "This year"],
  ["last_year", "Last year"],
  ["all", "All time"],
];

export const COMPARISONS: readonly (readonly [compare: Compare, words: string])[] = [
  ["previous_period", "Previous period"],
  ["year_before", "Year before"],
  ["none", "None"],
];

const DAY_MS = 86_400_000;
const RANGE = /^(\d{4}-\d\d-\d\d)?\.\.(\d{4}-\d\d-\d\d)?$/;

/** "2025-01-01..2025-04-01", the last day excluded, as in a file. */
export function periodText(period: PeriodSpec): string {
  return typeof period === "string" ? period : `${period.from ?? ""}..${period.to ?? ""}`;
}

export function periodFromText(text: string | undefined): PeriodSpec | undefined {
  if (!text) return undefined;
  const range = RANGE.exec(text);
  if (range) return { from: range[1] ?? null, to: range[2] ?? null };
  return /^[a-z]+(_[a-z0-9]+)*$/.test(text) ? text : undefined;
}

const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const MONTH = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric", timeZone: "UTC" });

const dayWords = (day: string): string => DATE.format(new Date(momentOf(day)));

/** "1 Jan 2025 – 31 Mar 2025"; whole months and single days in short. */
export function spanWords({ from, to }: Span): string {
  if (from === null && to === null) return "all time";
  const last = to === null ? null : dateText(momentOf(to) - DAY_MS);
  if (from === null) return `until ${dayWords(last ?? "")}`;
  if (to === null || last === null) return `from ${dayWords(from)}`;
  if (last === from) return dayWords(from);
  const isWhole = from.endsWith("-01") && to.endsWith("-01");
  if (!isWhole) return `${dayWords(from)} – ${dayWords(last)}`;
  const [first, end] = [MONTH.format(new Date(momentOf(from))), MONTH.format(new Date(momentOf(last)))];
  if (first === end) return first;
  const isYear =
    from.endsWith("-01-01") && to.endsWith("-01-01") && Number(to.slice(0, 4)) - Number(from.slice(0, 4)) === 1;
  return isYear ? from.slice(0, 4) : `${first} – ${end}`;
}

/** What a period is called: "Last 30 days", or its days. */
export function periodWords(period: PeriodSpec): string {
  if (typeof period !== "string") return spanWords({ from: period.from ?? null, to: period.to ?? null });
  const known = PRESETS.find(([name]) => name === period);
  if (known) return known[1];
  const words = period.replaceAll("_", " ");
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

/** What it is compared with, in a sentence about a change: "from 12 to 13, previous period". */
export function compareWords(compare: Compare, span: Span | null): string {
  const name = compare === "year_before" ? "year before" : "previous period";
  return span ? `${name} (${spanWords(span)})` : name;
}

/** The day after, so that a last day that is meant becomes one that is excluded. */
export function dayAfter(day: string): string {
  return dateText(momentOf(day) + DAY_MS);
}

export function dayBefore(day: string): string {
  return dateText(momentOf(day) - DAY_MS);
}
