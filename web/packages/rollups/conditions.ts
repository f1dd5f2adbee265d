/** Conditions on dimensions: decided once for each value that a file has, not for each row. */
import type { Filter, Scalar } from "@canvasback/dashboards/model";

import { type Typed, typed } from "./values";

export interface Condition {
  dimension: string;
  filter: Filter;
}

const textOf = (value: Scalar): string => String(value);

function isIn(text: string | null, values: readonly Scalar[], of: Typed): boolean {
  return values.some((value) =>
    value === null ? text === null : text !== null && of.against(text, textOf(value)) === 0,
  );
}

/** Whether a value of the dimension matches. */
export function matcher(filter: Filter, type: string): (text: string | null) => boolean {
  const of = typed(type);
  if (Array.isArray(filter)) return (text) => isIn(text, filter as readonly Scalar[], of);
  if ("not" in filter) return (text) => !isIn(text, filter.not, of);
  const { from, to } = filter as { from?: Scalar; to?: Scalar };
  return (text) => {
    if (text === null) return false;
    if (from !== undefined && from !== null) {
      const order = of.against(text, textOf(from));
      if (order === null || order < 0) return false;
    }
    if (to !== undefined && to !== null) {
      const order = of.against(text, textOf(to));
      if (order === null || order >= 0) return false;
    }
    return true;
  };
}

/** Of a filter that leaves nothing out. */
export const isNothing = (filter: Filter): boolean =>
  !Array.isArray(filter) && "not" in filter && filter.not.length === 0;

/** For each code of a dictionary, and at 0 for null (a value's code is its place here less one), whether it matches. */
export function allowed(filters: readonly Filter[], type: string, dictionary: readonly string[]): Uint8Array {
  const out = new Uint8Array(dictionary.length + 1).fill(1);
  for (const filter of filters) {
    const matches = matcher(filter, type);
    for (let code = -1; code < dictionary.length; ++code) {
      if (out[code + 1] && !matches(code < 0 ? null : dictionary[code]!)) out[code + 1] = 0;
    }
  }
  return out;
}
