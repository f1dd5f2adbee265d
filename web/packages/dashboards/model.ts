/**
 * A dashboard as JSON: the keys of its file (docs/dashboards.md). The server has checked it; what is read here is
 * brought into one form, and what is not known is left alone.
 */
import type { FigureFormat } from "@canvasback/values/figureText";
import type { Grain } from "@canvasback/charts/timeAxis";

export type Scalar = string | number | boolean | null;
/** Values, what is not one of them, or a range (the end excluded). */
export type Filter = readonly Scalar[] | { not: readonly Scalar[] } | { from?: Scalar; to?: Scalar };
export type PeriodSpec = string | { from?: string | null; to?: string | null };
export type Compare = "previous_period" | "year_before" | "none";
export type Aggregate = "count" | "sum" | "min" | "max" | "average" | "distinct" | "quantile" | "ratio";
export type Part = "hour" | "weekday" | "day" | "month" | "quarter" | "year";

export interface Dimension {
  name: string;
  label: string;
  description?: string;
  column?: string;
  expression?: string;
  part?: Part;
  grain?: Grain;
  bins?: number[];
  top?: number;
}

/** Which rows count: by column of a measure's, by dimension of a tile's. */
export type Where = Readonly<Record<string, Filter>>;

export interface Measure {
  name: string;
  label: string;
  description?: string;
  agg: Aggregate;
  of?: string | [string, string];
  where?: Where;
  format: FigureFormat;
  unit?: string;
  good: "up" | "down" | "neutral";
}

export interface Metrics {
  name: string;
  source: string | null;
  time: string | null;
  sourceTimezone: string;
  weekStart: "monday" | "sunday" | "saturday";
  grain: Grain;
  dimensions: readonly Dimension[];
  measures: readonly Measure[];
}

export type TileType =
  | "card"
  | "line"
  | "area"
  | "bar"
  | "table"
  | "pivot"
  | "cohort"
  | "heatmap"
  | "funnel"
  | "histogram"
  | "map"
  | "text";

export interface Tile {
  type: TileType;
  title?: string;
  description?: string;
  metrics?: string;
  measure?: string;
  measures?: string[];
  by?: string | string[];
  rows?: string;
  columns?: string;
  x?: string;
  y?: string;
  grain?: Grain;
  sort?: string;
  limit?: number;
  stacked?: boolean;
  compare?: Compare;
  where?: unknown;
  spark?: Grain | boolean;
  text?: string;
  width?: number;
  height?: number;
}

export interface Dashboard {
  title: string;
  description: string;
  metrics: readonly Metrics[];
  period: PeriodSpec;
  compare: Compare;
  filters: readonly string[];
  refreshSeconds: number | null;
  tiles: readonly Tile[];
}

const GRAINS: readonly Grain[] = ["hour", "day", "week", "month", "quarter", "year"];
export const DEFAULT_PERIOD = "last_30_days";

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);

/** "average_order" → "Average order". */
export function labelOfName(name: string): string {
  const words = name.replaceAll("_", " ").trim();
  return words === "" ? name : words[0]!.toUpperCase() + words.slice(1);
}

function withText<T extends object>(into: T, from: Json, ...names: (keyof T & string)[]): T {
  for (const name of names) if (typeof from[name] === "string") Object.assign(into, { [name]: from[name] });
  return into;
}

function dimensionOf(given: unknown): Dimension[] {
  if (typeof given === "string") return [{ name: given, label: labelOfName(given), column: given }];
  if (!isObject(given) || typeof given.name !== "string") return [];
  const { name } = given;
  const made = withText<Dimension>(
    { name, label: textOf(given.label) ?? labelOfName(name) },
    given,
    "description",
    "column",
    "expression",
    "part",
    "grain",
  );
  if (Array.isArray(given.bins)) made.bins = given.bins.map(Number);
  if (typeof given.top === "number") made.top = given.top;
  const isOwn = made.column ?? made.expression ?? made.part ?? made.grain ?? made.bins;
  if (isOwn === undefined) made.column = name;
  return [made];
}

function formatOf(given: Json, agg: string): FigureFormat {
  const kind = textOf(given.format) ?? "number";
  const currency = textOf(given.currency);
  if (kind === "currency") return currency ? { kind, currency } : { kind };
  if (kind === "percent" || kind === "duration" || kind === "bytes") return { kind };
  if (agg === "count" || agg === "distinct") return { kind: "integer" };
  return typeof given.scale === "number" ? { kind: "number", decimals: given.scale } : { kind: "number" };
}

/** As a file has it: one value, a list, {not: …} or {from, to}. */
export function whereOf(given: unknown): Where {
  if (!isObject(given)) return {};
  const entries = Object.entries(given).map(([name, value]): [string, Filter] => {
    if (Array.isArray(value)) return [name, value as Scalar[]];
    if (!isObject(value)) return [name, [value as Scalar]];
    if ("not" in value)
      return [name, { not: Array.isArray(value.not) ? (value.not as Scalar[]) : [value.not as Scalar] }];
    return [name, value as { from?: Scalar; to?: Scalar }];
  });
  return Object.fromEntries(entries);
}

