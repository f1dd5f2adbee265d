/**
 * Filters as the app edits them: a list of conditions, one column each, all of which must hold. In the address they are
 * the server's own filter, so that what stands there can be used with curl as it is.
 */
import type { Filter } from "./api/schema";
import { type SingleCondition, conditionOf, describeSingle, termOf } from "./condition";
import { nodeOf, wordsOf } from "./filterTree";

export type Condition =
  | SingleCondition
  /** A filter that the app has no form for; kept as it is. */
  | { column: ""; kind: "other"; filter: Filter };

const COMBINING: readonly string[] = ["and", "or", "not"];

/** The server's filter; undefined where nothing is filtered. */
export function toFilter(conditions: readonly Condition[]): Filter | undefined {
  if (conditions.length === 0) return undefined;
  const parts = conditions.map((condition): Filter => {
    if (condition.kind === "other") return condition.filter;
    // A column may be named like a word of the filter language: inside "and" its name would be taken for that.
    return { [condition.column]: termOf(condition) } as Filter;
  });
  const [only] = parts;
  const plain = only && conditions.length === 1 && conditions[0]?.kind !== "other";
  return plain ? only : ({ and: parts } as Filter);
}

function partsOf(filter: Filter): Condition[] {
  const entries = Object.entries(filter);
  const conditions = entries.map(([name, term]) => (COMBINING.includes(name) ? null : conditionOf(name, term)));
  if (entries.length > 0 && conditions.every((condition) => condition !== null)) return conditions;
  const { and, ...rest } = filter as Record<string, unknown>;
  if (Array.isArray(and) && Object.keys(rest).length === 0) return and.flatMap((part: Filter) => partsOf(part));
  return entries.length === 0 ? [] : [{ column: "", kind: "other", filter }];
}

/** Why a text in an address is no filter, in words; null where it is one. To be told: without it all rows are shown. */
export function filterProblem(json: string | undefined): string | null {
  if (!json) return null;
  try {
    const filter: unknown = JSON.parse(json);
    const isObject = filter !== null && typeof filter === "object" && !Array.isArray(filter);
    return isObject ? null : 'The filter in the address must be a JSON object such as {"country": "Malta"}.';
  } catch (error) {
    return `The filter in the URL is not valid JSON: ${(error as Error).message}`;
  }
}

/** Conditions of a filter in an address; none where it is not one (see filterProblem). */
export function parseFilter(json: string | undefined): Condition[] {
  return json && filterProblem(json) === null ? partsOf(JSON.parse(json) as Filter) : [];
}

/** A condition in words, for its chip. */
export function describe(condition: Condition): string {
  if (condition.kind !== "other") return describeSingle(condition);
  const node = nodeOf(condition.filter);
  return node ? wordsOf(node) : JSON.stringify(condition.filter);
}

/** Conditions with those of a column replaced. */
export function withCondition(
  conditions: readonly Condition[],
  column: string,
  added: Condition | null,
): Condition[] {
  const at = conditions.findIndex((condition) => condition.column === column);
  const others = conditions.filter((condition) => condition.column !== column);
  if (!added) return others;
  others.splice(at < 0 ? others.length : at, 0, added);
  return others;
}
