import { expect, it } from "vitest";

import { integersOf } from "@canvasback/parquet/columns";
import { LEAVES, pageOf } from "./testSupport";
import type { Rollup } from "./contract";
import { parseDay } from "./days";
import { type Table, groupsOf } from "./table";

const [DAYS, COUNTRIES, CATEGORIES] = [365, 61, 30];
const FIRST = parseDay("2025-01-01")!;

/** A year of days × 61 countries × 30 categories: 668,000 cells. */
function year(scale: bigint): Table {
  const rows = DAYS * COUNTRIES * CATEGORIES;
  const at = (row: number, size: number, step: number): number => Math.floor(row / step) % size;
  const days = BigInt64Array.from({ length: rows }, (_, row) =>
    BigInt(FIRST + at(row, DAYS, COUNTRIES * CATEGORIES)),
  );
  const amounts = BigInt64Array.from({ length: rows }, (_, row) => BigInt(row % 1000) * scale + 1n);
  const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
  const rollup = {
    kind: "leaves", file: "x", bytes: 1, footer: 1, rows, grain: "day", from: "2025-01-01", to: "2026-01-01",
    dimensions: ["country", "status"], leaves: [0], row_groups: [],
  } as Rollup; // prettier-ignore
  const codes = (size: number, step: number): Int32Array =>
    Int32Array.from({ length: rows }, (_, row) => at(row, size, step));
  return {
    rollup,
    rows,
    columns: {
      t: integersOf(days, null),
      d0: { kind: "text", codes: codes(COUNTRIES, CATEGORIES), dictionary: names("C", COUNTRIES) },
      d1: { kind: "text", codes: codes(CATEGORIES, 1), dictionary: names("S", CATEGORIES) },
      l0: integersOf(amounts, null),
    },
  };
}

it.each([
  ["cents", 1n],
  ["sums beyond 2⁵³", 10n ** 12n],
])("a filter over a year is summed up exactly: %s", (_, scale) => {
  const { models } = pageOf({
    orders: [{ day: "2025-01-01", country: "C1", status: "S1", amount: 1n, customer: 1 }],
    parts: [],
    tiles: [],
  });
  const model = { ...models[0]!, leaves: LEAVES };
  const table = year(scale);
  const by = {
    grain: "week",
    dimensions: [],
    where: [{ dimension: "status", filter: ["S3", "S4"] }],
    days: { from: FIRST, to: FIRST + DAYS },
  };
  let expected = 0n;
  for (let row = 0; row < table.rows; ++row) {
    if (row % CATEGORIES === 3 || row % CATEGORIES === 4) expected += BigInt(row % 1000) * scale + 1n;
  }
  const times: number[] = [];
  for (let run = 0; run < 15; ++run) {
    const start = process.cpuUsage();
    const groups = groupsOf(table, model, by, { leaves: [0], sketch: null });
    const used = process.cpuUsage(start);
    times.push((used.user + used.system) / 1000);
    const sum = groups.reduce((total, { cells }) => total + BigInt(cells.leaves.get(0) as number | bigint), 0n);
    expect(sum).toBe(expected);
    expect(groups.length).toBe(53);
  }
  times.sort((a, b) => a - b);
  console.info(`${table.rows} cells: CPU median ${times[7]!.toFixed(1)} ms, fastest ${times[0]!.toFixed(1)} ms`);
  if (process.env.CANVASBACK_PATIENCE === "1") expect(times[7]).toBeLessThanOrEqual(16);
});
