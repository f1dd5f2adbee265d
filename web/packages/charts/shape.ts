/** What the marks draw: figures at places. Knows neither dashboards nor where figures come from. */
import type { Digits, FigureFormat } from "@canvasback/values/figureText";

/** A place of a category axis. */
export interface Place {
  /** What is meant by it, for cross-filters; null is NULL. */
  key: string | null;
  label: string;
}

/** A place of a time axis, in the order of time. */
export interface TimePlace {
  /** Where it lies, in milliseconds. */
  at: number;
  /** What the calendar and clock of the time zone show then, counted as if that zone were UTC: what ticks go by. */
  local: number;
  label: string;
}

export interface FigureSeries {
  /** The value of the dimension that it stands for; undefined where it is the measure as a whole. */
  key?: string | null;
  name: string;
  /** By place; null where there is none. */
  figures: readonly Digits[];
  format: FigureFormat;
  /** Another period, drawn behind the others. */
  isComparison?: boolean;
  /** Its tone among the eight; without it the one of its place. */
  tone?: number;
  /** All values beyond those that have a series, together. */
  isOther?: boolean;
  /** Approximate: shown with ≈. */
  isApproximate?: boolean;
}

/** The tone of a series: of eight, in their order; all others share the last, a grey. */
export const TONES = 8;

export function toneOf(index: number, series?: FigureSeries): string {
  const tone = series?.tone ?? index;
  return tone < TONES && !series?.isOther ? `var(--chart-${tone + 1})` : "var(--chart-other)";
}
