/**
 * Rows as the series of a chart: one for each value of a series column, with one figure for each place on the x axis.
 * Rows that share a place are put together, and how is for the reader to choose: drawn one behind the other they would
 * make a zigzag that means nothing.
 */
import { labelOf } from "@canvasback/values/visibleText";

export type Aggregation = "sum" | "mean" | "min" | "max" | "count";

export interface ChartRow {
  x: string | null;
  y: number | null;
  series: string | null;
}

export interface Series {
  name: string;
  /** By place; null where the series has no row there. */
  values: (number | null)[];
}

export interface SeriesSet {
  /** Labels of the places on the x axis. */
  places: string[];
  series: Series[];
  /** Whether several rows fell on one place of one series. */
  aggregated: boolean;
  /** Series that were left out, the ones with the fewest rows. */
  left: number;
}

export const SERIES_MAX = 12;

const combine: Record<Aggregation, (values: readonly number[]) => number> = {
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  mean: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  min: (values) => values.reduce((least, value) => Math.min(least, value)),
  max: (values) => values.reduce((most, value) => Math.max(most, value)),
  count: (values) => values.length,
};

/** Places in their order: numbers by size, times by their text, everything else as it came; NULL last. */
function orderOf(places: readonly (string | null)[], kind: "number" | "time" | "other"): (string | null)[] {
  const known = places.filter((place) => place !== null);
  if (kind === "number") known.sort((a, b) => Number(a) - Number(b));
  if (kind === "time") known.sort();
  return known.length < places.length ? [...known, null] : known;
}

export function seriesOf(
  rows: readonly ChartRow[],
  aggregation: Aggregation,
  kind: "number" | "time" | "other",
): SeriesSet {
  const bySeries = new Map<string | null, Map<string | null, number[]>>();
  const seen = new Set<string | null>();
  let aggregated = false;
  for (const { x, y, series } of rows) {
    seen.add(x);
    const places = bySeries.get(series) ?? new Map<string | null, number[]>();
    bySeries.set(series, places);
    const values = places.get(x) ?? [];
    places.set(x, values);
    if (y === null) continue;
    values.push(y);
    aggregated ||= values.length > 1;
  }
  const places = orderOf([...seen], kind);
  const size = (of: Map<string | null, number[]>): number =>
    [...of.values()].reduce((sum, { length }) => sum + length, 0);
  const largest = [...bySeries].sort(([, a], [, b]) => size(b) - size(a)).slice(0, SERIES_MAX);
  const chosen = new Set(largest.map(([name]) => name));
  const series = [...bySeries]
    .filter(([name]) => chosen.has(name))
    .map(([name, of]): Series => {
      const values = places.map((place) => {
        const found = of.get(place) ?? [];
        return found.length === 0 ? null : combine[aggregation](found);
      });
      return { name: labelOf(name), values };
    });
  return { places: places.map(labelOf), series, aggregated, left: bySeries.size - series.length };
}

/** The column that tells series apart where nobody has chosen one: few values, and with it each place has one row. */
export function guessSeries(
  x: readonly (string | null)[],
  candidates: readonly { index: number; values: readonly (string | null)[] }[],
): number | null {
  if (new Set(x).size === x.length) return null;
  for (const { index, values } of candidates) {
    const names = new Set(values).size;
    if (names < 2 || names > SERIES_MAX) continue;
    if (new Set(x.map((place, row) => JSON.stringify([place, values[row]]))).size === x.length) return index;
  }
  return null;
}
