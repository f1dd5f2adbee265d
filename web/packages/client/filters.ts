/**
 * Filters as the app edits them: a list of conditions, one column each, all of which must hold. In the address they are
 * the server's own filter, so that what stands there can be used with curl as it is.
 */
import type { Filter } from "./api/schema";
import { type SingleCondition, conditionOf, describeSingle, termOf } from "./condition";
import { nodeOf, wordsOf } from "./filterTree";
import { shown } from "@canvasback/values/visibleText";

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

/** The places of an element in a list's JSON text: alone, first, between others, last. */
const places = (element: string): string[] => [`[${element}]`, `[${element},%`, `%,${element},%`, `%,${element}]`];

/** Rows whose list has (or has not) an element, given as JSON writes it. */
export function hasElement(column: string, element: string, has: boolean): Condition {
  const any = { or: places(element).map((value) => ({ [column]: { op: "like", value } })) } as unknown as Filter;
  return { column: "", kind: "other", filter: has ? any : ({ not: any } as unknown as Filter) };
}

/** The element that hasElement() made the filter of; null where it is another filter. */
export function elementOf(filter: Filter): { column: string; element: string; has: boolean } | null {
  const { not, or, ...rest } = filter as { not?: Filter; or?: Filter[] };
  if (Object.keys(rest).length > 0) return null;
  if (not && !or) {
    const inner = elementOf(not);
    return inner?.has ? { ...inner, has: false } : null;
  }
  const [column, term] = Object.entries(or?.[0] ?? {})[0] ?? [];
  const first = (term as { value?: unknown } | undefined)?.value;
  if (column === undefined || typeof first !== "string" || or?.length !== 4) return null;
  const element = first.slice(1, -1);
  const same = toFilter([hasElement(column, element, true)]) as { and: Filter[] };
  return JSON.stringify(same.and[0]) === JSON.stringify({ or }) ? { column, element, has: true } : null;
}

/** A condition in words, for its chip. */
export function describe(condition: Condition): string {
  if (condition.kind !== "other") return describeSingle(condition);
  const found = elementOf(condition.filter);
  if (found) return `${shown(found.column)} has ${found.has ? "" : "no "}${shown(found.element)}`;
  const node = nodeOf(condition.filter);
  return node ? wordsOf(node) : JSON.stringify(condition.filter);
}

/** The columns that a filter names. */
function columnsOf(filter: Filter): Set<string> {
  const names = Object.entries(filter).flatMap(([name, value]) => {
    if (!COMBINING.includes(name)) return [name];
    return (Array.isArray(value) ? (value as Filter[]) : [value as Filter]).flatMap((part) => [...columnsOf(part)]);
  });
  return new Set(names);
}

/** Whether a condition is on this column and no other. */
export function isOn(condition: Condition, column: string): boolean {
  if (condition.kind !== "other") return condition.column === column;
  const names = columnsOf(condition.filter);
  return names.size === 1 && names.has(column);
}

/** Conditions with all those on a column in place of others. */
export function withConditions(
  conditions: readonly Condition[],
  column: string,
  added: readonly Condition[],
): Condition[] {
  const at = conditions.findIndex((condition) => isOn(condition, column));
  const others = conditions.filter((condition) => !isOn(condition, column));
  others.splice(at < 0 ? others.length : at, 0, ...added);
  return others;
}

/** One value of a list of values; null where the condition is no such list. */
function listed(condition: Condition | undefined): (string | null)[] | null {
  if (condition?.kind === "in") return condition.values;
  if (condition?.kind === "compare" && condition.op === "eq") return [condition.value];
  return condition?.kind === "null" && condition.isNull ? [null] : null;
}

function ofValues(column: string, values: readonly (string | null)[]): Condition[] {
  const [only] = values;
  if (only === undefined) return [];
  if (values.length > 1) return [{ column, kind: "in", values: [...values] }];
  return [
    only === null ? { column, kind: "null", isNull: true } : { column, kind: "compare", op: "eq", value: only },
  ];
}

/** The values of a column that are filtered to, one by one; none where its filter is of another kind. */
export function valuesOf(conditions: readonly Condition[], column: string): (string | null)[] {
  const own = conditions.filter((condition) => isOn(condition, column));
  return (own.length === 1 && listed(own[0])) || [];
}

/** Filtered to a value alone; with `add` to it beside those that are filtered to, or without it if it is one. */
export function withValue(
  conditions: readonly Condition[],
  column: string,
  value: string | null,
  add: boolean,
): Condition[] {
  const now = add ? valuesOf(conditions, column) : [];
  const values = now.includes(value) ? now.filter((each) => each !== value) : [...now, value];
  return withConditions(conditions, column, ofValues(column, values));
}

/** Rows that these conditions hold for, or that the conditions on the column held for before. */
export function withAlternative(
  conditions: readonly Condition[],
  column: string,
  added: readonly Condition[],
): Condition[] {
  const own = conditions.filter((condition) => isOn(condition, column));
  const before = toFilter(own);
  const more = toFilter(added);
  if (!before || !more) return withConditions(conditions, column, added);
  const [only] = own;
  const isChoice = own.length === 1 && only?.kind === "other" && Object.keys(only.filter).join() === "or";
  const groups = isChoice ? (only.filter as { or: Filter[] }).or : [before];
  return withConditions(conditions, column, [
    { column: "", kind: "other", filter: { or: [...groups, more] } as unknown as Filter },
  ]);
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
