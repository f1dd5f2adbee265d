/** Leaves of groups: sums, smallest and largest values of a column's rows by the number of their group. */
import type { Column, IntegerColumn, NumberColumn, TextColumn } from "@canvasback/parquet/columns";
import { integerAt } from "@canvasback/parquet/columns";

import { type LeafValue, mergedLeaf } from "./cells";
import type { SiteLeaf } from "./contract";
import { isFloatType, plain } from "./values";

/** By the number of a group. */
export type LeafTotals = (group: number) => LeafValue;

/** Sums of halves are exact for so many rows. */
const HALVES_ROWS_MAX = 1 << 21;

function sumsOf(column: IntegerColumn, groups: Int32Array, from: number, count: number): LeafTotals {
  const { low, high, nulls } = column;
  if (high && groups.length > HALVES_ROWS_MAX) return generally(column, SUM, groups, from, count);
  const lows = new Float64Array(count);
  const highs = high ? new Float64Array(count) : null;
  const seen = new Uint8Array(count);
  for (let i = 0; i < groups.length; ++i) {
    const group = groups[i]!;
    const row = i + from;
    if (group < 0 || (nulls && nulls[row])) continue;
    seen[group] = 1;
    lows[group]! += low[row]!;
    if (highs) highs[group]! += high![row]!;
  }
  return (group) => {
    if (!seen[group]) return null;
    return highs ? plain((BigInt(highs[group]!) << 32n) + BigInt(lows[group]!)) : lows[group]!;
  };
}

const SUM: SiteLeaf = { merge: "sum", type: "HUGEINT" };

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
function generally(column: Column, leaf: SiteLeaf, groups: Int32Array, from: number, count: number): LeafTotals {
  const out = new Array<LeafValue>(count).fill(null);
  for (let i = 0; i < groups.length; ++i) {
    const group = groups[i]!;
    if (group >= 0) out[group] = mergedLeaf(leaf, out[group]!, valueAt(column, i + from, leaf));
  }
  return (group) => out[group]!;
}

export function totalsOf(
  column: IntegerColumn | NumberColumn | TextColumn,
  leaf: SiteLeaf,
  groups: Int32Array,
  from: number,
  count: number,
): LeafTotals {
  if (column.kind === "integer" && leaf.merge === "sum" && !isFloatType(leaf.type)) {
    return sumsOf(column, groups, from, count);
  }
  return generally(column, leaf, groups, from, count);
}
