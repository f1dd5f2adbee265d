/**
 * How rows are grouped, as parameters of the address: `group=country,at:month`, `measures=sum:amount,distinct:seller`,
 * `pivot=seller` with `top=10`, `gsort=-sum:amount`. The number of rows is always a measure; in `gsort` it is `*`.
 */
import type { SortKey } from "@canvasback/client/stream/protocol";
import { type GridState, escapeName, unescapeName } from "./gridState";

export const GRANULARITIES = ["year", "quarter", "month", "week", "day", "hour", "minute"] as const;
export type Granularity = (typeof GRANULARITIES)[number];

export const FUNCTIONS = ["sum", "mean", "median", "min", "max", "count", "distinct"] as const;
export type MeasureFunction = (typeof FUNCTIONS)[number];

export interface GroupKey {
  column: string;
  /** Of times: cut to its beginning. */
  granularity: Granularity | null;
}

/** The number of rows where there is no column. */
export interface Measure {
  function: MeasureFunction;
  column: string | null;
}

export const ROWS: Measure = { function: "count", column: null };

export interface Grouping {
  keys: GroupKey[];
  measures: Measure[];
  /** The column whose values are columns. */
  pivot: GroupKey | null;
  /** So many of them, by rows; the rest together. */
  top: number;
  sort: SortKey[];
}

export const PIVOT_TOPS = [5, 10, 20, 50] as const;
const TOP_DEFAULT = 10;

export function tokenOfKey({ column, granularity }: GroupKey): string {
  return granularity ? `${escapeName(column)}:${granularity}` : escapeName(column);
}

export function tokenOfMeasure({ function: name, column }: Measure): string {
  return column === null ? "*" : `${name}:${escapeName(column)}`;
}

const isOneOf = <T extends string>(words: readonly T[], word: string | undefined): word is T =>
  words.includes(word as T);

function keyOf(token: string): GroupKey {
  const [name = "", granularity] = token.split(":");
  return { column: unescapeName(name), granularity: isOneOf(GRANULARITIES, granularity) ? granularity : null };
}

function measureOf(token: string): Measure[] {
  const [name, column] = token.split(":");
  return isOneOf(FUNCTIONS, name) && column ? [{ function: name, column: unescapeName(column) }] : [];
}

function sortOf(text: string | undefined): SortKey[] {
  return (text?.split(",") ?? []).flatMap((part) => {
    const descending = part.startsWith("-");
    const column = /^[-+]/.test(part) ? part.slice(1) : part;
    return column ? [{ column, descending }] : [];
  });
}

/** Without repeats: a key or measure that stands twice says nothing more. */
function unique<T>(items: readonly T[], token: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [token(item), item])).values()];
}

/** null where the rows stand one by one. */
export function groupingOf(state: GridState): Grouping | null {
  if (!state.group) return null;
  const keys = unique(state.group.split(",").map(keyOf), tokenOfKey).filter(({ column }) => column !== "");
  if (keys.length === 0) return null;
  const measures = unique((state.measures?.split(",") ?? []).flatMap(measureOf), tokenOfMeasure);
  const pivot = state.pivot ? keyOf(state.pivot) : null;
  const top = Number(state.top);
  return {
    keys,
    measures,
    pivot: pivot && !keys.some((key) => tokenOfKey(key) === tokenOfKey(pivot)) ? pivot : null,
    top: Number.isInteger(top) && top >= 1 && top <= 50 ? top : TOP_DEFAULT,
    sort: sortOf(state.gsort),
  };
}

type GroupingState = Record<"group" | "measures" | "pivot" | "top" | "gsort", string | undefined>;

/** Back to rows. */
export const NO_GROUPING: GroupingState = {
  group: undefined,
  measures: undefined,
  pivot: undefined,
  top: undefined,
  gsort: undefined,
};

const signOf = ({ column, descending }: SortKey): string => (descending ? "-" : /^[-+]/.test(column) ? "+" : "");

export function stateOfGrouping(grouping: Grouping): GroupingState {
  if (grouping.keys.length === 0) return NO_GROUPING;
  const tokens = new Set([...grouping.keys.map(tokenOfKey), "*", ...grouping.measures.map(tokenOfMeasure)]);
  const sort = grouping.sort.filter(({ column }) => tokens.has(column));
  return {
    group: grouping.keys.map(tokenOfKey).join(","),
    measures: grouping.measures.map(tokenOfMeasure).join(",") || undefined,
    pivot: grouping.pivot ? tokenOfKey(grouping.pivot) : undefined,
    top: grouping.pivot && grouping.top !== TOP_DEFAULT ? String(grouping.top) : undefined,
    gsort: sort.map((key) => signOf(key) + key.column).join(",") || undefined,
  };
}

/** The order of groups: as chosen, else the largest first, or by time where the first key is one. Ties by the keys. */
export function groupOrder({ keys, sort }: Grouping): SortKey[] {
  const [first] = keys;
  const byTime = first?.granularity ? { column: tokenOfKey(first), descending: false } : null;
  const chosen = sort.length > 0 ? sort : [byTime ?? { column: "*", descending: true }];
  const tokens = chosen.map(({ column }) => column);
  const ties = keys.map(tokenOfKey).filter((token) => !tokens.includes(token));
  return [...chosen, ...ties.map((column) => ({ column, descending: false }))];
}

/** A column as one more key of what is grouped already, or as the first; without it where it is one. */
export function withKey(state: GridState, column: string): GroupingState {
  const now = groupingOf(state);
  const key = { column, granularity: null };
  const grouping = now ?? { keys: [], measures: [], pivot: null, top: TOP_DEFAULT, sort: [] };
  const others = grouping.keys.filter((each) => each.column !== column);
  const keys = others.length < grouping.keys.length ? others : [...grouping.keys, key];
  return stateOfGrouping({ ...grouping, keys });
}

/** In words, as the heading of a column. */
export function labelOfKey({ column, granularity }: GroupKey): string {
  return granularity ? `${column} by ${granularity}` : column;
}

export function labelOfMeasure({ function: name, column }: Measure): string {
  return column === null ? "Rows" : name === "distinct" ? `distinct ${column}` : `${name} of ${column}`;
}
