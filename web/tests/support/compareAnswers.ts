/** Answers of a published site against those of the live server: equal to the digit, or within the error they state. */
import type { Answer, AnsweredModel, TileAnswer, Value } from "@canvasback/dashboards/source";

/** Distinct values and quantiles of sketches may be off by so many times their stated error. */
const ERRORS = 4.5;
/** A ratio by distinct values, of which there may be five or six. */
const RATIO = 0.35;

type Rows = readonly (readonly Value[])[];

interface Column {
  isExact: boolean;
  error: number | undefined;
  isRatio: boolean;
}

function sameValue(live: Value | undefined, site: Value | undefined, { isExact, error, isRatio }: Column): boolean {
  if (isExact) return live === site;
  if (live === null || site === null || live === undefined || site === undefined) {
    // Whether there is a value at all is exact.
    return live === site;
  }
  const [a, b] = [Number(live), Number(site)];
  // Few values are counted with the error of the hashes alone.
  return (
    Math.abs(a - b) <=
    Math.abs(a) * (error === undefined ? 1e-9 : isRatio ? RATIO : error * ERRORS) + (error === undefined ? 1e-9 : 1)
  );
}

function compareRows(
  what: string,
  live: Rows | undefined,
  site: Rows | undefined,
  columns: readonly Column[],
): string[] {
  if (live === undefined || site === undefined) return live === site ? [] : [`${what}: one has none`];
  if (live.length !== site.length) return [`${what}: ${live.length} rows live, ${site.length} in the site`];
  const isSame = (row: number): boolean =>
    live[row]!.length === site[row]!.length &&
    live[row]!.every((value, at) => sameValue(value, site[row]![at], columns[at] ?? columns.at(-1)!));
  const wrong = live.findIndex((_, row) => !isSame(row));
  return wrong < 0
    ? []
    : [`${what}[${wrong}]: ${JSON.stringify(live[wrong])} live, ${JSON.stringify(site[wrong])} in the site`];
}

const EXACT: Column = { isExact: true, error: undefined, isRatio: false };

/** Rows of both by what they are of, so that another order, or another choice of the largest, is no difference. */
function inCommon(live: Answer, site: Answer): [Answer, Answer] {
  const keys = live.columns.filter(({ role }) => role === "time" || role === "dimension").length;
  const keyOf = (row: readonly Value[]): string => JSON.stringify(row.slice(0, keys));
  const picked = (of: Answer, other: Answer): Answer => {
    const known = new Set(other.rows.map(keyOf));
    const rows = of.rows.filter((row) => known.has(keyOf(row)));
    const { other: _, compare: __, ...rest } = of;
    return { ...rest, rows: rows.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) };
  };
  return [picked(live, site), picked(site, live)];
}

/**
 * What differs, in words. An order by a measure that is approximate is not compared, nor which groups are at
 * its top.
 */
export function differences(liveAnswer: Answer, siteAnswer: Answer, isRankApproximate = false): string[] {
  const [live, site] = isRankApproximate ? inCommon(liveAnswer, siteAnswer) : [liveAnswer, siteAnswer];
  const names = (answer: Answer): string => JSON.stringify(answer.columns.map(({ name, role }) => [name, role]));
  if (names(live) !== names(site)) return [`columns: ${names(live)} live, ${names(site)} in the site`];
  const columns = site.columns.map(({ exact, error, type }) => ({
    isExact: exact,
    error,
    isRatio: type === "DOUBLE" && (error ?? 0) > 0.012,
  }));
  const types = site.columns.filter(({ exact, type }, at) => exact && live.columns[at]!.type !== type);
  const out = types.map(({ name, type }) => `the type of ${name} is ${type}`);
  const measures = columns.filter((_, at) => ["measure", "compare"].includes(site.columns[at]!.role));
  const rows = (each: "rows" | "compare" | "other"): string[] => compareRows(each, live[each], site[each], columns);
  const total = (answer: Answer): Rows | undefined => answer.total && [answer.total];
  if (live.grain !== site.grain) out.push(`grain: ${live.grain} live, ${site.grain} in the site`);
  if (live.groups !== site.groups) out.push(`groups: ${live.groups} live, ${site.groups} in the site`);
  out.push(...rows("rows"), ...rows("compare"), ...rows("other"));
  out.push(...compareRows("total", total(live), total(site), measures));
  if (live.spark?.grain !== site.spark?.grain) out.push("spark: another grain");
  out.push(...compareRows("spark", live.spark?.rows, site.spark?.rows, [EXACT, ...measures]));
  if (JSON.stringify(live.unused_filters ?? []) !== JSON.stringify(site.unused_filters ?? []))
    out.push("unused filters");
  return out;
}

export function modelDifferences(live: readonly AnsweredModel[], site: readonly AnsweredModel[]): string[] {
  const text = (models: readonly AnsweredModel[]): string =>
    JSON.stringify(
      models.map(({ name, timezone, newest, period, compare }) => [name, timezone, newest, period, compare]),
    );
  return text(live) === text(site) ? [] : [`models: ${text(live)} live, ${text(site)} in the site`];
}

export type Outcome = "equal" | "unavailable" | string[];

export function outcomeOf(
  live: TileAnswer | undefined,
  site: TileAnswer | undefined,
  isRankApproximate = false,
): Outcome {
  if (site?.error?.isUnavailable) return "unavailable";
  if (live?.error || site?.error) {
    return live?.error && site?.error
      ? "equal"
      : [`error: ${JSON.stringify(live?.error)} live, ${JSON.stringify(site?.error)} in the site`];
  }
  if (!live?.answer || !site?.answer) return live?.answer === site?.answer ? "equal" : ["one has no answer"];
  const found = differences(live.answer, site.answer, isRankApproximate);
  return found.length === 0 ? "equal" : found;
}
