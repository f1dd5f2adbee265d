/** A published page in memory, for tests of this package: its rollups are made of rows, as a publisher makes them. */
import type { Column } from "@canvasback/parquet/columns";
import { integersOf } from "@canvasback/parquet/columns";
import type { Question } from "@canvasback/dashboards/source";

import type { Rollup, SiteModel, SitePage } from "./contract";
import { dayText, parseDay, startOf } from "./days";
import { Planner } from "./planner";
import type { SiteStore } from "./store";
import type { Table } from "./table";

export interface Order {
  day: string;
  country: string | null;
  status: string;
  /** Cents; null for none. */
  amount: bigint | null;
  customer: number;
}

export const LEAVES: SiteModel["leaves"] = [
  { merge: "sum", type: "DECIMAL(38,2)", scale: 2 },
  { merge: "sum", type: "BIGINT" },
  { merge: "sum", type: "BIGINT" },
  { merge: "max", type: "DECIMAL(12,2)", scale: 2 },
];

const MEASURES: SiteModel["measures"] = {
  revenue: { type: "DECIMAL(38,2)", exact: true, make: "value", leaf: 0 },
  orders: { type: "BIGINT", exact: true, make: "value", leaf: 1 },
  average: { type: "DOUBLE", exact: true, make: "average", sum: 0, count: 2 },
  per_order: { type: "DOUBLE", exact: true, make: "ratio", of: ["revenue", "orders"] },
  largest: { type: "DECIMAL(12,2)", exact: true, make: "value", leaf: 3 },
  buyers: { type: "BIGINT", exact: false, error: 0.0163, make: "distinct", sketch: "buyers" },
};

type Cell = string | number | bigint | null;

function columnOf(values: readonly Cell[], kind: "text" | "integer"): Column {
  if (kind === "text") {
    const dictionary = [...new Set(values.filter((value): value is string => value !== null))];
    return { kind, codes: Int32Array.from(values, (value) => dictionary.indexOf(value as string)), dictionary };
  }
  const nulls = values.some((value) => value === null)
    ? Uint8Array.from(values, (value) => (value === null ? 1 : 0))
    : null;
  return integersOf(
    BigInt64Array.from(values, (value) => BigInt(value ?? 0)),
    nulls,
  );
}

function sumOf(values: readonly (bigint | null)[]): bigint | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0n);
}

const largestOf = (values: readonly (bigint | null)[]): bigint | null =>
  values.reduce<bigint | null>(
    (most, value) => (most === null || (value !== null && value > most) ? value : most),
    null,
  );

/** Any spread of bits will do: the test counts few customers. */
const hashOf = (customer: number): { register: number; rank: number } => ({
  register: (customer * 7919) % 4096,
  rank: 1,
});

export interface Part {
  kind?: Rollup["kind"];
  grain?: Rollup["grain"];
  dimensions?: ("country" | "status")[];
  from?: string;
  to?: string;
  leaves?: number[];
}

const tables = new Map<string, Table>();

