/** Statements that are being written and those that ran; both outlive the page. */
import { create } from "zustand";
import { persist } from "zustand/middleware";

import { randomId } from "@canvasback/values/randomId";
import type { GridState } from "../state/gridState";
import type { SavedView } from "./views";

export interface SqlTab {
  id: string;
  name: string;
  sql: string;
  /** What was typed for each parameter, by its name without the dollar sign. */
  parameters: Record<string, string>;
  grid: GridState;
  exportJob: string | null;
  /** What ran last: its result is shown again after a reload. */
  run: RunStatement | null;
}

export interface RunStatement {
  sql: string;
  /** Where it starts in the tab's text. */
  from: number;
  parameters: unknown[] | Record<string, unknown> | undefined;
  /** How long its first rows took; null while that is not known. */
  ms: number | null;
}

export interface HistoryEntry {
  sql: string;
  at: string;
}

interface SqlStore {
  tabs: SqlTab[];
  active: string;
  history: HistoryEntry[];
  views: SavedView[];
  add(sql?: string): void;
  close(id: string): void;
  choose(id: string): void;
  change(id: string, change: Partial<SqlTab>): void;
  remember(sql: string): void;
  forget(): void;
  /** Under its name; a view of that name is replaced. */
  save(view: SavedView): void;
  drop(name: string): void;
}

const HISTORY_MAX = 500;

const newTab = (name: string, sql: string): SqlTab => ({
  id: randomId(),
  name,
  sql,
  parameters: {},
  grid: {},
  exportJob: null,
  run: null,
});

/** "Query 3": the smallest number that no tab has. */
function freeName(tabs: readonly SqlTab[]): string {
  let number = 1;
  while (tabs.some((tab) => tab.name === `Query ${number}`)) number += 1;
  return `Query ${number}`;
}

const first = newTab("Query 1", "");

export const useSqlStore = create<SqlStore>()(
  persist(
    (set) => ({
      tabs: [first],
      active: first.id,
      history: [],
      views: [],
      add: (sql = "") =>
        set(({ tabs }) => {
          const tab = newTab(freeName(tabs), sql);
          return { tabs: [...tabs, tab], active: tab.id };
        }),
      close: (id) =>
        set(({ tabs, active }) => {
          const at = tabs.findIndex((tab) => tab.id === id);
          const left = tabs.filter((tab) => tab.id !== id);
          if (left.length === 0) left.push(newTab("Query 1", ""));
          return { tabs: left, active: active === id ? (left[Math.max(0, at - 1)] ?? left[0])!.id : active };
        }),
      choose: (active) => set({ active }),
      change: (id, change) =>
        set(({ tabs }) => ({ tabs: tabs.map((tab) => (tab.id === id ? { ...tab, ...change } : tab)) })),
      remember: (sql) =>
        set(({ history }) => ({
          history: [{ sql, at: new Date().toISOString() }, ...history.filter((entry) => entry.sql !== sql)].slice(
            0,
            HISTORY_MAX,
          ),
        })),
      forget: () => set({ history: [] }),
      save: (view) =>
        set(({ views }) => ({
          views: [...views.filter(({ name }) => name !== view.name), view].sort((a, b) => (a.name < b.name ? -1 : 1)),
        })),
      drop: (name) => set(({ views }) => ({ views: views.filter((view) => view.name !== name) })),
    }),
    { name: "canvasback-sql" },
  ),
);
