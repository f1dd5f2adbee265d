/**
 * Where numbers of tiles come from: the live app asks a server, a published site its own files. The members are those
 * of the interface (POST /api/v1/dashboards/query), so that one answer means the same everywhere.
 */
import type { Grain } from "@canvasback/charts/timeAxis";
import type { Compare, Filter, PeriodSpec, Tile } from "./model";

export type { Filter } from "./model";

export type Filters = Readonly<Record<string, Filter>>;

/** What of a tile is other than in its file. */
export interface TileChange {
  limit?: number;
  offset?: number;
  sort?: string;
  grain?: Grain;
  search?: string;
  measure?: string;
  measures?: string[];
  by?: string | string[];
}

/** Changes to make; undefined takes one back. */
export type TileChanges = { [Name in keyof TileChange]?: TileChange[Name] | undefined };

export interface Question {
  /** Numbers of tiles, numbers with changes, or tiles that are not in the file. */
  tiles: readonly (number | (TileChange & { tile: number }) | Tile)[];
  period: PeriodSpec;
  /** Without it what the tiles say. */
  compare?: Compare;
  filters: Filters;
  /** The reader's. */
  timezone: string;
  /** Keys of answers that are there already. */
  known: readonly string[];
}

export type Value = string | number | boolean | null | object;

export interface AnswerColumn {
  name: string;
  role: "time" | "dimension" | "measure" | "compare";
  type: string;
  exact: boolean;
  error?: number;
}

export interface Answer {
  grain?: string;
  columns: readonly AnswerColumn[];
  rows: readonly (readonly Value[])[];
  compare?: readonly (readonly Value[])[];
  other?: readonly (readonly Value[])[];
  total?: readonly Value[];
  groups?: number;
  spark?: { grain: string; rows: readonly (readonly Value[])[] };
  rollup?: true;
  unused_filters?: readonly string[];
}

export interface Span {
  from: string | null;
  to: string | null;
}

export interface AnsweredModel {
  name: string;
  dataset: string | null;
  timezone: string;
  newest: string | null;
  period: Span | null;
  compare: Span | null;
}

export interface TileAnswer {
  tile: number | null;
  key?: string;
  answer?: Answer;
  /** `isUnavailable`: the source does not have it, which is no failure. */
  error?: { title?: string; detail?: string; isUnavailable?: boolean };
}

export interface Answers {
  models: readonly AnsweredModel[];
  /** In the order of the question. */
  tiles: readonly TileAnswer[];
}

export interface DataSource {
  ask(question: Question, signal: AbortSignal): Promise<Answers>;
}
