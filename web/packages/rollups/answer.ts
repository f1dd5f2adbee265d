/** Answers of tiles from groups: rows, what is beyond the top, totals and order, by the rules of the live server. */
import type { Answer, AnswerColumn, Value } from "@canvasback/dashboards/source";

import { type Cells, emptyCells, mergeCells } from "./cells";
import type { SiteModel } from "./contract";
import { dayText } from "./days";
import { type MeasureValue, compareValues, exactness, measureJson, measureValue, typeOfMade } from "./measures";
import type { Group } from "./table";
import { GROUPS_MAX, type MetricsQuery } from "./tiles";
import { folded, typed } from "./values";

/** Of the period and of the one that is compared with; null where there is none. */
export interface BothGroups {
  now: Group[];
  then: Group[] | null;
}

interface Row {
  time: number | null;
  values: (string | null)[];
  now: Cells | null;
  then: Cells | null;
}

const timeOf = (time: number, grain: string): string =>
  grain === "hour" ? new Date(time).toISOString().replace(".000Z", "Z") : dayText(time);

const keyOf = (time: number | null, values: readonly (string | null)[]): string => JSON.stringify([time, values]);

/** Groups by fewer keys: the time if it stays, and so many of the first dimensions. */
export function merged(
  model: SiteModel,
  groups: readonly Group[],
  keep: { time: boolean; dimensions: number },
): Group[] {
  const out = new Map<string, Group>();
  for (const { time, values, cells } of groups) {
    const [at, kept] = [keep.time ? time : null, values.slice(0, keep.dimensions)];
    const key = keyOf(at, kept);
    let found = out.get(key);
    if (!found) out.set(key, (found = { time: at, values: kept, cells: emptyCells() }));
    mergeCells(model, found.cells, cells);
  }
  return [...out.values()];
}

const wholeOf = (model: SiteModel, groups: readonly Group[]): Cells =>
  merged(model, groups, { time: false, dimensions: 0 })[0]?.cells ?? emptyCells();

export class Answering {
  private readonly query: MetricsQuery;
  private readonly model: SiteModel;
  private readonly grain: string | null;
  private readonly groups: BothGroups;
  private readonly types: string[];

  constructor(query: MetricsQuery, grain: string | null, groups: BothGroups) {
    this.query = query;
    this.model = query.model;
    this.grain = grain;
    this.groups = groups;
    this.types = query.measures.map((name) => typeOfMade(this.model, name));
  }

  answer(): Answer {
    return this.grain === null ? this.table() : this.chart(this.grain);
  }

  private columns(hasTime: boolean, isCompared: boolean): AnswerColumn[] {
    const { query, model } = this;
    const measures = (role: "measure" | "compare"): AnswerColumn[] =>
      query.measures.map((name, at) => ({ name, role, type: this.types[at]!, ...exactness(model, name) }));
    const time: AnswerColumn = {
      name: "time",
      role: "time",
      type: this.grain === "hour" ? "TIMESTAMP WITH TIME ZONE" : "DATE",
      exact: true,
    };
    return [
      ...(hasTime ? [time] : []),
      ...query.dimensions.map((name): AnswerColumn => ({
        name,
        role: "dimension",
        type: model.dimensions[name]!.type,
        exact: true,
      })),
      ...measures("measure"),
      ...(isCompared ? measures("compare") : []),
    ];
  }

  private dimensionJson(values: readonly (string | null)[]): Value[] {
    return values.map((text, at) => {
      const type = this.model.dimensions[this.query.dimensions[at]!]!.type;
      return text === null ? null : typed(type).json(text);
    });
  }

  private valuesOf(cells: Cells | null): MeasureValue[] {
    return this.query.measures.map((name) => measureValue(this.model, name, cells));
  }

  private measuresJson(cells: Cells | null): Value[] {
    return this.valuesOf(cells).map((value, at) => measureJson(value, this.types[at]!));
  }

  /** Values of a dimension, from the smallest; null last. */
  private compareDimension(at: number, a: string | null, b: string | null, isDescending = false): number {
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    const order = typed(this.model.dimensions[this.query.dimensions[at]!]!.type).compare(a, b);
    return isDescending ? -order : order;
  }

  /** In the order of rows without time: by the sort, then by values. */
  private ranked<T extends { values: (string | null)[]; now: Cells | null }>(rows: readonly T[]): T[] {
    const { query, types } = this;
    const measureAt = query.measures.indexOf(query.sort);
    const dimensionAt = query.dimensions.indexOf(query.sort);
    const byMeasure = measureAt >= 0 ? measureAt : dimensionAt < 0 && !query.isInOrder ? 0 : -1;
    const isDescending = query.sort === "" || (measureAt < 0 && dimensionAt < 0) ? true : query.isDescending;
    const keyed = rows.map((row) => ({
      row,
      value: byMeasure < 0 ? null : measureValue(this.model, query.measures[byMeasure]!, row.now),
    }));
    // Comparisons of dimensions are made once for each, not anew for each pair of rows.
    const orders = query.dimensions.map((name) => typed(this.model.dimensions[name]!.type));
    const compareValue = (at: number, a: string | null, b: string | null): number =>
      a === null || b === null ? (a === b ? 0 : a === null ? 1 : -1) : orders[at]!.compare(a, b);
    keyed.sort((a, b) => {
      let order = 0;
      if (byMeasure >= 0) order = compareValues(a.value, b.value, types[byMeasure]!, isDescending);
      else if (dimensionAt >= 0) {
        order = this.compareDimension(
          dimensionAt,
          a.row.values[dimensionAt]!,
          b.row.values[dimensionAt]!,
          isDescending,
        );
      }
      for (let at = 0; order === 0 && at < orders.length; ++at) {
        order = compareValue(at, a.row.values[at]!, b.row.values[at]!);
      }
      return order;
    });
    return keyed.map(({ row }) => row);
  }

