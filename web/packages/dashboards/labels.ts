/** Values of dimensions: as text that tells them apart, and as words. */
import { labelOf } from "@canvasback/values/visibleText";
import { momentOf, placeText } from "@canvasback/charts/timeAxis";
import type { Place } from "@canvasback/charts/shape";
import type { Digits } from "@canvasback/values/figureText";
import type { Dimension, Part, Scalar } from "./model";
import type { Value } from "./source";

export const OTHER = "Other";

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"];

/** The text of a value; null is NULL. */
export function keyOf(value: Value | undefined): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A figure's digits, of a number of JSON or its text. */
export const digitsOf = (value: Value | undefined): Digits => keyOf(value);

/** The value that a key stands for, as filters take it. */
export function scalarOf(key: string | null, type: string): Scalar {
  if (key === null) return null;
  if (type === "BOOLEAN") return key === "true";
  const isNumber = /^(U?(TINY|SMALL|BIG)INT|U?INTEGER|DOUBLE|FLOAT)$/.test(type);
  return isNumber && String(Number(key)) === key && (Number.isSafeInteger(Number(key)) || !/INT/.test(type))
    ? Number(key)
    : key;
}

function partText(part: Part, key: string): string {
  const value = Number(key);
  if (!Number.isInteger(value)) return key;
  switch (part) {
    case "hour":
      return `${String(value).padStart(2, "0")}:00`;
    case "weekday":
      return WEEKDAYS[value - 1] ?? key;
    case "month":
      return MONTHS[value - 1] ?? key;
    case "quarter":
      return `Q${value}`;
    default:
      return key;
  }
}

const edgeText = (value: number): string => value.toLocaleString("en", { maximumFractionDigits: 6 });

/** "10 – 20": of a bin, which is named by its lower edge. */
function binText(bins: readonly number[], key: string): string {
  const at = bins.indexOf(Number(key));
  const [low, high] = [bins[at], bins[at + 1]];
  return low === undefined || high === undefined ? key : `${edgeText(low)} – ${edgeText(high)}`;
}

export function dimensionText(dimension: Dimension, key: string | null): string {
  if (key === null) return dimension.bins ? "outside" : labelOf(null);
  if (dimension.part) return partText(dimension.part, key);
  if (dimension.grain) {
    const at = momentOf(key.replace(/Z$/, ""));
    return Number.isNaN(at) ? key : placeText(at, dimension.grain);
  }
  return dimension.bins ? binText(dimension.bins, key) : labelOf(key);
}

export function placeOf(dimension: Dimension, value: Value | undefined): Place {
  const key = keyOf(value);
  return { key, label: dimensionText(dimension, key) };
}

/** Values that have an order of their own; of others the largest come first. */
export const isOrdered = (dimension: Dimension): boolean =>
  dimension.part !== undefined || dimension.grain !== undefined || dimension.bins !== undefined;

/** By their order, NULL last. */
export function inOrder(keys: readonly (string | null)[], dimension: Dimension): (string | null)[] {
  const known = keys.filter((key): key is string => key !== null);
  if (dimension.grain) known.sort();
  else known.sort((a, b) => Number(a) - Number(b));
  return known.length < keys.length ? [...known, null] : known;
}

/** All hours and all weekdays have a place, with or without rows; nothing of dimensions without an end. */
export function allOf(dimension: Dimension): string[] | null {
  const { part, bins } = dimension;
  if (part === "hour") return Array.from({ length: 24 }, (_, hour) => String(hour));
  if (part === "weekday") return ["1", "2", "3", "4", "5", "6", "7"];
  return bins ? bins.slice(0, -1).map(String) : null;
}
