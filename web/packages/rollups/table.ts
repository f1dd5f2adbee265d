/** A rollup that is here, and groups of its rows: the inner loops, over typed arrays alone. */
import type { Column, IntegerColumn, TextColumn } from "@canvasback/parquet/columns";
import type { Columns } from "@canvasback/parquet/columns";
import { localOf } from "@canvasback/dashboards/zone";

import { type Cells, type LeafValue, emptyCells, mergedLeaf } from "./cells";
import { allowed } from "./conditions";
import type { Condition } from "./conditions";
import type { Rollup, SiteModel } from "./contract";
import { WEEKDAYS, startOf } from "./days";
import { REGISTERS } from "./sketches";
import { type LeafTotals, totalsOf } from "./totals";

export interface Table {
  rollup: Rollup;
  columns: Columns;
  rows: number;
}

export interface Group {
  /** Days or, of the grain hour, milliseconds since 1970; null without grain. */
  time: number | null;
  values: (string | null)[];
  cells: Cells;
}

export interface GroupBy {
  grain: string | null;
  dimensions: readonly string[];
  where: readonly Condition[];
  /** Days from (included) to (excluded); null of models without time. */
  days: { from: number; to: number } | null;
}

const DAY_MS = 86_400_000;
/** So many places are an array; more are looked up. */
const DENSE_MAX = 1 << 22;

const textColumn = (table: Table, dimension: string): TextColumn => {
  const column = table.columns[`d${table.rollup.dimensions.indexOf(dimension)}`];
  if (column?.kind !== "text") throw new Error(`A rollup has no dimension “${dimension}”.`);
  return column;
};

