/** From values to pixels. Ticks are d3's; its scales would bring much that nothing here uses. */
import { nice, ticks } from "d3-array";

export type Pair = readonly [number, number];

/** A line through two places; all of a domain without extent is at its beginning. */
export function linear([low, high]: Pair, [from, to]: Pair): (value: number) => number {
  const factor = high === low ? 0 : (to - from) / (high - low);
  return (value) => from + (value - low) * factor;
}

/** Round values, about so many, and a domain that begins and ends with one. */
export function roundTicks(low: number, high: number, count: number): { domain: Pair; values: number[] } {
  const [first, last] = nice(low, high, count);
  return { domain: [first, last], values: ticks(first, last, count) };
}

export interface Band {
  /** Of one band, and of it with the gap behind it. */
  width: number;
  step: number;
  /** Where a band begins. */
  place(index: number): number;
}

/** Equal bands beside each other; `gap` is the share of a step that lies between two. */
export function bands(count: number, [from, to]: Pair, gap: number): Band {
  const step = (to - from) / Math.max(1, count - gap);
  return { step, width: step * (1 - gap), place: (index) => from + index * step };
}
