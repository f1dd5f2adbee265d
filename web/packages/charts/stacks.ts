/** Series above each other, and the range that they take. Geometry alone: figures are read from their digits. */
import { numberOf } from "@canvasback/values/figureText";
import type { FigureSeries } from "./shape";

/** From and to, by place. */
export type Band = readonly (readonly [number, number])[];

/**
 * Bands of the series, in their order from zero upwards; negative figures go downwards. d3's own order for these puts a
 * figure of zero at zero, not on top of the others, where an area would fall through them.
 */
export function stacked(series: readonly FigureSeries[], places: number): Band[] {
  const tops = Array.from({ length: places }, () => 0);
  const bottoms = Array.from({ length: places }, () => 0);
  return series.map(({ figures }) =>
    tops.map((_, place) => {
      const value = numberOf(figures[place] ?? null) || 0;
      const ends = value < 0 ? bottoms : tops;
      const from = ends[place] ?? 0;
      ends[place] = from + value;
      return [from, from + value] as const;
    }),
  );
}

/** Each from zero, or from nowhere where there is no figure. */
export function single(series: FigureSeries): Band {
  return series.figures.map((digits) => [0, numberOf(digits)] as const);
}

export function rangeOf(bands: readonly Band[]): { least: number; most: number } {
  let [least, most] = [Infinity, -Infinity];
  for (const band of bands) {
    for (const [from, to] of band) {
      if (!Number.isFinite(to)) continue;
      least = Math.min(least, from, to);
      most = Math.max(most, from, to);
    }
  }
  return { least, most };
}

/** Of lines: only what they reach. */
export function reachOf(bands: readonly Band[]): { least: number; most: number } {
  const values = bands.flatMap((band) => band.map(([, to]) => to)).filter(Number.isFinite);
  return {
    least: values.reduce((a, b) => Math.min(a, b), Infinity),
    most: values.reduce((a, b) => Math.max(a, b), -Infinity),
  };
}