/** The first row at or behind a time; rows are in its order. */
function lowerBound(times: Float64Array, at: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function timesOf(table: Table): Float64Array | null {
  const column: Column | undefined = table.columns.t;
  if (!column) return null;
  if (column.kind !== "integer") throw new Error("A rollup's times are no integers.");
  if (!column.high) return column.low;
  return column.low.map((low, row) => column.high![row]! * 2 ** 32 + low);
}

interface Rows {
  from: number;
  to: number;
  /** Of hours: those of other days are not in the period, though near it. */
  isWithin: ((row: number) => boolean) | null;
}

function rowsOf(table: Table, model: SiteModel, times: Float64Array | null, days: GroupBy["days"]): Rows {
  if (!times || !days) return { from: 0, to: table.rows, isWithin: null };
  if (table.rollup.grain !== "hour") {
    // The first month may have begun before the first day that has rows.
    const first = table.rollup.grain === "month" ? startOf(days.from, "month", 1) : days.from;
    return { from: lowerBound(times, first), to: lowerBound(times, days.to), isWithin: null };
  }
  const near = 2 * DAY_MS;
  const dayOfHour = new Map<number, number>();
  return {
    from: lowerBound(times, days.from * DAY_MS - near),
    to: lowerBound(times, days.to * DAY_MS + near),
    isWithin: (row) => {
      const at = times[row]!;
      let day = dayOfHour.get(at);
      if (day === undefined) dayOfHour.set(at, (day = Math.floor(localOf(at, model.timezone) / DAY_MS)));
      return day >= days.from && day < days.to;
    },
  };
}

/** Number of a row's bucket of time, and what times the numbers stand for. */
function bucketsOf(
  times: Float64Array,
  rows: Rows,
  grain: string,
  model: SiteModel,
): { of: Int32Array; times: number[] } {
  const of = new Int32Array(rows.to - rows.from);
  const out: number[] = [];
  const known = new Map<number, number>();
  const first = WEEKDAYS[model.week_start];
  let [last, lastBucket] = [NaN, -1];
  for (let row = rows.from; row < rows.to; ++row) {
    const at = times[row]!;
    if (at !== last) {
      last = at;
      const start = grain === "hour" || grain === "day" ? at : startOf(at, grain as "week", first);
      const bucket = known.get(start) ?? out.push(start) - 1;
      known.set(start, bucket);
      lastBucket = bucket;
    }
    of[row - rows.from] = lastBucket;
  }
  return { of, times: out };
}

interface Numbered {
  /** Of each row from `from` on its group, or -1. */
  groups: Int32Array;
  from: number;
  /** By group a row of it. */
  samples: number[];
  times: number[] | null;
  bucketOf: Int32Array | null;
  columns: TextColumn[];
}

/** Which group each row is of. */
function numbered(table: Table, model: SiteModel, by: GroupBy): Numbered {
  const times = timesOf(table);
  const rows = rowsOf(table, model, times, by.days);
  const size = Math.max(0, rows.to - rows.from);
  const buckets = by.grain !== null && times ? bucketsOf(times, rows, by.grain, model) : null;
  const columns = by.dimensions.map((name) => textColumn(table, name));
  const masks = [...new Set(by.where.map(({ dimension }) => dimension))].map((name) => {
    const column = textColumn(table, name);
    const filters = by.where.filter(({ dimension }) => dimension === name).map(({ filter }) => filter);
    return { codes: column.codes, mask: allowed(filters, model.dimensions[name]!.type, column.dictionary) };
  });
  const places = columns.reduce(
    (product, { dictionary }) => product * (dictionary.length + 1),
    buckets?.times.length ?? 1,
  );
  const dense = places <= DENSE_MAX ? new Int32Array(places).fill(-1) : null;
  const sparse = new Map<number, number>();
  const groups = new Int32Array(size).fill(-1);
  const samples: number[] = [];
  for (let row = rows.from; row < rows.to; ++row) {
    let isMatch = true;
    for (const { codes, mask } of masks) {
      if (mask[codes[row]! + 1] === 0) {
        isMatch = false;
        break;
      }
    }
    if (!isMatch || (rows.isWithin && !rows.isWithin(row))) continue;
    let place = buckets ? buckets.of[row - rows.from]! : 0;
    for (const { codes, dictionary } of columns) place = place * (dictionary.length + 1) + codes[row]! + 1;
    let group = dense ? dense[place]! : (sparse.get(place) ?? -1);
    if (group < 0) {
      group = samples.push(row) - 1;
      if (dense) dense[place] = group;
      else sparse.set(place, group);
    }
    groups[row - rows.from] = group;
  }
  return { groups, from: rows.from, samples, times: buckets?.times ?? null, bucketOf: buckets?.of ?? null, columns };
}

function leavesOf(table: Table, model: SiteModel, found: Numbered, leaves: readonly number[], out: Group[]): void {
  for (const at of leaves) {
    const leaf = model.leaves[at]!;
    const column = table.columns[`l${at}`];
    if (!column) throw new Error(`A rollup has no leaf ${at}.`);
    const totals: LeafTotals = totalsOf(column, leaf, found.groups, found.from, out.length);
    out.forEach(({ cells }, group) => cells.leaves.set(at, totals(group)));
  }
}

function integers(table: Table, name: string): IntegerColumn {
  const column = table.columns[name];
  if (column?.kind !== "integer" || column.high) throw new Error("A sketch is damaged.");
  return column;
}

function registersOf(table: Table, name: string, found: Numbered, out: Group[]): void {
  const { low } = integers(table, "h");
  const registers = out.map(() => new Uint8Array(REGISTERS));
  for (let i = 0; i < found.groups.length; ++i) {
    const group = found.groups[i]!;
    if (group < 0) continue;
    const code = low[i + found.from]!;
    const [register, rank] = [code >> 6, code & 63];
    const of = registers[group]!;
    if (rank > of[register]!) of[register] = rank;
  }
  out.forEach(({ cells }, group) => cells.registers.set(name, registers[group]!));
}

function binsOf(table: Table, name: string, found: Numbered, out: Group[]): void {
  const [bins, counts] = [integers(table, "b").low, integers(table, "n").low];
  const maps = out.map(() => new Map<number, number>());
  for (let i = 0; i < found.groups.length; ++i) {
    const group = found.groups[i]!;
    if (group < 0) continue;
    const map = maps[group]!;
    const bin = bins[i + found.from]!;
    map.set(bin, (map.get(bin) ?? 0) + counts[i + found.from]!);
  }
  out.forEach(({ cells }, group) => cells.bins.set(name, maps[group]!));
}

export interface Parts {
  leaves: readonly number[];
  sketch: string | null;
}

/** Groups with what this rollup knows of them. */
export function groupsOf(table: Table, model: SiteModel, by: GroupBy, parts: Parts): Group[] {
  const found = numbered(table, model, by);
  const out = found.samples.map((row): Group => {
    const values = found.columns.map(({ codes, dictionary }) => (codes[row]! < 0 ? null : dictionary[codes[row]!]!));
    const time = found.times ? found.times[found.bucketOf![row - found.from]!]! : null;
    return { time, values, cells: emptyCells() };
  });
  if (table.rollup.kind === "leaves") leavesOf(table, model, found, parts.leaves, out);
  else if (table.rollup.kind === "distinct") registersOf(table, parts.sketch!, found, out);
  else binsOf(table, parts.sketch!, found, out);
  return out;
}

export type { LeafValue };
export { mergedLeaf };
