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
  exportJob: string | null;
  /** What ran last, together: each has a result, which is there again after a reload. */
  runs: RunStatement[];
  /** Whose result is in sight. */
  shown: string | null;
}

export interface RunStatement {
  id: string;
  sql: string;
  /** Where it starts in the tab's text. */
  from: number;
  parameters: unknown[] | Record<string, unknown> | undefined;
  /** How long its first rows took; null while that is not known. */
  ms: number | null;
  grid: GridState;
  isChart: boolean;
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
  add(start?: TabStart): void;
  /** What a link brings, in a tab of its own, or in the one that has it already: its id, that it may run. */
  arrive(tab: TabStart & { sql: string }): string;
  close(id: string): void;
  choose(id: string): void;
  change(id: string, change: Partial<SqlTab>): void;
  changeRun(tab: string, run: string, change: Partial<RunStatement>): void;
  remember(sql: string): void;
  forget(): void;
  /** Under its name; a view of that name is replaced. */
  save(view: SavedView): void;
  drop(name: string): void;
}

const HISTORY_MAX = 500;

/** What a new tab begins with. */
export type TabStart = Partial<Pick<SqlTab, "name" | "sql" | "parameters">>;

const newTab = (start: TabStart & { name: string }): SqlTab => ({
  id: randomId(),
  sql: "",
  parameters: {},
  exportJob: null,
  runs: [],
  shown: null,
  ...start,
});

/** "Query 3": the smallest number that no tab has. */
function freeName(tabs: readonly SqlTab[]): string {
  let number = 1;
  while (tabs.some((tab) => tab.name === `Query ${number}`)) number += 1;
  return `Query ${number}`;
}

const first = newTab({ name: "Query 1" });

/** As tabs were stored when each had one result. */
interface OldTab {
  grid: GridState;
  run: Pick<RunStatement, "sql" | "from" | "parameters" | "ms"> | null;
}

/** What an earlier version of the app stored in the browser. */
export function migrated(stored: unknown, version: number): unknown {
  if (version > 0) return stored;
  const { tabs, ...rest } = stored as { tabs: (SqlTab & OldTab)[] };
  const moved = tabs.map(({ run, grid, ...tab }): SqlTab => {
    const runs = run ? [{ ...run, id: randomId(), grid, isChart: false }] : [];
    return { ...tab, runs, shown: runs[0]?.id ?? null };
  });
  return { ...rest, tabs: moved };
}

export const useSqlStore = create<SqlStore>()(
  persist(
    (set, get) => ({
      tabs: [first],
      active: first.id,
      history: [],
      views: [],
      add: (start = {}) =>
        set(({ tabs }) => {
          const tab = newTab({ name: freeName(tabs), ...start });
          return { tabs: [...tabs, tab], active: tab.id };
        }),
      arrive: (brought) => {
        const values = JSON.stringify(brought.parameters ?? {});
        const isSame = (tab: SqlTab): boolean => tab.sql === brought.sql && JSON.stringify(tab.parameters) === values;
        const known = get().tabs.find(isSame);
        if (known) set({ active: known.id });
        else get().add(brought);
        return get().active;
      },
      close: (id) =>
        set(({ tabs, active }) => {
          const at = tabs.findIndex((tab) => tab.id === id);
          const left = tabs.filter((tab) => tab.id !== id);
          if (left.length === 0) left.push(newTab({ name: "Query 1" }));
          return { tabs: left, active: active === id ? (left[Math.max(0, at - 1)] ?? left[0])!.id : active };
        }),
      choose: (active) => set({ active }),
      change: (id, change) =>
        set(({ tabs }) => ({ tabs: tabs.map((tab) => (tab.id === id ? { ...tab, ...change } : tab)) })),
      changeRun: (tabId, runId, change) =>
        set(({ tabs }) => ({
          tabs: tabs.map((tab) =>
            tab.id === tabId
              ? { ...tab, runs: tab.runs.map((run) => (run.id === runId ? { ...run, ...change } : run)) }
              : tab,
          ),
        })),
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
    { name: "canvasback-sql", version: 1, migrate: (stored, version) => migrated(stored, version) as SqlStore },
  ),
);
