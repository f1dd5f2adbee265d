/** The rows behind a number: a dataset with the period and filters that the number is of, for a page of rows. */
import { momentOf } from "@canvasback/charts/timeAxis";
import { type Dimension, type Measure, type Metrics, dimensionNamed } from "./model";
import type { AnsweredModel, Filter, Filters, Span } from "./source";
import { instantOf } from "./zone";

/** Conditions on a column, all of which hold. */
export type RowCondition =
  | { column: string; kind: "filter"; filter: Filter }
  /** Any of the bins: from (included) to (excluded). */
  | { column: string; kind: "bins"; bins: readonly (readonly [from: number, to: number])[] }
  /** The same as instants, for columns of times, and as days of the zone, for columns of dates. */
  | { column: string; kind: "time"; from: number | null; to: number | null; days: Span; sourceTimezone: string };

export interface RowsBehind {
  dataset: string;
  conditions: readonly RowCondition[];
}

function binsOf(dimension: Dimension, filter: Filter): (readonly [number, number])[] | null {
  const { bins = [] } = dimension;
  if (!Array.isArray(filter)) return null;
  const found = (filter as readonly unknown[]).map((value) => {
    const at = bins.indexOf(Number(value));
    const [low, high] = [bins[at], bins[at + 1]];
    return value === null || low === undefined || high === undefined ? null : ([low, high] as const);
  });
  return found.every((bin) => bin !== null) ? found : null;
}

function conditionOf(dimension: Dimension, filter: Filter): RowCondition | null {
  const { column, bins } = dimension;
  if (dimension.part || dimension.grain || dimension.expression || column === undefined) return null;
  if (!bins) return { column, kind: "filter", filter };
  const found = binsOf(dimension, filter);
  return found && { column, kind: "bins", bins: found };
}

/** Rows that a measure counts; of a ratio all, for it has two. */
function conditionsOfMeasure({ agg, of, where = {} }: Measure): RowCondition[] {
  const conditions = Object.entries(where).map(([column, filter]): RowCondition => ({
    column,
    kind: "filter",
    filter,
  }));
  if (agg === "count" && typeof of === "string")
    conditions.push({ column: of, kind: "filter", filter: { not: [null] } });
  return conditions;
}

/** A dataset's rows, or in words why they cannot be shown alone. */
export function rowsBehind(
  metrics: Metrics,
  model: AnsweredModel | undefined,
  filters: Filters,
  measure?: Measure,
): RowsBehind | string {
  const dataset = metrics.source ?? model?.dataset ?? null;
  if (dataset === null) return "The numbers are of a statement, not of a dataset.";
  const conditions: RowCondition[] = [];
  for (const [name, filter] of Object.entries(filters)) {
    if (!metrics.dimensions.some((dimension) => dimension.name === name)) continue;
    const dimension = dimensionNamed(metrics, name);
    const condition = conditionOf(dimension, filter);
    if (!condition) return `Rows cannot be filtered by ${dimension.label.toLowerCase()}.`;
    conditions.push(condition);
  }
  if (measure) conditions.push(...conditionsOfMeasure(measure));
  const days = model?.period;
  if (metrics.time !== null && days && (days.from !== null || days.to !== null)) {
    const instant = (day: string | null): number | null =>
      day === null ? null : instantOf(momentOf(day), model.timezone);
    const [from, to] = [instant(days.from), instant(days.to)];
    const { sourceTimezone } = metrics;
    conditions.push({ column: metrics.time, kind: "time", from, to, days, sourceTimezone });
  }
  return { dataset, conditions };
}
