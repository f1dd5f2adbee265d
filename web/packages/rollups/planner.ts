/**
 * Numbers of a published page from its rollups: which days a period is, which rollups have them, and answers as the
 * live server gives them. What the site does not have is an error that says what it has, never a wrong number.
 */
import { localOf } from "@canvasback/dashboards/zone";
import type { Answer, AnsweredModel, Answers, DataSource, Question, TileAnswer } from "@canvasback/dashboards/source";
import { HostError } from "@canvasback/parquet/host";

import { Answering, type BothGroups, sparkRows } from "./answer";
import { emptyCells, mergeCells } from "./cells";
import { type Asked, type Choice, type Days, choose, extentOf, insteadOf } from "./choose";
import { isNothing } from "./conditions";
import type { SiteModel, SitePage } from "./contract";
import { detailPage } from "./details";
import { WEEKDAYS, grainFor, parseDay } from "./days";
import { type DayRange, type PeriodWish, comparedDays, daysOf, spanOf, wishOf } from "./periods";
import { needsOf } from "./measures";
import type { SiteStore } from "./store";
import { type Group, groupsOf } from "./table";
import { type MetricsQuery, metricsOf, queryOf } from "./tiles";

const POINTS_MAX = 150;
const SPARK_POINTS_MAX = 400;
const DAY_MS = 86_400_000;

/** What the site does not have, and what it has instead. */
export class Unavailable extends Error {}

export interface Periods {
  wish: PeriodWish;
  /** Null of models without time. */
  period: DayRange | null;
}

/** What a question's period is for a model. */
export function periodsOf(page: SitePage, model: SiteModel, spec: Question["period"], now = Date.now()): Periods {
  const metrics = metricsOf(page).find(({ name }) => ((name as string | undefined) ?? "") === model.name);
  const wish = wishOf(spec);
  if (typeof metrics?.time !== "string" || metrics.time === "") return { wish, period: null };
  const last = parseDay(model.last_day);
  const isToday = metrics.until === "now" || last === null;
  const lastDay = isToday ? Math.floor(localOf(now, model.timezone) / DAY_MS) : last;
  return { wish, period: daysOf(wish, lastDay, WEEKDAYS[model.week_start]) };
}

/** The days of a range that have rows; null of models without time, "none" where there are none. */
function withRows(model: SiteModel, range: DayRange | null): Days | null | "none" {
  if (range === null) return null;
  const extent = extentOf(model);
  if (!extent) return "none";
  const from = range.from === null ? extent.from : Math.max(range.from, extent.from);
  const to = range.to === null ? extent.to : Math.min(range.to, extent.to);
  return from < to ? { from, to } : "none";
}

/** How many days a period has, for the grain that fits it. */
function lengthOf(model: SiteModel, period: DayRange | null): number {
  if (period && period.from !== null && period.to !== null) return period.to - period.from;
  if (model.newest === null) return 1;
  const utcDay = (text: string): number => Math.floor(Date.parse(text) / DAY_MS);
  const oldest = model.oldest ? utcDay(model.oldest) : (parseDay(model.first_day) ?? 0);
  const from = period?.from ?? oldest;
  const to = period?.to ?? utcDay(model.newest) + 1;
  return Math.max(1, to - from);
}

const nameList = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

function unavailable(query: MetricsQuery, asked: Asked): Unavailable {
  const { model } = query;
  const of = nameList(query.measures.map((name) => name.replaceAll("_", " ")));
  const by = nameList(asked.dimensions.map((name) => name.replaceAll("_", " ")));
  const reason = model.unavailable.find(
    ({ dimensions }) =>
      dimensions.length === asked.dimensions.length && dimensions.every((name) => asked.dimensions.includes(name)),
  )?.reason;
  const instead = insteadOf(model, asked);
  const there = instead.length > 0 ? ` There is: ${instead.join(", ")}.` : "";
  const what = by === "" ? `${of} in this period` : `${of} by ${by} in this period`;
  return new Unavailable(`Not in this published site: ${what}${reason ? ` (${reason})` : ""}.${there}`);
}

export class Planner implements DataSource {
  private readonly page: SitePage;
  private readonly store: SiteStore;

  constructor(page: SitePage, store: SiteStore) {
    this.page = page;
    this.store = store;
  }

  async ask(question: Question, signal: AbortSignal): Promise<Answers> {
    const asked = question.tiles.map((item) => this.asked(item, question));
    const tiles = await Promise.all(asked.map((each) => this.tile(each, question, signal)));
    return { models: this.models(asked, question), tiles };
  }

  private asked(item: Question["tiles"][number], question: Question): ReturnType<typeof queryOf> | TileAnswer {
    const number = typeof item === "number" ? item : "tile" in item ? item.tile : null;
    try {
      return queryOf(this.page, item, question);
    } catch (error) {
      return { tile: number, error: { title: "Invalid question", detail: (error as Error).message } };
    }
  }

