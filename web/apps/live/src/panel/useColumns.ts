/** The columns as the address says they stand: which, in what order, how wide, pinned; and how to change that. */
import { useCallback, useMemo, useRef } from "react";

import { type Condition, parseFilter } from "@canvasback/client/filters";
import type { SortKey } from "@canvasback/client/stream/protocol";
import type { ColumnMark } from "@canvasback/grid/Header";
import type { GridColumn } from "@canvasback/frame/dataFrame";
import { type ShownColumn, defaultWidth } from "@canvasback/grid/layout";
import {
  type GridState,
  joinNames,
  joinSort,
  joinWidths,
  splitNames,
  splitSort,
  splitWidths,
  toggledSort,
} from "../state/gridState";

export type ChangeState = (change: Partial<Record<keyof GridState, string | undefined>>) => void;

export interface Columns {
  all: readonly GridColumn[];
  shown: readonly ShownColumn[];
  hidden: ReadonlySet<string>;
  pinned: ReadonlySet<string>;
  sort: readonly SortKey[];
  conditions: readonly Condition[];
  marks: ReadonlyMap<number, ColumnMark>;
  toggleSort(index: number, add: boolean): void;
  setSort(keys: readonly SortKey[]): void;
  resize(index: number, width: number): void;
  move(index: number, place: number): void;
  setHidden(names: readonly string[]): void;
  togglePin(name: string): void;
  reset(): void;
}

/** Indexes in the order of the address; columns that it does not name keep their place behind. */
function ordered(all: readonly GridColumn[], order: readonly string[]): number[] {
  if (order.length === 0) return all.map((_, index) => index);
  const byName = new Map(all.map((column, index) => [column.name, index]));
  const named = order.flatMap((name) => byName.get(name) ?? []);
  const taken = new Set(named);
  return [...named, ...all.map((_, index) => index).filter((index) => !taken.has(index))];
}

export function useColumns(
  all: readonly GridColumn[],
  state: GridState,
  change: ChangeState,
  fitted?: ReadonlyMap<string, number>,
): Columns {
  const pins = state.pin ?? "";
  const shown = useMemo(() => {
    const hidden = new Set(splitNames(state.hide));
    const pinned = new Set(splitNames(pins));
    const widths = splitWidths(state.widths);
    return ordered(all, splitNames(state.order))
      .filter((index) => !hidden.has(all[index]?.name ?? ""))
      .map((index): ShownColumn => {
        const { name = "", type = "" } = all[index] ?? {};
        return {
          index,
          width: widths.get(name) ?? fitted?.get(name) ?? defaultWidth(name, type),
          pinned: pinned.has(name),
        };
      });
  }, [all, state.hide, pins, state.order, state.widths, fitted]);
  const conditions = useMemo(() => parseFilter(state.filter), [state.filter]);
  const sort = useMemo(() => splitSort(state.sort), [state.sort]);
  const marks = useMemo(() => {
    const filtered = new Set(conditions.map((condition) => condition.column));
    const found = new Map<number, ColumnMark>();
    all.forEach(({ name }, index) => {
      const place = sort.findIndex((key) => key.column === name);
      if (place < 0 && !filtered.has(name)) return;
      const descending = sort[place]?.descending ?? false;
      found.set(index, { sortPlace: place < 0 ? null : place + 1, descending, filtered: filtered.has(name) });
    });
    return found;
  }, [all, sort, conditions]);

  // The header's cells are drawn once and stay: what they call must not change with every state.
  const latest = useRef({ all, shown, state, sort, change });
  latest.current = { all, shown, state, sort, change };
  const toggleSort = useCallback((index: number, add: boolean) => {
    const { all: columns, sort: keys, change: set } = latest.current;
    const name = columns[index]?.name;
    if (name !== undefined) set({ sort: joinSort(toggledSort(keys, name, add)) });
  }, []);
  const resize = useCallback((index: number, width: number) => {
    const { all: columns, state: now, change: set } = latest.current;
    const name = columns[index]?.name;
    if (name !== undefined) set({ widths: joinWidths(splitWidths(now.widths).set(name, width)) });
  }, []);
  const move = useCallback((index: number, place: number) => {
    const { all: columns, shown: now, state: at, change: set } = latest.current;
    const placed = [...now.filter((column) => column.pinned), ...now.filter((column) => !column.pinned)];
    const from = placed.findIndex((column) => column.index === index);
    const to = Math.max(0, Math.min(placed.length - 1, place));
    const [moved] = placed.splice(from, 1);
    if (!moved) return;
    placed.splice(to, 0, moved);
    const names = placed.map((column) => columns[column.index]?.name ?? "");
    set({ order: joinNames([...names, ...splitNames(at.hide)]) });
  }, []);
  return {
    all,
    shown,
    hidden: new Set(splitNames(state.hide)),
    pinned: new Set(splitNames(state.pin)),
    sort,
    conditions,
    marks,
    toggleSort,
    setSort: (keys) => change({ sort: joinSort(keys) }),
    resize,
    move,
    setHidden: (names) => change({ hide: joinNames(names) }),
    togglePin: (name) => {
      const names = splitNames(state.pin);
      change({ pin: joinNames(names.includes(name) ? names.filter((each) => each !== name) : [...names, name]) });
    },
    reset: () => change({ hide: undefined, pin: undefined, order: undefined, widths: undefined }),
  };
}
