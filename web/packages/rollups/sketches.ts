/**
 * Sketches of what does not add up: distinct values (HyperLogLog, 4096 registers) and quantiles (counts of logarithmic
 * bins). Merged they say the same as one sketch of all rows. docs/published-sites.md has the formulas.
 */

export const REGISTERS = 4096;
const RANK_MAX = 53;

function sigma(x: number): number {
  if (x === 1) return Infinity;
  let [y, z, before, power] = [1, x, NaN, x];
  while (z !== before) {
    power *= power;
    before = z;
    z += power * y;
    y += y;
  }
  return z;
}

function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let [y, z, before, root] = [1, 1 - x, NaN, x];
  while (z !== before) {
    root = Math.sqrt(root);
    before = z;
    y /= 2;
    z -= (1 - root) ** 2 * y;
  }
  return z / 3;
}

/** Ertl's improved estimator. `registers`: the largest rank of each. */
export function distinctOf(registers: Uint8Array): number {
  const counts = new Uint32Array(RANK_MAX + 1);
  for (const rank of registers) counts[rank]! += 1;
  if (counts[0] === REGISTERS) return 0;
  let z = REGISTERS * tau(1 - counts[RANK_MAX]! / REGISTERS);
  for (let rank = RANK_MAX - 1; rank >= 1; --rank) z = (z + counts[rank]!) / 2;
  z += REGISTERS * sigma(counts[0]! / REGISTERS);
  return Math.round((REGISTERS * REGISTERS) / (2 * Math.LN2) / z);
}

export function mergeRegisters(into: Uint8Array, from: Uint8Array): void {
  for (let i = 0; i < into.length; ++i) if (from[i]! > into[i]!) into[i] = from[i]!;
}

const ALPHA = 0.01;
const GAMMA = (1 + ALPHA) / (1 - ALPHA);
const SHIFT = 40_000;

function middleOf(bin: number): number {
  if (bin === 0) return 0;
  const size = (2 * GAMMA ** (Math.abs(bin) - SHIFT)) / (GAMMA + 1);
  return bin < 0 ? -size : size;
}

/** Numbers of values by bin. Null where there are none. */
export function quantileOf(bins: ReadonlyMap<number, number>, q: number): number | null {
  const sorted = [...bins].filter(([, count]) => count > 0).sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return null;
  const valueAt = (rank: number): number => {
    let before = 0;
    for (const [bin, count] of sorted) {
      before += count;
      if (rank < before) return middleOf(bin);
    }
    return middleOf(sorted.at(-1)![0]);
  };
  const place = q * (total - 1);
  const [low, high] = [valueAt(Math.floor(place)), valueAt(Math.ceil(place))];
  return low + (high - low) * (place - Math.floor(place));
}

export function mergeBins(into: Map<number, number>, from: ReadonlyMap<number, number>): void {
  for (const [bin, count] of from) into.set(bin, (into.get(bin) ?? 0) + count);
}