  private models(asked: readonly (ReturnType<typeof queryOf> | TileAnswer)[], question: Question): AnsweredModel[] {
    const queries = asked.flatMap((each) => ("query" in each && each.query ? [each.query] : []));
    return this.page.models.flatMap((model): AnsweredModel[] => {
      const own = queries.filter((query) => query.model === model);
      if (own.length === 0) return [];
      const { wish, period } = periodsOf(this.page, model, question.period);
      const compare = own.find((query) => query.compare !== "none")?.compare ?? "none";
      const compared = period && comparedDays(wish, period, compare);
      const { name, dataset, timezone, newest } = model;
      return [
        { name, dataset, timezone, newest, period: period && spanOf(period), compare: compared && spanOf(compared) },
      ];
    });
  }

  private async tile(
    asked: ReturnType<typeof queryOf> | TileAnswer,
    question: Question,
    signal: AbortSignal,
  ): Promise<TileAnswer> {
    if (!("query" in asked)) return asked;
    const { number: tile, query } = asked;
    if (!query) return { tile };
    const key = JSON.stringify([tile, question.period, { ...query, model: query.model.name }]);
    if (question.known.includes(key)) return { tile, key };
    try {
      return { tile, key, answer: await this.answer(query, question, signal) };
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof HostError && error.isMissing) throw error;
      const isUnavailable = error instanceof Unavailable;
      const title = isUnavailable ? "Not in this published site" : "The numbers could not be read";
      const detail = error instanceof Error ? error.message : String(error);
      return { tile, error: { title, detail, isUnavailable } };
    }
  }

  private async answer(query: MetricsQuery, question: Question, signal: AbortSignal): Promise<Answer> {
    const { model } = query;
    const { wish, period } = periodsOf(this.page, model, question.period);
    const compared = period && comparedDays(wish, period, query.compare);
    const length = lengthOf(model, period);
    const grain = query.grain === "fits" ? grainFor(length, query.smallest, POINTS_MAX) : query.grain;
    const page = grain === null && !compared ? await this.detail(query, period, signal) : null;
    const answer = page ?? (await this.general(query, grain, period, compared, signal));
    if (query.spark !== null) {
      const fits = grainFor(length, query.spark, SPARK_POINTS_MAX);
      const days = withRows(model, period);
      const groups = days === "none" ? [] : await this.groups({ ...query, dimensions: [] }, fits, days, signal);
      answer.spark = { grain: fits, rows: sparkRows(query, fits, groups) };
    }
    if (query.unusedFilters.length > 0) answer.unused_filters = query.unusedFilters;
    return answer;
  }

  private async general(
    query: MetricsQuery,
    grain: string | null,
    period: DayRange | null,
    compared: DayRange | null,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { model } = query;
    const of = async (range: DayRange | null): Promise<Group[]> => {
      const days = withRows(model, range);
      return days === "none" ? [] : this.groups(query, grain, days, signal);
    };
    const [now, then] = await Promise.all([of(period), compared ? of(compared) : null]);
    const groups: BothGroups = { now, then };
    return new Answering(query, grain, groups).answer();
  }

  /** One page of what is too large to be read as a whole. */
  private async detail(query: MetricsQuery, period: DayRange | null, signal: AbortSignal): Promise<Answer | null> {
    const days = withRows(query.model, period);
    if (days === "none") return null;
    const wanted = detailPage(query, days);
    if (!wanted) return null;
    const total = this.groups({ ...query, dimensions: [] }, null, days, signal);
    const [rows, whole] = await Promise.all([this.store.rows(wanted.rollup, wanted.groups, signal), total]);
    return wanted.answer(rows, whole);
  }

  private async groups(
    query: MetricsQuery,
    grain: string | null,
    days: Days | null,
    signal: AbortSignal,
  ): Promise<Group[]> {
    const { model } = query;
    const where = query.where.filter(({ filter }) => !isNothing(filter));
    const dimensions = [...new Set([...query.dimensions, ...where.map(({ dimension }) => dimension)])];
    const asked: Asked = { dimensions, grain, days, needs: needsOf(model, query.measures) };
    const choices = choose(model, asked, (rollup) => this.store.cost(rollup, model, where));
    if (!choices) throw unavailable(query, asked);
    const by = { grain, dimensions: query.dimensions, where, days };
    const found = await Promise.all(
      choices.map(async (choice: Choice) => {
        const table = await this.store.table(choice, model, where, signal);
        return groupsOf(table, model, by, choice);
      }),
    );
    return found.length === 1 ? found[0]! : together(model, found);
  }
}

/** Groups of several rollups, which know different things of the same rows. */
function together(model: SiteModel, parts: readonly Group[][]): Group[] {
  const out = new Map<string, Group>();
  for (const groups of parts) {
    for (const { time, values, cells } of groups) {
      const key = JSON.stringify([time, values]);
      let found = out.get(key);
      if (!found) out.set(key, (found = { time, values, cells: emptyCells() }));
      mergeCells(model, found.cells, cells);
    }
  }
  return [...out.values()];
}