  /** The top values of the only dimension, in the order of their rank. */
  private topOf(groups: readonly Group[]): (string | null)[] {
    const rows = merged(this.model, groups, { time: false, dimensions: 1 }).map(({ values, cells }) => ({
      values,
      now: cells,
    }));
    const first = this.firstDimension();
    return first
      .ranked(rows)
      .slice(0, this.query.limit ?? rows.length)
      .map(({ values }) => values[0]!);
  }

  /** Ranks are of the first dimension alone. */
  private firstDimension(): Answering {
    return new Answering({ ...this.query, dimensions: this.query.dimensions.slice(0, 1) }, null, this.groups);
  }

  private checkCount(rows: number): void {
    if (rows <= GROUPS_MAX) return;
    throw new Error(`The tile has more than ${GROUPS_MAX} rows: choose a longer grain, a shorter period or a limit.`);
  }

  private chart(grain: string): Answer {
    const { query, model } = this;
    const { now, then } = this.groups;
    const hasSeries = query.dimensions.length > 0;
    const top = hasSeries ? this.topOf(now) : [];
    const rank = new Map(top.map((value, at) => [value, at]));
    const rowsOf = (groups: readonly Group[]): Value[][] => {
      const shown = hasSeries ? groups.filter(({ values }) => rank.has(values[0]!)) : [...groups];
      this.checkCount(shown.length);
      const rankOf = ({ values }: Group): number => (hasSeries ? rank.get(values[0]!)! : 0);
      shown.sort((a, b) => a.time! - b.time! || rankOf(a) - rankOf(b));
      return shown.map(({ time, values, cells }) => [
        timeOf(time!, grain),
        ...this.dimensionJson(values),
        ...this.measuresJson(cells),
      ]);
    };
    const rows = rowsOf(now);
    const compare = then === null ? {} : { compare: rowsOf(then) };
    if (!hasSeries || !query.hasRest) return { grain, columns: this.columns(true, false), rows, ...compare };
    const rest = merged(
      model,
      now.filter(({ values }) => !rank.has(values[0]!)),
      { time: true, dimensions: 0 },
    );
    rest.sort((a, b) => a.time! - b.time!);
    const other = rest.map(({ time, cells }) => [timeOf(time!, grain), null, ...this.measuresJson(cells)]);
    return { grain, columns: this.columns(true, false), rows, ...compare, other };
  }

  /** Groups of the period, each with what it was in the other one. */
  private rows(): Row[] {
    const { now, then } = this.groups;
    const before = new Map((then ?? []).map(({ values, cells }) => [keyOf(null, values), cells]));
    return now.map(({ values, cells }) => ({
      time: null,
      values,
      now: cells,
      then: before.get(keyOf(null, values)) ?? null,
    }));
  }

  private found(rows: readonly Row[]): Row[] {
    const { search, dimensions } = this.query;
    if (search === "") return [...rows];
    const of = typed(this.model.dimensions[dimensions[0]!]!.type);
    const wanted = folded(search);
    return rows.filter(({ values: [text] }) => typeof text === "string" && folded(of.words(text)).includes(wanted));
  }

  private line(now: Cells | null, then: Cells | null): Value[] {
    return [...this.measuresJson(now), ...(this.groups.then === null ? [] : this.measuresJson(then))];
  }

  private table(): Answer {
    const { query, model } = this;
    const { now, then } = this.groups;
    const columns = this.columns(false, then !== null);
    const whole = (): Value[] => this.line(wholeOf(model, now), then && wholeOf(model, then));
    if (query.dimensions.length === 0) return { columns, rows: [whole()] };
    const all = this.rows();
    const found = this.found(all);
    const end = query.offset + Math.min(query.limit ?? GROUPS_MAX, GROUPS_MAX);
    const rows = this.ranked(found)
      .slice(query.offset, end)
      .map((row) => [...this.dimensionJson(row.values), ...this.line(row.now, row.then)]);
    const answer: Answer = { columns, rows, groups: found.length };
    if (query.hasRest && query.dimensions.length === 1) answer.other = this.rest(all);
    if (query.hasTotal) answer.total = whole();
    return answer;
  }

  private rest(all: readonly Row[]): Value[][] {
    const { now, then } = this.groups;
    const top = new Set(
      this.ranked(all)
        .slice(0, this.query.limit ?? 0)
        .map(({ values }) => values[0]!),
    );
    const beyond = (groups: readonly Group[]): Group[] => groups.filter(({ values }) => !top.has(values[0]!));
    // Without any such group there is no row, nor one of nothing.
    if (beyond(now).length === 0) return [];
    return [[null, ...this.line(wholeOf(this.model, beyond(now)), then && wholeOf(this.model, beyond(then)))]];
  }
}

/** The measures over time. */
export function sparkRows(query: MetricsQuery, grain: string, groups: readonly Group[]): Value[][] {
  const alone = { ...query, dimensions: [], hasRest: false };
  return new Answering(alone, grain, { now: [...groups], then: null }).answer().rows.map((row) => [...row]);
}
