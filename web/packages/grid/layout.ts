/** Columns as they stand side by side: pinned ones first, then the others, each with its left edge. */
import { type TypeKind, kindOf } from "@canvasback/values/typeKind";

export interface ShownColumn {
  /** Index in the data frame. */
  index: number;
  width: number;
  pinned: boolean;
}

export interface PlacedColumn extends ShownColumn {
  /** Place among the shown columns, from 0. */
  place: number;
  /** Of pinned columns from the grid's left edge, of others from the left end of all rows. */
  left: number;
}

export interface Layout {
  columns: readonly PlacedColumn[];
  pinnedCount: number;
  /** Width of the row numbers and the pinned columns. */
  pinnedWidth: number;
  totalWidth: number;
}

export const WIDTH_MIN = 48;
/** Wider, and the columns beside it would be out of the mouse's reach. */
export const WIDTH_MAX = 2000;

export const boundedWidth = (width: number): number =>
  Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, Math.round(width) || WIDTH_MIN));

/** What is left of a view for the columns that move, however many are pinned. */
const FREE_SHARE_MIN = 0.3;

/**
 * Places columns side by side. In a view of `viewWidth` pixels pins end where the others would have no room left: what
 * was pinned beyond that moves with them, so that everything can be brought into sight.
 */
export function layOut(columns: readonly ShownColumn[], gutter: number, viewWidth = Infinity): Layout {
  const hasFree = columns.some((column) => !column.pinned);
  const pinnedMax = hasFree ? viewWidth * (1 - FREE_SHARE_MIN) : viewWidth;
  const ordered = [...columns.filter((column) => column.pinned), ...columns.filter((column) => !column.pinned)];
  let left = gutter;
  let pinnedCount = 0;
  const placed = ordered.map((column, place) => {
    const width = boundedWidth(column.width);
    const pinned = column.pinned && pinnedCount === place && left + width <= pinnedMax;
    if (pinned) pinnedCount += 1;
    const at = { ...column, width, pinned, place, left };
    left += width;
    return at;
  });
  const firstFree = placed[pinnedCount];
  return { columns: placed, pinnedCount, pinnedWidth: firstFree?.left ?? left, totalWidth: left };
}

/** Places of the columns that are in sight: all pinned ones, and [start, end) of the others. */
export function columnsInSight(layout: Layout, scrollLeft: number, width: number): { start: number; end: number } {
  const { columns, pinnedCount, pinnedWidth } = layout;
  const from = pinnedWidth + scrollLeft;
  const to = scrollLeft + width;
  let low = pinnedCount;
  let high = columns.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const column = columns[middle];
    if (column && column.left + column.width <= from) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < columns.length && (columns[end]?.left ?? Infinity) < to) ++end;
  return { start: low, end };
}

/** How wide the row numbers are. */
export function gutterWidth(rowCount: number): number {
  const digits = Math.max(2, rowCount.toLocaleString("en").length);
  return Math.round(18 + digits * 6.4);
}

/** A first guess of a column's width, before anybody has seen its values. */
export function defaultWidth(name: string, type: string): number {
  const header = 46 + name.length * 7.4;
  const byKind: Record<TypeKind, number> = {
    number: 104,
    time: 190,
    text: 164,
    boolean: 80,
    binary: 150,
    nested: 240,
  };
  const typical = type === "DATE" ? 104 : type.startsWith("TIMESTAMP") ? 200 : byKind[kindOf(type)];
  return Math.round(Math.min(320, Math.max(header, typical)));
}
