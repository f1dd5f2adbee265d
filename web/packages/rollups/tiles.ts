/**
 * What a tile asks, with the filters and choices of a question; the twin of src/query/dashboard_reader.cpp and
 * metrics_query.cpp. The document was checked when the site was published; what a reader changes is checked here.
 */
import type { Grain } from "@canvasback/charts/timeAxis";
import { type Compare, whereOf } from "@canvasback/dashboards/model";
import type { Question } from "@canvasback/dashboards/source";

import type { Condition } from "./conditions";
import type { SiteModel, SitePage } from "./contract";
import { GRAINS } from "./days";

export interface MetricsQuery {
  model: SiteModel;
  measures: string[];
  dimensions: string[];
  /** "fits": one that fits the period. */
  grain: Grain | "fits" | null;
  smallest: Grain;
  spark: Grain | null;
  compare: Compare;
  sort: string;
  isDescending: boolean;
  limit: number | null;
  offset: number;
  hasRest: boolean;
  hasTotal: boolean;
  search: string;
  where: Condition[];
  unusedFilters: string[];
  /** Dimensions have an order of their own: hours, months, bins. */
  isInOrder: boolean;
}

type Json = Record<string, unknown>;

export const GROUPS_MAX = 50_000;
const TABLE_ROWS = 50;
const SERIES = 8;
const BARS = 20;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const texts = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((each): each is string => typeof each === "string");

/** Metrics of the document, in the order of the page's models. */
export function metricsOf(page: SitePage): Json[] {
  const { metrics } = page.document;
  return (Array.isArray(metrics) ? metrics : [metrics]).filter(isObject);
}

const grainOf = (value: unknown): Grain | null => GRAINS.find((grain) => grain === value) ?? null;

function changedTile(tile: Json, changes: Json): Json {
  const isOther = "measure" in changes || "measures" in changes;
  const kept = Object.entries(tile).filter(([key]) => !(isOther && (key === "measure" || key === "measures")));
  const { tile: _, ...own } = changes;
  return { ...Object.fromEntries(kept), ...own };
}

function tileOf(page: SitePage, item: Question["tiles"][number]): { number: number | null; tile: Json } {
  const tiles = Array.isArray(page.document.tiles) ? (page.document.tiles as Json[]) : [];
  if (typeof item !== "number" && !("tile" in item)) return { number: null, tile: item as unknown as Json };
  const number = typeof item === "number" ? item : item.tile;
  const tile = tiles[number];
  if (!isObject(tile)) throw new Error(`The dashboard has ${tiles.length} tiles.`);
  return { number, tile: typeof item === "number" ? tile : changedTile(tile, item as unknown as Json) };
}

function dimensionsOf(tile: Json): string[] {
  const { type } = tile;
  if (type === "pivot" || type === "cohort") return [...texts(tile.rows), ...texts(tile.columns)];
  return type === "heatmap" ? [...texts(tile.x), ...texts(tile.y)] : texts(tile.by);
}

function sparkOf(tile: Json, smallest: Grain, hasTime: boolean): Grain | null {
  if (tile.type !== "card" || tile.spark === false || !hasTime) return null;
  const given = grainOf(tile.spark);
  return given ?? (smallest === "hour" ? "day" : smallest);
}

const compareOf = (value: unknown): Compare | null =>
  value === "previous_period" || value === "year_before" || value === "none" ? value : null;

interface Limits {
  limit: number | null;
  hasRest: boolean;
  hasTotal: boolean;
}

function limitsOf(tile: Json, dimensions: readonly string[], top: number, hasTime: boolean): Limits {
  const given = typeof tile.limit === "number" ? tile.limit : null;
  const offset = typeof tile.offset === "number" ? tile.offset : 0;
  if (dimensions.length === 0) return { limit: null, hasRest: false, hasTotal: false };
  if (tile.type === "line" || tile.type === "area" || tile.type === "bar") {
    const limit = given ?? (hasTime ? SERIES : BARS);
    return { limit: top > 0 ? Math.min(limit, top) : limit, hasRest: true, hasTotal: false };
  }
  if (tile.type === "table") {
    const limit = given ?? TABLE_ROWS;
    const shown = top > 0 ? Math.min(Math.max(top - offset, 0), limit) : limit;
    return { limit: shown, hasRest: top > 0 && offset === 0, hasTotal: true };
  }
  return { limit: given ?? GROUPS_MAX, hasRest: false, hasTotal: false };
}

/** Null of a text. Errors: what a reader's choice is not of this tile. */
export function queryOf(
  page: SitePage,
  item: Question["tiles"][number],
  question: Pick<Question, "compare" | "filters">,
): { number: number | null; query: MetricsQuery | null } {
  const { number, tile } = tileOf(page, item);
  if (tile.type === "text") return { number, query: null };
  const all = metricsOf(page);
  const at = tile.metrics === undefined ? 0 : all.findIndex(({ name }) => name === tile.metrics);
  const metrics = all[at];
  const model = page.models.find(({ name }) => name === ((metrics?.name as string | undefined) ?? ""));
  if (!metrics || !model) throw new Error("The tile's metrics are not in this published site.");
  const measures = texts(tile.measures ?? tile.measure);
  const dimensions = dimensionsOf(tile);
  for (const name of measures) if (!model.measures[name]) throw new Error(`There is no measure “${name}”.`);
  for (const name of dimensions) if (!model.dimensions[name]) throw new Error(`There is no dimension “${name}”.`);
  const hasTime = typeof metrics.time === "string" && metrics.time !== "";
  const smallest = grainOf(metrics.grain) ?? "day";
  const isOverTime = tile.type === "line" || tile.type === "area";
  const given = grainOf(tile.grain);
  const grain = given ?? (isOverTime && hasTime ? "fits" : null);
  const own = new Map(
    (Array.isArray(metrics.dimensions) ? metrics.dimensions : []).filter(isObject).map((each) => [each.name, each]),
  );
  const top = dimensions.length === 1 ? Number(own.get(dimensions[0]!)?.top ?? 0) : 0;
  const sort = typeof tile.sort === "string" ? tile.sort : "";
  const isDescending = sort.startsWith("-");
  const canCompare = ["card", "table", "line", "area", "bar"].includes(String(tile.type));
  const usual = tile.type === "card" || tile.type === "table" ? compareOf(page.document.compare) : null;
  const compare = compareOf(question.compare) ?? compareOf(tile.compare) ?? usual ?? "none";
  const conditions = Object.entries(whereOf(tile.where)).map(([dimension, filter]) => ({ dimension, filter }));
  const filters = Object.entries(question.filters).map(([dimension, filter]) => ({ dimension, filter }));
  return {
    number,
    query: {
      model,
      measures,
      dimensions,
      grain,
      smallest,
      spark: sparkOf(tile, smallest, hasTime),
      compare: canCompare && hasTime ? compare : "none",
      sort: isDescending ? sort.slice(1) : sort,
      isDescending,
      ...limitsOf(tile, dimensions, top, grain !== null),
      offset: typeof tile.offset === "number" ? tile.offset : 0,
      search: typeof tile.search === "string" ? tile.search : "",
      where: [...conditions, ...filters.filter(({ dimension }) => model.dimensions[dimension])],
      unusedFilters: filters
        .filter(({ dimension }) => !model.dimensions[dimension])
        .map(({ dimension }) => dimension),
      isInOrder: dimensions.every((name) => {
        const dimension = own.get(name);
        return Boolean(dimension && (dimension.part ?? dimension.grain ?? dimension.bins));
      }),
    },
  };
}
