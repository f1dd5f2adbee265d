/** Bars of a histogram as filters: which values are in them, as conditions. */
import type { ColumnProfile } from "@canvasback/client/api/schema";
import type { Condition } from "@canvasback/client/filters";
import { kindOf } from "@canvasback/values/typeKind";

export interface Bin {
  count: number;
  /** Of the profile's own bins, `end` exclusive. */
  first: number;
  end: number;
}

/** At most `most` bars, each of as many of the profile's bins. */
export function binsOf(counts: readonly number[], most: number): Bin[] {
  const size = Math.max(1, Math.ceil(counts.length / most));
  const bins: Bin[] = [];
  for (let first = 0; first < counts.length; first += size) {
    const end = Math.min(counts.length, first + size);
    bins.push({ first, end, count: counts.slice(first, end).reduce((sum, count) => sum + count, 0) });
  }
  return bins;
}

const INTEGER = /^U?(TINY|SMALL|BIG|HUGE)?INT/;
const DAY_MS = 86_400_000;
const isDated = (type: string): boolean => type === "DATE" || type.startsWith("TIMESTAMP");

/** Whether a range of the histogram can be filtered for. */
export function canBrush(profile: ColumnProfile): boolean {
  const { histogram, type } = profile;
  if (!histogram || histogram.counts.length < 2) return false;
  if (kindOf(type) === "number") return Number.isFinite(Number(histogram.from));
  return isDated(type) && !Number.isNaN(timeOf(histogram.from));
}

/** Milliseconds since 1970 of a date or time as the server writes it. */
function timeOf(value: unknown): number {
  const text = String(value);
  return Date.parse(/[TZ]/.test(text) ? (text.endsWith("Z") ? text : `${text}Z`) : `${text}T00:00:00Z`);
}

function timeText(ms: number, type: string): string {
  const text = new Date(ms).toISOString();
  if (type === "DATE") return text.slice(0, 10);
  return text.slice(0, 19) + (ms % 1000 === 0 ? "" : text.slice(19, 23)) + (type.includes("ZONE") ? "Z" : "");
}

interface Edges {
  at(bin: number): number;
  text(value: number): string;
  /** The step between values that are told apart; 0 where there is none. */
  step: number;
}

function edgesOf({ histogram, type }: ColumnProfile): Edges {
  const isTime = isDated(type);
  const from = isTime ? timeOf(histogram?.from) : Number(histogram?.from);
  const to = isTime ? timeOf(histogram?.to) : Number(histogram?.to);
  const count = histogram?.counts.length ?? 1;
  const at = (bin: number): number => from + ((to - from) * bin) / count;
  if (isTime) return { at, step: type === "DATE" ? DAY_MS : 0, text: (value) => timeText(Math.round(value), type) };
  if (INTEGER.test(type)) return { at, step: 1, text: (value) => BigInt(value).toString() };
  return { at, step: 0, text: (value) => String(Number(value.toPrecision(15))) };
}

/**
 * Conditions for the values in bins `first` to `end` (exclusive) of a profile: each bin begins with its lower edge, the
 * last one has the upper one too. Whole numbers and days are a range with both ends; others, to lose or repeat none at
 * an edge, two comparisons.
 */
export function rangeConditions(profile: ColumnProfile, first: number, end: number): Condition[] {
  const column = profile.name;
  const { at, text, step } = edgesOf(profile);
  const count = profile.histogram?.counts.length ?? 1;
  const isLast = end >= count;
  if (step > 0) {
    const from = Math.ceil(at(first) / step) * step;
    const to = isLast ? at(count) : Math.ceil(at(end) / step) * step - step;
    return [{ column, kind: "between", from: text(from), to: text(Math.max(from, to)) }];
  }
  if (isLast) {
    const to = String(profile.histogram?.to);
    return [{ column, kind: "between", from: text(at(first)), to }];
  }
  // The first bin begins with the least value, as it is written.
  const from = first === 0 ? String(profile.histogram?.from) : text(at(first));
  return [
    { column, kind: "compare", op: "ge", value: from },
    { column, kind: "compare", op: "lt", value: text(at(end)) },
  ];
}

/** A range in words: "10 … 20". */
export function rangeWords(profile: ColumnProfile, first: number, end: number): string {
  const { at, text, step } = edgesOf(profile);
  const exact = (value: number): string => text(step > 0 ? Math.ceil(value / step) * step : value);
  return `${exact(at(first))} … ${exact(at(end))}`;
}
