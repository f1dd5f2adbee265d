/** Pages of leaderboards with more values than are read as a whole: the file is in the order that is asked for. */
import type { Answer } from "@canvasback/dashboards/source";

import { Answering } from "./answer";
import { type Days, tiles } from "./choose";
import type { Rollup, SiteModel } from "./contract";
import { needsOf } from "./measures";
import { type Group, type Table, groupsOf } from "./table";
import type { MetricsQuery } from "./tiles";
import { WHOLE_BYTES_MAX } from "@canvasback/parquet/host";

export interface DetailPage {
  rollup: Rollup;
  groups: number[];
  answer(table: Table, whole: Group[]): Answer;
}

/** The measure that rows are in the order of, from the largest; null where they are in another. */
function rankedBy(query: MetricsQuery): string | null {
  if (query.sort === "") return query.isInOrder ? null : (query.measures[0] ?? null);
  return query.isDescending && query.measures.includes(query.sort) ? query.sort : null;
}

/** Null where another way is as good, or this one is not right. */
export function detailPage(query: MetricsQuery, days: Days | null): DetailPage | null {
  const { model, limit, offset } = query;
  const measure = rankedBy(query);
  const needs = needsOf(model, query.measures);
  const isPlain = query.where.length === 0 && query.search === "" && !query.hasRest && needs.sketches.size === 0;
  if (measure === null || !isPlain || limit === null || query.dimensions.length === 0) return null;
  const rollup = model.rollups.find(
    (each) =>
      each.kind === "leaves" &&
      each.order === `-${measure}` &&
      each.bytes > WHOLE_BYTES_MAX &&
      each.grain === "none" &&
      each.dimensions.join("\n") === query.dimensions.join("\n") &&
      [...needs.leaves].every((leaf) => (each.leaves ?? []).includes(leaf)) &&
      tiles(each, model, { grain: null, days }),
  );
  if (!rollup) return null;
  const end = Math.min(offset + limit, rollup.rows);
  const groups: number[] = [];
  let [at, first] = [0, 0];
  rollup.row_groups.forEach(({ rows }, index) => {
    if (at < end && at + rows > offset) {
      if (groups.length === 0) first = at;
      groups.push(index);
    }
    at += rows;
  });
  const answer = (table: Table, whole: Group[]): Answer => pageOf(query, table, whole, offset - first, rollup.rows);
  return { rollup, groups: groups.length > 0 ? groups : [0], answer };
}

function pageOf(query: MetricsQuery, table: Table, whole: Group[], skip: number, count: number): Answer {
  const model: SiteModel = query.model;
  const needs = needsOf(model, query.measures);
  // Each row is a group; which bucket of time it is of does not matter.
  const by = { grain: null, dimensions: query.dimensions, where: [], days: null };
  const now = groupsOf(table, model, by, { leaves: [...needs.leaves], sketch: null });
  const answer = new Answering({ ...query, offset: skip, hasTotal: false }, null, { now, then: null }).answer();
  const total = new Answering({ ...query, dimensions: [] }, null, { now: whole, then: null }).answer().rows[0];
  return { ...answer, groups: count, ...(query.hasTotal && total ? { total } : {}) };
}
