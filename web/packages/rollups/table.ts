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

/** Rows that match, from the smallest. */
function selectedRows(table: Table, model: SiteModel, rows: Rows, where: readonly Condition[]): Int32Array {
  let selected = new Int32Array(Math.max(0, rows.to - rows.from));
  let isFirst = true;
  for (const name of new Set(where.map(({ dimension }) => dimension))) {
    const { codes, dictionary } = textColumn(table, name);
    const filters = where.filter(({ dimension }) => dimension === name).map(({ filter }) => filter);
    const mask = allowed(filters, model.dimensions[name]!.type, dictionary);
    let count = 0;
    for (let at = 0; at < selected.length; ++at) {
      const row = isFirst ? rows.from + at : selected[at]!;
      // Overwritten by the next row where this one does not match.
      selected[count] = row;
      count += mask[codes[row]! + 1]!;
    }
    selected = selected.subarray(0, count);
    isFirst = false;
  }
  if (isFirst) for (let at = 0; at < selected.length; ++at) selected[at] = rows.from + at;
  return rows.isWithin ? selected.filter(rows.isWithin) : selected;
}

interface Numbered {
  /** Rows that match, and of each its group. */
  rows: Int32Array;
  groups: Int32Array;
  /** By group: a row of it, and its time. */
  samples: number[];
  times: (number | null)[];
  columns: TextColumn[];
}

/** Numbers of the rows' buckets of time, and what times they stand for. Rows are in the order of time. */
function bucketsOf(times: Float64Array, rows: Int32Array, grain: string, model: SiteModel) {
  const of = new Int32Array(rows.length);
  const starts: number[] = [];
  const known = new Map<number, number>();
  const first = WEEKDAYS[model.week_start];
  let [last, bucket] = [NaN, -1];
  for (let at = 0; at < rows.length; ++at) {
    const time = times[rows[at]!]!;
    if (time !== last) {
      last = time;
      const start = grain === "hour" || grain === "day" ? time : startOf(time, grain as "week", first);
      bucket = known.get(start) ?? starts.push(start) - 1;
      known.set(start, bucket);
    }
    of[at] = bucket;
  }
  return { of, starts };
}

/** The same number for the same place, from 0 on, in the order in which they come; in place. */
function numberPlaces(places: Int32Array | Float64Array, size: number): { groups: Int32Array; first: number[] } {
  const groups = places instanceof Int32Array ? places : new Int32Array(places.length);
  const dense = size <= DENSE_MAX ? new Int32Array(size) : null;
  const sparse = new Map<number, number>();
  const first: number[] = [];
  for (let at = 0; at < places.length; ++at) {
    const place = places[at]!;
    // One more than the group, so that zero is none.
    let known = dense ? dense[place]! : (sparse.get(place) ?? 0);
    if (known === 0) {
      known = first.push(at);
      if (dense) dense[place] = known;
      else sparse.set(place, known);
    }
    groups[at] = known - 1;
  }
  return { groups, first };
}

/** Which rows count, and which group each is of. */
function numbered(table: Table, model: SiteModel, by: GroupBy): Numbered {
  const times = timesOf(table);
  const rows = selectedRows(table, model, rowsOf(table, model, times, by.days), by.where);
  const buckets = by.grain !== null && times ? bucketsOf(times, rows, by.grain, model) : null;
  const columns = by.dimensions.map((name) => textColumn(table, name));
  const size = columns.reduce(
    (product, { dictionary }) => product * (dictionary.length + 1),
    Math.max(1, buckets?.starts.length ?? 1),
  );
  const isDense = size <= DENSE_MAX;
  let places: Int32Array | Float64Array = buckets?.of ?? new Int32Array(rows.length);
  if (!isDense) places = Float64Array.from(places);
  const bucketOf = buckets && columns.length > 0 ? buckets.of.slice() : buckets?.of;
  for (const { codes, dictionary } of columns) {
    const length = dictionary.length + 1;
    for (let at = 0; at < rows.length; ++at) places[at] = places[at]! * length + codes[rows[at]!]! + 1;
  }
  // Of a single column of places the numbers are overwritten: times are taken before.
  const startOfRow = bucketOf && bucketOf === places ? bucketOf.slice() : bucketOf;
  const { groups, first } = numberPlaces(places, size);
  return {
    rows,
    groups,
    samples: first.map((at) => rows[at]!),
    times: first.map((at) => (startOfRow && buckets ? buckets.starts[startOfRow[at]!]! : null)),
    columns,
  };
}

function leavesOf(table: Table, model: SiteModel, found: Numbered, leaves: readonly number[], out: Group[]): void {
  for (const at of leaves) {
    const leaf = model.leaves[at]!;
    const column = table.columns[`l${at}`];
    if (!column) throw new Error(`A rollup has no leaf ${at}.`);
    const totals: LeafTotals = totalsOf(column, leaf, found, out.length);
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
    const code = low[found.rows[i]!]!;
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
    const [group, row] = [found.groups[i]!, found.rows[i]!];
    const map = maps[group]!;
    const bin = bins[row]!;
    map.set(bin, (map.get(bin) ?? 0) + counts[row]!);
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
  const out = found.samples.map((row, group): Group => {
    const values = found.columns.map(({ codes, dictionary }) => (codes[row]! < 0 ? null : dictionary[codes[row]!]!));
    const time = found.times[group]!;
    return { time, values, cells: emptyCells() };
  });
  if (table.rollup.kind === "leaves") leavesOf(table, model, found, parts.leaves, out);
  else if (table.rollup.kind === "distinct") registersOf(table, parts.sketch!, found, out);
  else binsOf(table, parts.sketch!, found, out);
  return out;
}

export type { LeafValue };
export { mergedLeaf };
