/**
 * Answers over time as places and series. Days without rows are places, too: sums and counts are zero there, and
 * averages have no figure. What is compared lies at the same distance from the beginning of its own period.
 */
import type { FigureSeries, TimePlace } from "@canvasback/charts/shape";
import { type Grain, momentOf, nextPlace, placeText, placesBetween } from "@canvasback/charts/timeAxis";
import type { Digits } from "@canvasback/values/figureText";
import { OTHER, digitsOf, dimensionText, keyOf } from "./labels";
import { type Dimension, type Measure, type Metrics, dimensionNamed, measureNamed } from "./model";
import type { Answer, AnsweredModel, Span, Value } from "./source";
import { localOf } from "./zone";

export interface TimeShape {
  grain: Grain;
  places: TimePlace[];
  series: FigureSeries[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIRST_DAY = { monday: 4, sunday: 3, saturday: 2 } as const;

/** The beginning of the place that a local moment is in. */
export function placeStart(local: number, grain: Grain, weekStart: Metrics["weekStart"]): number {
  const date = new Date(local);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  switch (grain) {
    case "hour":
      return Math.floor(local / HOUR_MS) * HOUR_MS;
    case "day":
      return Math.floor(local / DAY_MS) * DAY_MS;
    case "week": {
      // 1970-01-01 was a Thursday.
      const shift = FIRST_DAY[weekStart] * DAY_MS;
      return Math.floor((local - shift) / (7 * DAY_MS)) * 7 * DAY_MS + shift;
    }
    case "month":
      return Date.UTC(year, month, 1);
    case "quarter":
      return Date.UTC(year, month - (month % 3), 1);
    case "year":
      return Date.UTC(year, 0, 1);
  }
}

/** Of a time of an answer, where it lies: days and longer by their name, hours as instants. */
function atOf(value: Value | undefined): number {
  if (typeof value !== "string") return NaN;
  return value.endsWith("Z") ? Date.parse(value) : momentOf(value);
}

interface Range {
  span: Span | null;
  newest: string | null;
  zone: string;
  weekStart: Metrics["weekStart"];
}

/** Places of a period, in milliseconds: from its first day to its last, but not beyond the newest row. */
function placesOf(times: readonly number[], grain: Grain, range: Range): number[] {
  const known = times.filter((at) => !Number.isNaN(at));
  if (known.length === 0) return [];
  const first = Math.min(...known);
  const last = Math.max(...known);
  if (grain === "hour") {
    const all = new Set(known);
    for (const at of placesBetween(first, last, "hour")) all.add(at);
    return [...all].sort((a, b) => a - b);
  }
  const { span, newest, zone, weekStart } = range;
  const start = (at: number): number => placeStart(at, grain, weekStart);
  const from = span?.from ? Math.min(first, start(momentOf(span.from))) : first;
  const newestAt = newest === null ? NaN : Date.parse(newest);
  const end = span?.to ? start(momentOf(span.to) - 1) : last;
  const to = Number.isNaN(newestAt) ? end : Math.min(end, start(localOf(newestAt, zone)));
  return placesBetween(from, Math.max(last, to), grain);
}

const isGrain = (text: string | undefined): text is Grain =>
  text !== undefined && ["hour", "day", "week", "month", "quarter", "year"].includes(text);

/** What there is on a day without rows. */
const nothingOf = ({ agg }: Measure): Digits => (agg === "count" || agg === "sum" || agg === "distinct" ? "0" : null);

function figuresOf(
  rows: readonly (readonly Value[])[],
  column: number,
  places: readonly number[],
  measure: Measure,
): Digits[] {
  const byTime = new Map(rows.map((row) => [atOf(row[0]), digitsOf(row[column])]));
  return places.map((at) => byTime.get(at) ?? nothingOf(measure));
}

/** Rows of each value of the dimension, the value with the largest figures first. */
function groupsOf(answer: Answer, at: number, column: number): [string | null, (readonly Value[])[]][] {
  const groups = new Map<string | null, (readonly Value[])[]>();
  for (const row of answer.rows) {
    const key = keyOf(row[at]);
    const rows = groups.get(key) ?? [];
    groups.set(key, rows);
    rows.push(row);
  }
  const size = (rows: readonly (readonly Value[])[]): number =>
    rows.reduce((sum, row) => sum + Math.abs(Number(row[column]) || 0), 0);
  return [...groups].sort(([, a], [, b]) => size(b) - size(a));
}

export interface TimeContext {
  metrics: Metrics | undefined;
  model: AnsweredModel | undefined;
  /** What the comparison is called. */
  compareName: string;
}

function bySeries(
  answer: Answer,
  dimension: Dimension,
  at: number,
  places: readonly number[],
  measure: Measure,
  column: number,
): FigureSeries[] {
  const isApproximate = answer.columns[column]?.error !== undefined;
  const { format } = measure;
  const series: FigureSeries[] = groupsOf(answer, at, column).map(([key, rows]) => ({
    key,
    name: dimensionText(dimension, key),
    figures: figuresOf(rows, column, places, measure),
    format,
    isApproximate,
  }));
  if (answer.other && answer.other.length > 0) {
    series.push({
      name: OTHER,
      figures: figuresOf(answer.other, column, places, measure),
      format,
      isApproximate,
      isOther: true,
    });
  }
  return series;
}

export function timeShapeOf(answer: Answer, context: TimeContext): TimeShape | null {
  const { metrics, model } = context;
  if (!isGrain(answer.grain)) return null;
  const { grain, columns } = answer;
  const zone = model?.timezone ?? "UTC";
  const range = { newest: model?.newest ?? null, zone, weekStart: metrics?.weekStart ?? "monday" } as const;
  const times = [...answer.rows, ...(answer.other ?? [])].map((row) => atOf(row[0]));
  const places = placesOf(times, grain, { ...range, span: model?.period ?? null });
  const measures = columns.flatMap((column, at) => (column.role === "measure" ? [{ column, at }] : []));
  const dimensionAt = columns.findIndex(({ role }) => role === "dimension");
  const series: FigureSeries[] = [];
  if (dimensionAt >= 0 && measures[0]) {
    const dimension = dimensionNamed(metrics, columns[dimensionAt]!.name);
    const measure = measureNamed(metrics, measures[0].column.name);
    series.push(...bySeries(answer, dimension, dimensionAt, places, measure, measures[0].at));
  } else {
    const before = placesOf(
      (answer.compare ?? []).map((row) => atOf(row[0])),
      grain,
      { ...range, span: model?.compare ?? null },
    );
    for (const { column, at } of measures) {
      const measure = measureNamed(metrics, column.name);
      const common = { format: measure.format, isApproximate: column.error !== undefined };
      series.push({ ...common, name: measure.label, figures: figuresOf(answer.rows, at, places, measure) });
      if (answer.compare && measures.length === 1) {
        const figures = figuresOf(answer.compare, at, before, measure);
        const shown = places.map((_, index) => figures[index] ?? null);
        series.push({ ...common, name: context.compareName, figures: shown, isComparison: true });
      }
    }
  }
  return { grain, places: places.map((at) => timePlace(at, grain, zone)), series };
}

function timePlace(at: number, grain: Grain, zone: string): TimePlace {
  const local = grain === "hour" ? localOf(at, zone) : at;
  return { at, local, label: placeText(local, grain) };
}

/** The days from one place to another, both included, as a period. */
export function spanOfPlaces(from: TimePlace, to: TimePlace, grain: Grain): Span {
  const day = (local: number): string => new Date(local).toISOString().slice(0, 10);
  const first = Math.floor(from.local / DAY_MS) * DAY_MS;
  const end = grain === "hour" ? Math.floor(to.local / DAY_MS) * DAY_MS + DAY_MS : nextPlace(to.local, grain);
  return { from: day(first), to: day(end) };
}

/** Figures of a spark line. */
export function sparkOf(answer: Answer, measure: Measure, context: TimeContext): Digits[] {
  const { spark } = answer;
  if (!spark || !isGrain(spark.grain)) return [];
  const range: Range = {
    span: context.model?.period ?? null,
    newest: context.model?.newest ?? null,
    zone: context.model?.timezone ?? "UTC",
    weekStart: context.metrics?.weekStart ?? "monday",
  };
  const places = placesOf(
    spark.rows.map((row) => atOf(row[0])),
    spark.grain,
    range,
  );
  return figuresOf(spark.rows, 1, places, measure);
}
