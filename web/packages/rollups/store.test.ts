import { expect, it } from "vitest";

import type { Filter } from "@canvasback/dashboards/model";
import type { Rollup, SiteModel } from "./contract";
import { SiteStore, groupsWith } from "./store";

const ROLLUP = {
  kind: "leaves", file: "data/x.parquet", bytes: 10_000_000, footer: 3000, rows: 12_288, grain: "none",
  from: "2025-01-01", to: "2026-01-01", dimensions: ["offer"], order: "value", leaves: [0],
  row_groups: [
    { offset: 4, bytes: 90_000, rows: 4096, first: "1", last: "9000" },
    { offset: 90_004, bytes: 91_000, rows: 4096, first: "9001", last: "70000" },
    { offset: 181_004, bytes: 92_000, rows: 4096, first: "70001", last: null },
  ],
} as Rollup; // prettier-ignore
const MODEL = { dimensions: { offer: { type: "BIGINT", values: 12_288 } } } as unknown as SiteModel;
const where = (filter: Filter) => [{ dimension: "offer", filter }];

it("of a file in the order of values only those row groups are read that may have the wanted ones", () => {
  expect(groupsWith(ROLLUP, MODEL, where([9000]))).toEqual([0]);
  expect(groupsWith(ROLLUP, MODEL, where(["9001", 5]))).toEqual([0, 1]);
  expect(groupsWith(ROLLUP, MODEL, where([99_999]))).toEqual([2]);
  expect(groupsWith(ROLLUP, MODEL, where([null]))).toEqual([2]);
  expect(groupsWith(ROLLUP, MODEL, where([0]))).toEqual([]);
  expect(groupsWith(ROLLUP, MODEL, where({ not: [5] }))).toBeNull();
  expect(groupsWith({ ...ROLLUP, order: "-revenue" }, MODEL, where([5]))).toBeNull();
});

it("a value of a large file costs what of it has to be read", () => {
  const store = new SiteStore({ base: "" });
  expect(store.cost(ROLLUP, MODEL, where([5]))).toBe(93_000);
  expect(store.cost(ROLLUP, MODEL, [])).toBe(10_000_000);
});
