import { readFileSync } from "node:fs";

import { expect, it } from "vitest";

import { type Column, type Columns, integerAt, integersOf, joinTexts } from "./columns";
import { decodeChunks, decodeFile, planChunks } from "./decode";

const ROWS = 300;
const TEXTS = ["DE", "FR", "Ünïcödé 💶", ""];

function sample(name: string): ArrayBuffer {
  const bytes = readFileSync(new URL(`samples/${name}.parquet`, import.meta.url));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

function valueOf(column: Column, row: number): unknown {
  if (column.kind === "text") return column.codes[row]! < 0 ? null : column.dictionary[column.codes[row]!];
  if (column.kind === "integer") return integerAt(column, row);
  return column.nulls?.[row] ? null : column.values[row];
}

/** As samples/make.py has it. */
const expected = (row: number): Record<string, unknown> => ({
  t: 20_000 + Math.floor(row / 10),
  d0: row % 7 === 0 ? null : TEXTS[row % 4],
  l0: (2n ** 53n + 1n) * (row % 2 === 1 ? -1n : 1n) + BigInt(row),
  l1: row % 5 === 0 ? null : row - 150,
  l2: row % 11 === 0 ? null : row / 8,
});

function check(columns: Columns, rows: readonly number[]): void {
  rows.forEach((row, at) => {
    const want = expected(row);
    for (const [name, column] of Object.entries(columns))
      expect(valueOf(column, at), `${name}[${row}]`).toEqual(want[name]);
  });
}

it.each(["arrow", "plain", "duckdb"])("reads what %s has written, every value", (name) => {
  const columns = decodeFile(sample(name), {});
  expect(Object.keys(columns).sort()).toEqual(["d0", "l0", "l1", "l2", "t"]);
  check(
    columns,
    Array.from({ length: ROWS }, (_, row) => row),
  );
});

it("reads some columns of some row groups from their bytes alone", () => {
  const file = sample("arrow");
  const length = new DataView(file).getUint32(file.byteLength - 8, true) + 8;
  const footer = file.slice(file.byteLength - length);
  const wanted = { columns: ["d0", "l1"], groups: [1] };
  const ranges = planChunks(footer, wanted);
  expect(ranges.length).toBe(2);
  const buffers = ranges.map(({ start, end }) => file.slice(start, end));
  const columns = decodeChunks(footer, wanted, buffers);
  expect(Object.keys(columns).sort()).toEqual(["d0", "l1"]);
  check(
    columns,
    Array.from({ length: 128 }, (_, row) => 128 + row),
  );
});

it("has texts as codes of one dictionary, whatever the row group", () => {
  const { d0 } = decodeFile(sample("arrow"), { columns: ["d0"] });
  expect(d0?.kind === "text" && [...d0.dictionary].sort()).toEqual([...TEXTS].sort());
  const joined = joinTexts([
    { kind: "text", codes: Int32Array.of(0, -1), dictionary: ["a"] },
    { kind: "text", codes: Int32Array.of(0, 1), dictionary: ["b", "a"] },
  ]);
  expect([...joined.codes]).toEqual([0, -1, 1, 0]);
});

it("refuses other codecs, and damaged files", () => {
  expect(() => decodeFile(sample("snappy"), {})).toThrow(/SNAPPY/);
  const file = new Uint8Array(sample("arrow").slice(0));
  file.fill(0, 10, 200);
  expect(() => decodeFile(file.buffer, {})).toThrow();
});

it("splits integers only where a sum of them may not be exact", () => {
  const small = integersOf(BigInt64Array.of(5n, -7n), null);
  expect(small).toEqual({ kind: "integer", low: Float64Array.of(5, -7), high: null, nulls: null });
  const values = [2n ** 62n, -(2n ** 63n), 2n ** 63n - 1n, -1n, 0n];
  const wide = integersOf(BigInt64Array.from(values), null);
  expect(values.map((_, row) => integerAt(wide, row))).toEqual(values);
});
