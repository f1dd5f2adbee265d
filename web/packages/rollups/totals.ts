/** Leaves of groups: sums, smallest and largest values of a column's rows by the number of their group. */
import type { Column, IntegerColumn } from "@canvasback/parquet/columns";
import { integerAt } from "@canvasback/parquet/columns";

import { type LeafValue, mergedLeaf } from "./cells";
import type { SiteLeaf } from "./contract";
import { isFloatType, plain } from "./values";

/** By the number of a group. */
export type LeafTotals = (group: number) => LeafValue;

/** Rows, and of each its group. */
export interface GroupedRows {
  rows: Int32Array;
  groups: Int32Array;
}

/** Sums of halves are exact for so many rows. */
const HALVES_ROWS_MAX = 1 << 21;
const SUM: SiteLeaf = { merge: "sum", type: "HUGEINT" };

function sums(values: Float64Array, { rows, groups }: GroupedRows, count: number): Float64Array {
  const out = new Float64Array(count);
  // A null is 0 here.
  for (let at = 0; at < rows.length; ++at) out[groups[at]!]! += values[rows[at]!]!;
  return out;
}

/** Which groups have a value at all. */
function seenOf(nulls: Uint8Array, { rows, groups }: GroupedRows, count: number): Uint8Array {
  const out = new Uint8Array(count);
  for (let at = 0; at < rows.length; ++at) if (nulls[rows[at]!] === 0) out[groups[at]!] = 1;
  return out;
}

function sumsOf(column: IntegerColumn, found: GroupedRows, count: number): LeafTotals {
  const { low, high, nulls } = column;
  if (high && found.rows.length > HALVES_ROWS_MAX) return generally(column, SUM, found, count);
  const seen = nulls && seenOf(nulls, found, count);
  const lows = sums(low, found, count);
  const highs = high && sums(high, found, count);
  return (group) => {
    if (seen && seen[group] === 0) return null;
    return highs ? plain((BigInt(highs[group]!) << 32n) + BigInt(lows[group]!)) : lows[group]!;
  };
}

function valueAt(column: Column, row: number, leaf: SiteLeaf): LeafValue {
  if (column.kind === "integer") {
    const value = integerAt(column, row);
    return value === null ? null : plain(value);
  }
  if (column.kind === "number") return column.nulls?.[row] ? null : column.values[row]!;
  const code = column.codes[row]!;
  if (code < 0) return null;
  const text = column.dictionary[code]!;
  return leaf.merge === "sum" ? plain(BigInt(text)) : text;
}

/** Whatever the column and the way of merging are. */
function generally(column: Column, leaf: SiteLeaf, { rows, groups }: GroupedRows, count: number): LeafTotals {
  const out = new Array<LeafValue>(count).fill(null);
  for (let at = 0; at < rows.length; ++at) {
    const group = groups[at]!;
    out[group] = mergedLeaf(leaf, out[group]!, valueAt(column, rows[at]!, leaf));
  }
  return (group) => out[group]!;
}

export function totalsOf(column: Column, leaf: SiteLeaf, found: GroupedRows, count: number): LeafTotals {
  if (column.kind === "integer" && leaf.merge === "sum" && !isFloatType(leaf.type)) {
    return sumsOf(column, found, count);
  }
  return generally(column, leaf, found, count);
}
