/** How a grid stands, as parameters of the address: sort, filter, search, columns. Names are joined by commas. */
import type { SortKey } from "@canvasback/client/stream/protocol";

export interface GridState {
  sort?: string;
  filter?: string;
  search?: string;
  hide?: string;
  pin?: string;
  order?: string;
  widths?: string;
  /** Rows in groups instead of one by one: see grouping.ts. */
  group?: string;
  measures?: string;
  pivot?: string;
  top?: string;
  gsort?: string;
  /** Columns whose values stand beside the rows. */
  facets?: string;
  /** The row, from 1, that is shown whole. */
  details?: string;
}

export const escapeName = (name: string): string =>
  name.replace(/[%,:]/g, (found) => `%${found.charCodeAt(0).toString(16)}`);

export function unescapeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** undefined where there is nothing, so that the parameter leaves the address. */
export function joinNames(names: readonly string[]): string | undefined {
  return names.length > 0 ? names.map(escapeName).join(",") : undefined;
}

export function splitNames(text: string | undefined): string[] {
  return text ? text.split(",").map(unescapeName) : [];
}

/** A name that begins like a direction has one before it, as the server takes it: ascending by "-x" is "+-x". */
const directionOf = ({ column, descending }: SortKey): string => (descending ? "-" : /^[-+]/.test(column) ? "+" : "");

export function joinSort(keys: readonly SortKey[]): string | undefined {
  return keys.length > 0 ? keys.map((key) => directionOf(key) + escapeName(key.column)).join(",") : undefined;
}

export function splitSort(text: string | undefined): SortKey[] {
  if (!text) return [];
  return text.split(",").map((part) => {
    const descending = part.startsWith("-");
    return { column: unescapeName(/^[-+]/.test(part) ? part.slice(1) : part), descending };
  });
}

export function joinWidths(widths: ReadonlyMap<string, number>): string | undefined {
  if (widths.size === 0) return undefined;
  return [...widths].map(([name, width]) => `${escapeName(name)}:${Math.round(width)}`).join(",");
}

export function splitWidths(text: string | undefined): Map<string, number> {
  const widths = new Map<string, number>();
  for (const part of text?.split(",") ?? []) {
    const [name = "", width] = part.split(":");
    if (Number(width) > 0) widths.set(unescapeName(name), Number(width));
  }
  return widths;
}

/** The sort keys after a click on a column: ascending, descending, none; `add` leaves the other keys. */
export function toggledSort(keys: readonly SortKey[], column: string, add: boolean): SortKey[] {
  const old = keys.find((key) => key.column === column);
  const next = !old ? { column, descending: false } : old.descending ? null : { column, descending: true };
  if (!add) return next ? [next] : [];
  if (!old) return [...keys, { column, descending: false }];
  return keys.flatMap((key) => (key === old ? (next ? [next] : []) : [key]));
}
