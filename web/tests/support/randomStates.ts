/** Questions that a reader may come to on a dashboard: periods, comparisons, filters, pages; by a seed. */
import type { Compare, Filter, PeriodSpec, Scalar } from "@canvasback/dashboards/model";
import type { Question, TileChange, Value } from "@canvasback/dashboards/source";

export type Random = () => number;

/** The same numbers for the same seed (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

export interface Choices {
  /** Some values of each dimension that may be filtered by. */
  values: Readonly<Record<string, readonly Value[]>>;
  firstDay: string;
  lastDay: string;
  tiles: readonly { type: string; measures: readonly string[]; by: readonly string[] }[];
}

const DAY_MS = 86_400_000;
const PERIODS = [
  "last_7_days", "last_30_days", "last_90_days", "last_12_months", "this_month", "last_month", "this_quarter",
  "last_quarter", "this_year", "last_year", "this_week", "last_week", "yesterday", "today", "last_6_weeks", "all",
]; // prettier-ignore

function dayIn(random: Random, { firstDay, lastDay }: Choices): number {
  const [from, to] = [Date.parse(firstDay) - 40 * DAY_MS, Date.parse(lastDay) + 40 * DAY_MS];
  return Math.floor((from + random() * (to - from)) / DAY_MS);
}

const dayText = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

function periodOf(random: Random, choices: Choices): PeriodSpec {
  if (random() < 0.6) return pick(random, PERIODS);
  const days = [dayIn(random, choices), dayIn(random, choices)].sort((a, b) => a - b);
  let [from, to] = [dayText(days[0]!), dayText(days[1]! + 1)];
  if (random() < 0.5) [from, to] = [`${from.slice(0, 7)}-01`, `${dayText(days[1]! + 32).slice(0, 7)}-01`];
  const open = random();
  return open < 0.1 ? { from } : open < 0.2 ? { to } : { from, to };
}

function filterOf(random: Random, values: readonly Value[]): Filter {
  const some = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(random, values) as Scalar);
  const kind = random();
  if (kind < 0.7) return some;
  if (kind < 0.85) return { not: some };
  const from = pick(random, values) as Scalar;
  return from === null ? some : random() < 0.5 ? { from } : { to: from };
}

function changeOf(random: Random, tile: Choices["tiles"][number]): TileChange {
  const change: TileChange = {};
  const isTable = tile.type === "table";
  if ((isTable || tile.type === "bar") && random() < 0.5) {
    change.sort =
      (random() < 0.5 ? "-" : "") + pick(random, isTable ? [...tile.measures, ...tile.by] : tile.measures);
  }
  if (isTable && random() < 0.5)
    Object.assign(change, { limit: 1 + Math.floor(random() * 20), offset: Math.floor(random() * 15) });
  if (isTable && random() < 0.2) change.search = pick(random, ["a", "E", "1", "ß", "an"]);
  if (["line", "area"].includes(tile.type) && random() < 0.5) {
    change.grain = pick(random, ["day", "week", "month", "quarter", "year"] as const);
    if (tile.by.length > 0) change.limit = 1 + Math.floor(random() * 6);
  }
  return change;
}

export function questionOf(random: Random, choices: Choices): Question {
  const names = Object.keys(choices.values);
  const count = random() < 0.3 || names.length === 0 ? 0 : random() < 0.7 ? 1 : 2;
  const filtered = new Set(Array.from({ length: count }, () => pick(random, names)));
  const compare = pick<Compare | undefined>(random, [undefined, undefined, "previous_period", "year_before", "none"]);
  return {
    tiles: choices.tiles.flatMap((tile, at) => {
      if (tile.type === "text") return [];
      const change = random() < 0.4 ? changeOf(random, tile) : {};
      return [Object.keys(change).length > 0 ? { tile: at, ...change } : at];
    }),
    period: periodOf(random, choices),
    ...(compare === undefined ? {} : { compare }),
    filters: Object.fromEntries([...filtered].map((name) => [name, filterOf(random, choices.values[name]!)])),
    timezone: "UTC",
    known: [],
  };
}
