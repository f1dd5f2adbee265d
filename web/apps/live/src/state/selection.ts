/** What of a dataset a grid shows, in the words of the API. */
import type { Filter } from "@canvasback/client/api/schema";
import type { Condition } from "@canvasback/client/filters";
import { type GridState, splitNames } from "./gridState";

/** Rows where some column contains the text, as the search of a view finds them. */
export function searchCondition(search: string, columns: readonly string[]): Condition {
  const filter = { or: columns.map((column) => ({ [column]: { op: "contains", value: search } })) };
  return { column: "", kind: "other", filter: filter as unknown as Filter };
}

/** The columns as they stand in the grid, without the hidden ones. */
export function columnsInOrder(all: readonly string[], state: GridState): string[] {
  const hidden = new Set(splitNames(state.hide));
  const pinned = splitNames(state.pin);
  const order = splitNames(state.order).filter((name) => all.includes(name));
  const names = [...order, ...all.filter((name) => !order.includes(name))].filter((name) => !hidden.has(name));
  return [...names.filter((name) => pinned.includes(name)), ...names.filter((name) => !pinned.includes(name))];
}
