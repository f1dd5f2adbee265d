/** What is known of a group before its measures are: leaves and sketches, which merge exactly. */
import type { SiteLeaf, SiteModel } from "./contract";
import { mergeBins, mergeRegisters } from "./sketches";
import { type Integer, compareNumbers, compareTexts, isFloatType, sumOf, typed } from "./values";

/** Null: of no value. Integers are scaled; texts are the values of dates, times and texts. */
export type LeafValue = Integer | string | null;

/** By name: leaves as their numbers, sketches as "distinct:NAME" and "quantile:NAME". */
export interface Cells {
  leaves: Map<number, LeafValue>;
  registers: Map<string, Uint8Array>;
  bins: Map<string, Map<number, number>>;
}

export const emptyCells = (): Cells => ({ leaves: new Map(), registers: new Map(), bins: new Map() });

export function mergedLeaf(leaf: SiteLeaf, a: LeafValue, b: LeafValue): LeafValue {
  if (a === null || b === null) return a ?? b;
  if (leaf.merge === "sum") {
    if (typeof a === "string" || typeof b === "string") throw new Error("A sum is of numbers.");
    return isFloatType(leaf.type) ? Number(a) + Number(b) : sumOf(a, b);
  }
  const isBefore =
    typeof a === "string" || typeof b === "string" ? textOrder(leaf, String(a), String(b)) : compareNumbers(a, b);
  return (leaf.merge === "min") === isBefore <= 0 ? a : b;
}

const textOrder = (leaf: SiteLeaf, a: string, b: string): number =>
  leaf.type === "VARCHAR" ? compareTexts(a, b) : typed(leaf.type).compare(a, b);

/** Adds what `from` knows. */
export function mergeCells(model: SiteModel, into: Cells, from: Cells): void {
  for (const [at, value] of from.leaves) {
    const leaf = model.leaves[at]!;
    into.leaves.set(at, into.leaves.has(at) ? mergedLeaf(leaf, into.leaves.get(at)!, value) : value);
  }
  for (const [name, registers] of from.registers) {
    const known = into.registers.get(name);
    if (known) mergeRegisters(known, registers);
    else into.registers.set(name, registers.slice());
  }
  for (const [name, bins] of from.bins) {
    const known = into.bins.get(name);
    if (known) mergeBins(known, bins);
    else into.bins.set(name, new Map(bins));
  }
}