export function rollupOf(orders: readonly Order[], part: Part): Rollup {
  const { kind = "leaves", grain = "day", dimensions = [], leaves = LEAVES.map((_, at) => at) } = part;
  const days = orders.map(({ day }) => parseDay(day)!);
  const from = part.from ?? dayText(grain === "month" ? startOf(Math.min(...days), "month", 1) : Math.min(...days));
  const to =
    part.to ?? dayText(grain === "month" ? startOf(Math.max(...days) + 31, "month", 1) : Math.max(...days) + 1);
  const groups = new Map<string, Order[]>();
  for (const order of orders) {
    if (order.day < from || order.day >= to) continue;
    const t = grain === "none" ? null : startOf(parseDay(order.day)!, grain === "month" ? "month" : "day", 1);
    const key = JSON.stringify([t, ...dimensions.map((name) => order[name])]);
    groups.set(key, [...(groups.get(key) ?? []), order]);
  }
  const keyed = [...groups].map(([key, rows]) => ({ key: JSON.parse(key) as (string | number | null)[], rows }));
  keyed.sort((a, b) => Number(a.key[0]) - Number(b.key[0]));
  const columns: Record<string, Column> = {};
  let lines: { key: (string | number | null)[]; cells: Cell[] }[] = keyed.map(({ key, rows }) => {
    const amounts = rows.map(({ amount }) => amount);
    const count = amounts.filter((amount) => amount !== null).length;
    return { key, cells: [sumOf(amounts), rows.length, count, largestOf(amounts)] };
  });
  if (kind === "distinct") {
    lines = keyed.flatMap(({ key, rows }) => {
      const found = new Map(rows.map(({ customer }) => [hashOf(customer).register, hashOf(customer).rank]));
      return [...found].map(([register, rank]) => ({ key, cells: [register * 64 + rank] }));
    });
    columns.h = columnOf(
      lines.map(({ cells }) => cells[0]!),
      "integer",
    );
  } else {
    for (const leaf of leaves)
      columns[`l${leaf}`] = columnOf(
        lines.map(({ cells }) => cells[leaf]!),
        "integer",
      );
  }
  if (grain !== "none")
    columns.t = columnOf(
      lines.map(({ key }) => key[0]!),
      "integer",
    );
  dimensions.forEach(
    (_, at) =>
      (columns[`d${at}`] = columnOf(
        lines.map(({ key }) => key[at + 1]!),
        "text",
      )),
  );
  const file = `data/${tables.size}.parquet`;
  const rollup: Rollup = {
    kind, file, bytes: 1000 + lines.length, footer: 100, rows: lines.length, grain, from, to, dimensions, leaves,
    row_groups: [], ...(kind === "distinct" ? { sketch: "buyers" } : {}),
  }; // prettier-ignore
  tables.set(file, { rollup, columns, rows: lines.length });
  return rollup;
}

export interface PageOptions {
  orders: readonly Order[];
  parts: readonly Part[];
  tiles: readonly object[];
  weekStart?: "monday" | "sunday" | "saturday";
  dimensions?: readonly unknown[];
  compare?: string;
}

export function pageOf({ orders, parts, tiles, weekStart = "monday", dimensions, compare }: PageOptions): SitePage {
  const days = orders.map(({ day }) => day).sort();
  const last = days.at(-1)!;
  const model: SiteModel = {
    name: "", dataset: "orders", timezone: "UTC", week_start: weekStart, newest: `${last}T12:00:00Z`,
    first_day: days[0]!, last_day: last, measures: MEASURES, leaves: LEAVES,
    dimensions: { country: { type: "VARCHAR", values: 4 }, status: { type: "VARCHAR", values: 2 } },
    rollups: parts.map((part) => rollupOf(orders, part)),
    unavailable: [{ dimensions: ["country", "status"], reason: "over its budget: 31 MB" }],
  }; // prettier-ignore
  const metrics = {
    source: "orders",
    time: "at",
    week_start: weekStart,
    dimensions: dimensions ?? ["country", "status"],
  };
  const measures = Object.keys(MEASURES).map((name) => ({ name, agg: "sum" }));
  return {
    format: 1,
    name: "orders",
    document: { title: "Orders", metrics: { ...metrics, measures }, tiles, ...(compare ? { compare } : {}) },
    timezone: "UTC",
    models: [model],
    answers: [],
  };
}

export const question = (more: Partial<Question> = {}): Question => ({
  tiles: [0],
  period: "all",
  filters: {},
  timezone: "UTC",
  known: [],
  ...more,
});

/** What was read, by its file. */
export const read: string[] = [];

export function plannerOf(page: SitePage): Planner {
  const table = async ({ rollup }: { rollup: Rollup }): Promise<Table> => {
    read.push(rollup.file);
    return tables.get(rollup.file)!;
  };
  const store = { table, rows: (rollup: Rollup) => table({ rollup }), cost: ({ bytes }: Rollup) => bytes };
  return new Planner(page, store as unknown as SiteStore);
}

export async function answersTo(page: SitePage, asked: Question) {
  return plannerOf(page).ask(asked, new AbortController().signal);
}