function measureOf(given: unknown): Measure[] {
  if (!isObject(given) || typeof given.name !== "string") return [];
  const { name } = given;
  const agg = textOf(given.agg) ?? "count";
  const good = given.good === "down" || given.good === "neutral" ? given.good : "up";
  const made = withText<Measure>(
    {
      name,
      label: textOf(given.label) ?? labelOfName(name),
      agg: agg as Aggregate,
      format: formatOf(given, agg),
      good,
    },
    given,
    "description",
    "unit",
  );
  if (given.of !== undefined) made.of = given.of as string | [string, string];
  if (given.where !== undefined) made.where = whereOf(given.where);
  return [made];
}

function metricsOf(given: unknown): Metrics[] {
  if (!isObject(given)) return [];
  const weekStart = given.week_start === "sunday" || given.week_start === "saturday" ? given.week_start : "monday";
  return [
    {
      name: textOf(given.name) ?? "",
      source: textOf(given.source) ?? null,
      time: textOf(given.time) ?? null,
      sourceTimezone: textOf(given.source_timezone) ?? "UTC",
      weekStart,
      grain: GRAINS.find((grain) => grain === given.grain) ?? "day",
      dimensions: listOf(given.dimensions).flatMap(dimensionOf),
      measures: listOf(given.measures).flatMap(measureOf),
    },
  ];
}

function tileOf(given: unknown): Tile[] {
  return isObject(given) && typeof given.type === "string" ? [given as unknown as Tile] : [];
}

/** Of the JSON of a file. */
export function dashboardOf(document: unknown): Dashboard {
  const given = isObject(document) ? document : {};
  const metrics = listOf(given.metrics).flatMap(metricsOf);
  const filters = Array.isArray(given.filters)
    ? given.filters.filter((name): name is string => typeof name === "string")
    : (metrics[0]?.dimensions ?? []).map(({ name }) => name);
  const compare = given.compare === "previous_period" || given.compare === "year_before" ? given.compare : "none";
  return {
    title: textOf(given.title) ?? "Dashboard",
    description: textOf(given.description) ?? "",
    metrics,
    period:
      isObject(given.period) || typeof given.period === "string" ? (given.period as PeriodSpec) : DEFAULT_PERIOD,
    compare,
    filters,
    refreshSeconds: typeof given.refresh_s === "number" ? given.refresh_s : null,
    tiles: listOf(given.tiles).flatMap(tileOf),
  };
}

export function metricsOfTile(dashboard: Dashboard, tile: Tile): Metrics | undefined {
  const { metrics } = dashboard;
  return tile.metrics === undefined ? metrics[0] : metrics.find(({ name }) => name === tile.metrics);
}

export const measuresOfTile = (tile: Tile): string[] => tile.measures ?? (tile.measure ? [tile.measure] : []);
export const dimensionsOfTile = (tile: Tile): string[] =>
  [...listOf(tile.by), tile.rows, tile.columns, tile.x, tile.y].filter(
    (name): name is string => typeof name === "string",
  );

export function measureNamed(metrics: Metrics | undefined, name: string): Measure {
  return (
    metrics?.measures.find((each) => each.name === name) ?? {
      name,
      label: labelOfName(name),
      agg: "count",
      format: { kind: "number" },
      good: "up",
    }
  );
}

export function dimensionNamed(metrics: Metrics | undefined, name: string): Dimension {
  return metrics?.dimensions.find((each) => each.name === name) ?? { name, label: labelOfName(name), column: name };
}

/** What the tile is called where its file does not say. */
export function titleOf(dashboard: Dashboard, tile: Tile): string {
  if (tile.title !== undefined) return tile.title;
  const metrics = metricsOfTile(dashboard, tile);
  const measures = measuresOfTile(tile).map((name) => measureNamed(metrics, name).label);
  const dimensions = dimensionsOfTile(tile).map((name) => dimensionNamed(metrics, name).label.toLowerCase());
  if (tile.type === "text") return "";
  if (tile.type === "funnel") return measures.length > 1 ? `${measures[0]} to ${measures.at(-1)!.toLowerCase()}` : "";
  // A table says in its head what it is of.
  if (tile.type === "table" && measures.length > 2 && dimensions.length > 0) return `By ${dimensions.join(" and ")}`;
  const what = measures.length > 3 ? `${measures.slice(0, 2).join(", ")} and more` : measures.join(", ");
  return dimensions.length > 0 ? `${what} by ${dimensions.join(" and ")}` : what;
}

/** Of 12 columns. */
export function widthOf(tile: Tile): number {
  return Math.min(12, Math.max(1, tile.width ?? (tile.type === "card" ? 3 : 12)));
}

/** Whether the tile's numbers are over time. */
export function isOverTime(tile: Tile): boolean {
  return tile.type === "line" || tile.type === "area" || (tile.type === "bar" && tile.grain !== undefined);
}

/** Grains to choose from, the smallest one that the metrics offer first. */
export function grainsOf(metrics: Metrics | undefined): Grain[] {
  return GRAINS.slice(GRAINS.indexOf(metrics?.grain ?? "day"));
}
