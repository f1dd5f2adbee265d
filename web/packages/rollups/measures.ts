/** Measures made of leaves and sketches, as src/sql/metrics_sql.cpp makes them; and what is said of them in answers. */
import type { AnswerColumn, Value } from "@canvasback/dashboards/source";

import type { Cells } from "./cells";
import type { SiteMeasure, SiteModel } from "./contract";
import { distinctOf, quantileOf } from "./sketches";
import { type Integer, compareNumbers, doubleOf, integerJson, isExactType, isFloatType, numberJson } from "./values";
import { rescaled, scaleOfType, typed } from "./values";

/** A number of the measure's type, scaled where that is a decimal; a text for dates, times and texts; null. */
export type MeasureValue = Integer | string | null;

/** What of a model a measure needs. */
export interface Needs {
  leaves: Set<number>;
  sketches: Set<string>;
}

export function needsOf(model: SiteModel, names: Iterable<string>): Needs {
  const needs: Needs = { leaves: new Set(), sketches: new Set() };
  const add = (name: string): void => {
    const measure = model.measures[name];
    if (!measure) return;
    if (measure.make === "value") needs.leaves.add(measure.leaf);
    else if (measure.make === "average") [measure.sum, measure.count].forEach((leaf) => needs.leaves.add(leaf));
    else if (measure.make === "ratio") measure.of.forEach(add);
    else needs.sketches.add(`${measure.make}:${measure.sketch}`);
  };
  for (const name of names) add(name);
  return needs;
}

/** A count of nothing is 0, a sum of nothing null: a leaf says so by its type alone. */
function leafValue(model: SiteModel, measure: SiteMeasure & { make: "value" }, cells: Cells | null): MeasureValue {
  const leaf = model.leaves[measure.leaf]!;
  const value = cells?.leaves.get(measure.leaf) ?? null;
  if (value === null) return isCount(model, measure.leaf) ? 0 : null;
  if (typeof value === "string" || !isExactType(measure.type) || !isExactType(leaf.type)) return value;
  return rescaled(value, leaf.scale ?? scaleOfType(leaf.type), scaleOfType(measure.type));
}

/** Counts are the only sums of the type BIGINT. */
const isCount = (model: SiteModel, at: number): boolean => {
  const leaf = model.leaves[at];
  return leaf?.merge === "sum" && leaf.type === "BIGINT";
};

const asDouble = (value: MeasureValue, type: string): number | null => {
  if (value === null) return null;
  if (typeof value === "string") return Number(value);
  return isFloatType(type) ? Number(value) : doubleOf(value, scaleOfType(type));
};

function averageOf(model: SiteModel, measure: SiteMeasure & { make: "average" }, cells: Cells | null): number | null {
  const leaf = model.leaves[measure.sum]!;
  const [sum, count] = [cells?.leaves.get(measure.sum) ?? null, cells?.leaves.get(measure.count) ?? 0];
  if (sum === null || typeof sum === "string" || Number(count) === 0) return null;
  const total = isFloatType(leaf.type) ? Number(sum) : doubleOf(sum, leaf.scale ?? scaleOfType(leaf.type));
  return total / Number(count);
}

export function measureValue(model: SiteModel, name: string, cells: Cells | null): MeasureValue {
  const measure = model.measures[name]!;
  switch (measure.make) {
    case "value":
      return leafValue(model, measure, cells);
    case "average":
      return averageOf(model, measure, cells);
    case "ratio": {
      const [a, b] = measure.of.map((of) => asDouble(measureValue(model, of, cells), typeOfMade(model, of)));
      return a === null || a === undefined || b === null || b === undefined || b === 0 ? null : a / b;
    }
    case "distinct": {
      const registers = cells?.registers.get(`distinct:${measure.sketch}`);
      return registers ? distinctOf(registers) : 0;
    }
    case "quantile": {
      const bins = cells?.bins.get(`quantile:${measure.sketch}`);
      return bins ? quantileOf(bins, measure.q) : null;
    }
  }
}

/** Of the value as it is made here: quantiles of sketches are no decimals. */
export function typeOfMade(model: SiteModel, name: string): string {
  const measure = model.measures[name]!;
  return measure.make === "quantile" ? "DOUBLE" : measure.type;
}

export function measureJson(value: MeasureValue, type: string): Value {
  if (value === null) return null;
  if (typeof value === "string") return typed(type).json(value);
  return isExactType(type) ? integerJson(value, type) : numberJson(Number(value));
}

/** NULLs are last either way. */
export function compareValues(a: MeasureValue, b: MeasureValue, type: string, isDescending: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const order =
    typeof a === "string" || typeof b === "string" ? typed(type).compare(String(a), String(b)) : compareNumbers(a, b);
  return isDescending ? -order : order;
}

export function exactness(model: SiteModel, name: string): Pick<AnswerColumn, "exact" | "error"> {
  const measure = model.measures[name]!;
  if (measure.make !== "ratio") {
    return { exact: measure.exact, ...(measure.error ? { error: measure.error } : {}) };
  }
  const parts = measure.of.map((of) => exactness(model, of));
  const error = parts.reduce((sum, part) => sum + (part.error ?? 0), 0);
  return { exact: measure.exact && parts.every(({ exact }) => exact), ...(error > 0 ? { error } : {}) };
}
