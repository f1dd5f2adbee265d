/** What a reader has chosen on a dashboard: period, comparison, filters, and how tiles are shown; in the address. */
import type { Compare, PeriodSpec, Scalar } from "./model";
import type { Filter, Filters, TileChange, TileChanges } from "./source";
import { periodFromText, periodText } from "./periods";

export interface DashboardState {
  /** Undefined: the dashboard's own. */
  period?: PeriodSpec;
  compare?: Compare;
  filters: Filters;
  tiles: Readonly<Record<number, TileChange>>;
}

/** As parameters of an address; a member without text is not in it. */
export interface StateText {
  period?: string;
  compare?: string;
  filter?: string;
  tiles?: string;
}

export const EMPTY_STATE: DashboardState = { filters: {}, tiles: {} };

const isScalar = (value: unknown): value is Scalar =>
  value === null || ["string", "number", "boolean"].includes(typeof value);

function json(text: string | undefined): Record<string, unknown> {
  if (!text) return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}

function filterOf(value: unknown): Filter | null {
  if (Array.isArray(value)) return value.length > 0 && value.every(isScalar) ? value : null;
  if (typeof value !== "object" || value === null) return null;
  const { not, from, to } = value as { not?: unknown; from?: unknown; to?: unknown };
  if (Array.isArray(not) && not.length > 0 && not.every(isScalar)) return { not };
  const range: { from?: Scalar; to?: Scalar } = {};
  if (from !== undefined && isScalar(from)) range.from = from;
  if (to !== undefined && isScalar(to)) range.to = to;
  return "from" in range || "to" in range ? range : null;
}

const CHANGES: Readonly<Record<keyof TileChange, (value: unknown) => boolean>> = {
  limit: (value) => Number.isSafeInteger(value) && Number(value) > 0,
  offset: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  sort: (value) => typeof value === "string",
  grain: (value) => typeof value === "string",
  search: (value) => typeof value === "string",
  measure: (value) => typeof value === "string",
  measures: (value) => Array.isArray(value) && value.every((each) => typeof each === "string"),
  by: (value) =>
    typeof value === "string" || (Array.isArray(value) && value.every((each) => typeof each === "string")),
};

function changeOf(value: unknown): TileChange {
  if (typeof value !== "object" || value === null) return {};
  const kept = Object.entries(value).filter(([name, each]) => CHANGES[name as keyof TileChange]?.(each));
  return Object.fromEntries(kept) as TileChange;
}

/** What an address says; whatever is not understood of it is left out. */
export function stateFromText(text: StateText): DashboardState {
  const filters = Object.entries(json(text.filter)).flatMap(([name, value]) => {
    const filter = filterOf(value);
    return filter ? [[name, filter] as const] : [];
  });
  const tiles = Object.entries(json(text.tiles)).flatMap(([index, value]) => {
    const change = changeOf(value);
    return /^\d{1,3}$/.test(index) && Object.keys(change).length > 0 ? [[Number(index), change] as const] : [];
  });
  const period = periodFromText(text.period);
  const compare = ["previous_period", "year_before", "none"].find((each) => each === text.compare) as
    Compare | undefined;
  return {
    ...(period === undefined ? {} : { period }),
    ...(compare === undefined ? {} : { compare }),
    filters: Object.fromEntries(filters),
    tiles: Object.fromEntries(tiles),
  };
}

const jsonOrNothing = (value: object): string | undefined =>
  Object.keys(value).length > 0 ? JSON.stringify(value) : undefined;

export function stateToText(state: DashboardState): Record<keyof StateText, string | undefined> {
  return {
    period: state.period === undefined ? undefined : periodText(state.period),
    compare: state.compare,
    filter: jsonOrNothing(state.filters),
    tiles: jsonOrNothing(state.tiles),
  };
}

/** Pages of tables begin anew where their groups may be others. */
function firstPages(tiles: DashboardState["tiles"]): DashboardState["tiles"] {
  const kept = Object.entries(tiles).flatMap(([index, change]) => {
    const { offset: _, ...rest } = change;
    return Object.keys(rest).length > 0 ? [[Number(index), rest] as const] : [];
  });
  return Object.fromEntries(kept);
}

export function withPeriod(state: DashboardState, period: PeriodSpec | undefined): DashboardState {
  const { period: _, ...rest } = state;
  return { ...rest, tiles: firstPages(state.tiles), ...(period === undefined ? {} : { period }) };
}

export function withCompare(state: DashboardState, compare: Compare | undefined): DashboardState {
  const { compare: _, ...rest } = state;
  return { ...rest, ...(compare === undefined ? {} : { compare }) };
}

/** Filters a dimension, or with undefined no longer. */
export function withFilter(state: DashboardState, name: string, filter: Filter | undefined): DashboardState {
  const { [name]: _, ...others } = state.filters;
  return {
    ...state,
    tiles: firstPages(state.tiles),
    filters: filter === undefined ? others : { ...others, [name]: filter },
  };
}

/** Values that a filter is of; nothing where it is a range or says which values are left out. */
export function valuesOf(filter: Filter | undefined): readonly Scalar[] {
  return Array.isArray(filter) ? (filter as readonly Scalar[]) : [];
}

/** A click on a value: alone, or no more if it already is. */
export function toggled(state: DashboardState, name: string, value: Scalar): DashboardState {
  const old = valuesOf(state.filters[name]);
  const isAlone = old.length === 1 && old[0] === value;
  return withFilter(state, name, isAlone ? undefined : [value]);
}

export function withChange(state: DashboardState, tile: number, change: TileChanges): DashboardState {
  const merged = { ...state.tiles[tile], ...change };
  const kept = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined)) as TileChange;
  const { [tile]: _, ...others } = state.tiles;
  return { ...state, tiles: Object.keys(kept).length > 0 ? { ...others, [tile]: kept } : others };
}
