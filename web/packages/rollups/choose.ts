/** Which rollups answer a query: the cheapest whose dimensions are enough and whose buckets tile the days exactly. */
import type { Rollup, SiteModel } from "./contract";
import { isFirstOfMonth, parseDay } from "./days";
import type { Needs } from "./measures";

/** Days that have rows, from (included) to (excluded). */
export interface Days {
  from: number;
  to: number;
}

export interface Asked {
  dimensions: readonly string[];
  grain: string | null;
  /** Null of models without time. */
  days: Days | null;
  needs: Needs;
}

export interface Choice {
  rollup: Rollup;
  leaves: number[];
  sketch: string | null;
}

const LONG = new Set(["month", "quarter", "year"]);
/** What is read for one answer at most: a page never downloads everything. */
export const BYTES_MAX = 4 * 1024 * 1024;

/** Days of the model that have rows; null where it has none, or no time. */
export function extentOf(model: SiteModel): Days | null {
  const [first, last] = [parseDay(model.first_day), parseDay(model.last_day)];
  return first === null || last === null ? null : { from: first, to: last + 1 };
}

/** Whether the buckets of a rollup tile the days. */
export function tiles(rollup: Rollup, model: SiteModel, { grain, days }: Pick<Asked, "grain" | "days">): boolean {
  if (days === null) return rollup.from === null && rollup.to === null && grain === null;
  const extent = extentOf(model);
  const [from, to] = [parseDay(rollup.from), parseDay(rollup.to)];
  if (from === null || to === null || !extent) return false;
  if (days.from < from || days.to > to) return false;
  switch (rollup.grain) {
    case "none":
      return grain === null && days.from === Math.max(from, extent.from) && days.to === Math.min(to, extent.to);
    case "hour":
      return grain === "hour";
    case "day":
      return grain !== "hour";
    case "month": {
      // No rows are before the first day, nor behind the last one.
      const isWhole =
        (isFirstOfMonth(days.from) || days.from === extent.from) &&
        (isFirstOfMonth(days.to) || days.to === extent.to);
      return isWhole && (grain === null || LONG.has(grain));
    }
  }
}

const hasAll = (rollup: Rollup, dimensions: readonly string[]): boolean =>
  dimensions.every((name) => rollup.dimensions.includes(name));

const leavesOf = (rollup: Rollup, model: SiteModel): readonly number[] =>
  rollup.leaves ?? model.leaves.map((_, at) => at);

/** Null where a leaf or sketch cannot be had. `cost`: of what reading a rollup takes now. */
export function choose(model: SiteModel, asked: Asked, cost: (rollup: Rollup) => number): Choice[] | null {
  const fit = model.rollups
    .filter((rollup) => hasAll(rollup, asked.dimensions) && tiles(rollup, model, asked))
    .map((rollup) => ({ rollup, cost: cost(rollup) }))
    .filter((each) => each.cost <= BYTES_MAX)
    .sort((a, b) => a.cost - b.cost);
  const out: Choice[] = [];
  let open = [...asked.needs.leaves];
  while (open.length > 0) {
    const rest = open;
    const covers = (rollup: Rollup): number[] => rest.filter((leaf) => leavesOf(rollup, model).includes(leaf));
    const all = fit.filter(({ rollup }) => rollup.kind === "leaves");
    const best =
      all.find(({ rollup }) => covers(rollup).length === rest.length) ??
      all.reduce<(typeof all)[number] | undefined>(
        (found, each) => (!found || covers(each.rollup).length > covers(found.rollup).length ? each : found),
        undefined,
      );
    const leaves = best ? covers(best.rollup) : [];
    if (!best || leaves.length === 0) return null;
    out.push({ rollup: best.rollup, leaves, sketch: null });
    open = rest.filter((leaf) => !leaves.includes(leaf));
  }
  // A sketch has no row of a group whose values are all null: that there is such a group only leaves say.
  if (out.length === 0 && (asked.dimensions.length > 0 || asked.grain !== null)) {
    const rows = fit.find(({ rollup }) => rollup.kind === "leaves");
    if (!rows) return null;
    out.push({ rollup: rows.rollup, leaves: [], sketch: null });
  }
  for (const sketch of asked.needs.sketches) {
    const [kind, name] = [sketch.split(":")[0], sketch.slice(sketch.indexOf(":") + 1)];
    const best = fit.find(({ rollup }) => rollup.kind === kind && rollup.sketch === name);
    if (!best) return null;
    out.push({ rollup: best.rollup, leaves: [], sketch });
  }
  return out;
}

/** What of the same could be had: for the words of an error. */
export function insteadOf(model: SiteModel, asked: Asked): string[] {
  const any = (asks: Asked): boolean => choose(model, asks, ({ bytes }) => bytes) !== null;
  const out: string[] = [];
  if (asked.days) {
    const isMonthly = model.rollups.some(
      ({ grain, dimensions }) => grain === "month" && asked.dimensions.every((name) => dimensions.includes(name)),
    );
    if (isMonthly && asked.grain !== "hour")
      out.push(LONG.has(asked.grain ?? "month") ? "whole months" : "a grain of months");
    const extent = extentOf(model);
    const last = extent && { from: Math.max(extent.from, extent.to - 90), to: extent.to };
    if (last && any({ ...asked, days: last })) out.push("a period in the last 90 days");
    if (extent && any({ ...asked, days: extent })) out.push("all time");
  }
  const fewer = asked.dimensions.filter((name) =>
    any({ ...asked, dimensions: asked.dimensions.filter((each) => each !== name) }),
  );
  if (fewer.length > 0) out.push("fewer filters");
  const ordered = model.rollups.find(({ order, dimensions }) => {
    return order?.startsWith("-") && asked.dimensions.every((name) => dimensions.includes(name));
  });
  if (ordered?.order) out.push(`the order by ${ordered.order.slice(1).replaceAll("_", " ")}, page by page`);
  return out;
}
