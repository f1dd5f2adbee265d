import { describe, expect, it } from "vitest";

import { kindOf } from "@canvasback/values/typeKind";
import { columnsInSight, gutterWidth, layOut } from "./layout";
import { clipped, isIn, rectangle, selectionAfter } from "./selection";

const columns = (count: number, pinned: number[] = []) =>
  Array.from({ length: count }, (_, index) => ({ index, width: 100, pinned: pinned.includes(index) }));

describe("layOut", () => {
  it("puts pinned columns first", () => {
    const layout = layOut(columns(4, [2]), 40);
    expect(layout.columns.map(({ index, left }) => [index, left])).toEqual([
      [2, 40],
      [0, 140],
      [1, 240],
      [3, 340],
    ]);
    expect(layout).toMatchObject({ pinnedCount: 1, pinnedWidth: 140, totalWidth: 440 });
  });

  it("ends pins where the others would have no room", () => {
    const layout = layOut(columns(12, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), 40, 1000);
    expect(layout).toMatchObject({ pinnedCount: 6, pinnedWidth: 640 });
    expect(layout.columns.map((column) => column.index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(columnsInSight(layout, layout.totalWidth - 1000, 1000)).toEqual({ start: 8, end: 12 });
    expect(layOut(columns(3, [0, 1, 2]), 40, 1000).pinnedCount).toBe(3);
    expect(
      layOut(
        columns(
          30,
          Array.from({ length: 30 }, (_, i) => i),
        ),
        40,
        1000,
      ).pinnedCount,
    ).toBe(9);
  });

  it("takes no width that would put the other columns out of reach", () => {
    const widths = [99_999_999, NaN, Infinity, -5, 0, 120.4].map((width, index) => ({ index, width, pinned: false }));
    expect(layOut(widths, 40).columns.map((column) => column.width)).toEqual([2000, 48, 2000, 48, 48, 120]);
  });

  it("finds the columns in sight of many", () => {
    const layout = layOut(columns(500, [499]), 40);
    expect(columnsInSight(layout, 0, 1000)).toEqual({ start: 1, end: 10 });
    expect(columnsInSight(layout, 25_000, 1000)).toEqual({ start: 251, end: 260 });
    expect(columnsInSight(layout, layout.totalWidth - 1000, 1000).end).toBe(500);
  });

  it("is wide enough for the row numbers", () => {
    expect(gutterWidth(1_000_000_000)).toBeGreaterThan(gutterWidth(1000));
  });
});

describe("kindOf", () => {
  it.each([
    ["BIGINT", "number"],
    ["UTINYINT", "number"],
    ["HUGEINT", "number"],
    ["DECIMAL(38,10)", "number"],
    ["DOUBLE", "number"],
    ["UINTEGER", "number"],
    ["INTERVAL", "time"],
    ["TIMESTAMP WITH TIME ZONE", "time"],
    ["VARCHAR", "text"],
    ["BLOB", "binary"],
    ["BOOLEAN", "boolean"],
    ["BIGINT[]", "nested"],
    ["INTEGER[2]", "nested"],
    ["STRUCT(a BIGINT)", "nested"],
    ["MAP(VARCHAR, BIGINT)", "nested"],
    ["UUID", "text"],
  ])("%s is %s", (type, kind) => expect(kindOf(type)).toBe(kind));
});

describe("selection", () => {
  const bounds = { rows: 1_000_000_000, places: 12, page: 30 };
  const at = (row: number, place: number) => ({ anchor: { row, place }, focus: { row, place } });
  const press = (key: string, ctrl = false, shift = false) => ({ key, ctrl, shift });

  it("reaches the ends exactly", () => {
    expect(selectionAfter(at(5, 3), press("End"), bounds)?.focus).toEqual({ row: 999_999_999, place: 3 });
    expect(selectionAfter(at(5, 3), press("End", true), bounds)?.focus).toEqual({ row: 999_999_999, place: 11 });
    expect(selectionAfter(at(5, 3), press("Home", true), bounds)?.focus).toEqual({ row: 0, place: 0 });
    expect(selectionAfter(at(0, 0), press("ArrowUp"), bounds)?.focus).toEqual({ row: 0, place: 0 });
    expect(selectionAfter(at(999_999_999, 0), press("PageDown"), bounds)?.focus.row).toBe(999_999_999);
  });

  it("extends with shift and knows what is in it", () => {
    const selection = selectionAfter(at(10, 5), press("ArrowUp", false, true), bounds);
    const area = rectangle(selection!);
    expect(area).toEqual({ rowStart: 9, rowEnd: 11, placeStart: 5, placeEnd: 6 });
    expect(isIn(area, 9, 5)).toBe(true);
    expect(isIn(area, 11, 5)).toBe(false);
  });

  it("is clipped to the rows and columns that are left", () => {
    const old = { anchor: { row: 199_980, place: 0 }, focus: { row: 199_999, place: 4 } };
    expect(clipped(old, 200_000, 5)).toBe(old);
    expect(clipped(old, 199_990, 5)).toEqual({ ...old, focus: { row: 199_989, place: 4 } });
    expect(clipped(old, 150_000, 3)).toEqual({
      anchor: { row: 149_999, place: 0 },
      focus: { row: 149_999, place: 2 },
    });
    expect(clipped(old, 0, 5)).toBeNull();
    expect(clipped(old, 5, 0)).toBeNull();
  });

  it("leaves other keys and empty grids alone", () => {
    expect(selectionAfter(at(0, 0), press("x"), bounds)).toBeNull();
    expect(selectionAfter(at(0, 0), press("End"), { ...bounds, rows: 0 })).toBeNull();
  });
});
