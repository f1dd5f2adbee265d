/**
 * Numbers of the tiles that are wanted, kept up to date with the state. All that changed goes into one question; the
 * answers that are there stay on the page until the next ones come, and a question that nobody waits for is aborted.
 */
import { useEffect, useMemo, useReducer, useRef } from "react";

import type { Dashboard } from "./model";
import type { Answer, AnsweredModel, Answers, DataSource, Question, TileAnswer } from "./source";
import type { DashboardState } from "./state";
import { readersZone } from "./zone";

export interface Slot {
  /** The question that answer and error belong to. */
  asked: string;
  key: string | undefined;
  answer: Answer | null;
  error: string | null;
  /** The source does not have the numbers: those of an earlier question are gone, too. */
  isUnavailable?: boolean;
}

interface Asking {
  /** By tile, what is asked of it. */
  tiles: ReadonlyMap<number, string>;
  abort: AbortController;
}

export interface BoardAnswers {
  slots: ReadonlyMap<number, Slot>;
  models: readonly AnsweredModel[];
  isLoading(tile: number): boolean;
  isAsking: boolean;
  /** When the last answer came. */
  answeredAt: number | null;
}

interface Store {
  /** Where the numbers are from; another one asks again, and the answers stay on the page meanwhile. */
  of: object | null;
  epoch: number;
  base: string;
  slots: Map<number, Slot>;
  /** By tile, the question that the page has now: an answer to an earlier one that comes late is not shown. */
  latest: Map<number, string>;
  asking: Set<Asking>;
  models: readonly AnsweredModel[];
  answeredAt: number | null;
}

const emptyStore = (of: object | null): Store => ({
  of,
  epoch: 0,
  base: "",
  slots: new Map(),
  latest: new Map(),
  asking: new Set(),
  models: [],
  answeredAt: null,
});

export interface AnswersOptions {
  source: DataSource;
  dashboard: Dashboard;
  state: DashboardState;
  /** Tiles that are in sight: asked first. */
  wanted: ReadonlySet<number>;
  /** Another number asks again. */
  revision: number;
}

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

/** The tiles to ask for, each with what is asked of it: those that are neither answered nor being asked. */
export function openQuestions(
  wanted: Iterable<number>,
  questionOf: (tile: number) => string,
  slots: ReadonlyMap<number, Slot>,
  asking: Iterable<Asking>,
): Map<number, string> {
  const open = new Map<number, string>();
  for (const tile of wanted) {
    const question = questionOf(tile);
    const isAnswered = slots.get(tile)?.asked === question;
    const isAsked = [...asking].some(({ tiles }) => tiles.get(tile) === question);
    if (!isAnswered && !isAsked) open.set(tile, question);
  }
  return open;
}

interface Settled {
  tile: number;
  asked: string;
  found: TileAnswer | undefined;
  /** Answers that the question said are there, by their keys: tiles of a file that is edited may change places. */
  known: ReadonlyMap<string, Answer>;
}

function settle(slots: Map<number, Slot>, { tile, asked, found, known }: Settled): void {
  const old = slots.get(tile);
  const same = found?.key === undefined ? undefined : known.get(found.key);
  if (found?.error) {
    const error = found.error.detail ?? found.error.title ?? "The numbers could not be computed.";
    const isUnavailable = found.error.isUnavailable === true;
    slots.set(tile, {
      asked,
      key: undefined,
      answer: isUnavailable ? null : (old?.answer ?? null),
      error,
      isUnavailable,
    });
  } else if (found?.answer) {
    slots.set(tile, { asked, key: found.key, answer: found.answer, error: null });
  } else {
    // What was known is still so.
    slots.set(tile, { asked, key: found?.key ?? old?.key, answer: same ?? old?.answer ?? null, error: null });
  }
}

/** Answers have the models of the tiles that were asked for; of others, what was known stays so. */
export function withModels(known: readonly AnsweredModel[], found: readonly AnsweredModel[]): AnsweredModel[] {
  return [...known.filter(({ name }) => !found.some((each) => each.name === name)), ...found];
}

export function useAnswers({ source, dashboard, state, wanted, revision }: AnswersOptions): BoardAnswers {
  const [settled, redraw] = useReducer((count: number) => count + 1, 0);
  const store = useRef<Store>(emptyStore(null));
  const timezone = useMemo(readersZone, []);
  const base = JSON.stringify([state.period, state.compare, state.filters, revision]);
  const wantedKey = [...wanted].sort((a, b) => a - b).join();

  useEffect(() => {
    const { slots, asking, latest } = store.current;
    if (store.current.of !== source || store.current.base !== base) {
      // Of another period, filter or file: nobody waits for it.
      for (const each of asking) each.abort.abort();
      // The page may be back where it was, with nothing to ask: it is then no longer waiting.
      if (asking.size > 0) redraw();
      asking.clear();
      if (store.current.of !== source) store.current.epoch += 1;
      store.current.of = source;
      store.current.base = base;
    }
    const questionOf = (tile: number): string =>
      `${store.current.epoch}${base}${JSON.stringify(state.tiles[tile] ?? null)}`;
    const all = dashboard.tiles.flatMap(({ type }, tile) => (type === "text" ? [] : [tile]));
    for (const tile of all) latest.set(tile, questionOf(tile));
    const inSight = all.filter((tile) => wanted.has(tile));
    let open = openQuestions(inSight, questionOf, slots, asking);
    // What is not in sight is asked once all that is has come: for paper, and for a reader who scrolls.
    if (open.size === 0 && asking.size === 0 && wanted.size > 0) open = openQuestions(all, questionOf, slots, asking);
    if (open.size === 0) return;
    const mine: Asking = { tiles: open, abort: new AbortController() };
    asking.add(mine);
    redraw();
    const numbers = [...open.keys()];
    const known = new Map<string, Answer>();
    for (const { key, answer } of slots.values()) if (key !== undefined && answer) known.set(key, answer);
    const question: Question = {
      tiles: numbers.map((tile) => (state.tiles[tile] ? { tile, ...state.tiles[tile] } : tile)),
      period: state.period ?? dashboard.period,
      ...(state.compare === undefined ? {} : { compare: state.compare }),
      filters: state.filters,
      timezone,
      known: [...known.keys()],
    };
    const current = store.current;
    const take = (tile: number, found: TileAnswer | undefined): void => {
      const asked = open.get(tile) ?? "";
      if (latest.get(tile) === asked) settle(slots, { tile, asked, found, known });
    };
    source.ask(question, mine.abort.signal).then(
      (answers: Answers) => {
        if (!asking.delete(mine)) return;
        numbers.forEach((tile, at) => take(tile, answers.tiles[at]));
        current.models = withModels(current.models, answers.models);
        current.answeredAt = Date.now();
        redraw();
      },
      (error: unknown) => {
        if (!asking.delete(mine) || isAbort(error)) return;
        const detail = error instanceof Error ? error.message : String(error);
        for (const tile of numbers) take(tile, { tile, error: { detail } });
        redraw();
      },
    );
    // The keys say what of the others matters.
  }, [source, dashboard, base, JSON.stringify(state.tiles), wantedKey, settled]);

  useEffect(
    () => () => {
      for (const { abort } of store.current.asking) abort.abort();
      store.current = emptyStore(null);
    },
    [],
  );

  const { slots, asking, models, answeredAt } = store.current;
  return {
    slots,
    models,
    isLoading: (tile) => [...asking].some(({ tiles }) => tiles.has(tile)),
    isAsking: asking.size > 0,
    answeredAt,
  };
}
