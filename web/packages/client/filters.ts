/**
 * Filters as the app edits them: a list of conditions, one column each, all of which must hold. In the address they are
 * the server's own filter, so that what stands there can be used with curl as it is.
 */
import type { Filter } from "./api/schema";
import { nodeOf, wordsOf } from "./filterTree";

export type CompareOp = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

export type Condition =
  | { column: string; kind: "compare"; op: CompareOp; value: string }
  | { column: string; kind: "between"; from: string; to: string }
  | { column: string; kind: "in"; values: (string | null)[] }
  | { column: string; kind: "contains" | "like"; value: string }
  | { column: string; kind: "null"; isNull: boolean }
  /** A filter that the app has no form for; kept as it is. */
  | { column: ""; kind: "other"; filter: Filter };

export type SingleCondition = Exclude<Condition, { kind: "other" }>;

type Term = { op: string; value?: unknown };
const COMPARE: readonly string[] = ["eq", "ne", "lt", "le", "gt", "ge"];
const COMBINING: readonly string[] = ["and", "or", "not"];

export function termOf(condition: SingleCondition): Term {
  switch (condition.kind) {
    case "compare":
      return { op: condition.op, value: condition.value };
    case "between":
      return { op: "between", value: [condition.from, condition.to] };
    case "in":
      return { op: "in", value: condition.values };
    case "null":
      return { op: "is_null", value: condition.isNull };
    default:
      return { op: condition.kind, value: condition.value };
  }
}

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

const text = (value: unknown): string => (typeof value === "string" ? value : String(value));

/** A column's part of a filter; null where there is no form for it. */
export function conditionOf(column: string, term: unknown): SingleCondition | null {
  if (term === null) return { column, kind: "null", isNull: true };
  if (typeof term !== "object") return { column, kind: "compare", op: "eq", value: text(term) };
  const { op, value } = term as Term;
  if (op === "is_null") return { column, kind: "null", isNull: value !== false };
  if (op === "between" && Array.isArray(value) && value.length === 2) {
    return { column, kind: "between", from: text(value[0]), to: text(value[1]) };
  }
  if (op === "in" && Array.isArray(value)) {
    return { column, kind: "in", values: value.map((each) => (each === null ? null : text(each))) };
  }
  if (value === undefined || value === null || typeof value === "object") return null;
  if (op === "contains" || op === "like") return { column, kind: op, value: text(value) };
  return COMPARE.includes(op) ? { column, kind: "compare", op: op as CompareOp, value: text(value) } : null;
}

function partsOf(filter: Filter): Condition[] {
  const entries = Object.entries(filter);
  const conditions = entries.map(([name, term]) => (COMBINING.includes(name) ? null : conditionOf(name, term)));
  if (entries.length > 0 && conditions.every((condition) => condition !== null)) return conditions;
  const { and, ...rest } = filter as Record<string, unknown>;
  if (Array.isArray(and) && Object.keys(rest).length === 0) return and.flatMap((part: Filter) => partsOf(part));
  return entries.length === 0 ? [] : [{ column: "", kind: "other", filter }];
}

/** Conditions of a filter in an address; none where it is not one. */
export function parseFilter(json: string | undefined): Condition[] {
  if (!json) return [];
  try {
    const filter: unknown = JSON.parse(json);
    return filter !== null && typeof filter === "object" && !Array.isArray(filter) ? partsOf(filter as Filter) : [];
  } catch {
    return [];
  }
}

const SIGNS: Record<CompareOp, string> = { eq: "=", ne: "≠", lt: "<", le: "≤", gt: ">", ge: "≥" };

const quoted = (value: string | null): string => (value === null ? "NULL" : value === "" ? "empty" : value);

/** A condition in words, for its chip. */
export function describe(condition: Condition): string {
  if (condition.kind !== "other") return describeSingle(condition);
  const node = nodeOf(condition.filter);
  return node ? wordsOf(node) : JSON.stringify(condition.filter);
}

export function describeSingle(condition: SingleCondition): string {
  switch (condition.kind) {
    case "compare":
      return `${condition.column} ${SIGNS[condition.op]} ${quoted(condition.value)}`;
    case "between":
      return `${condition.column} ${condition.from} … ${condition.to}`;
    case "in": {
      const [first = "", ...others] = condition.values.map(quoted);
      const words = others.length > 1 ? `${first} or ${others.length} others` : [first, ...others].join(" or ");
      return `${condition.column} is ${words}`;
    }
    case "contains":
      return `${condition.column} contains “${condition.value}”`;
    case "like":
      return `${condition.column} like ${condition.value}`;
    case "null":
      return `${condition.column} is ${condition.isNull ? "" : "not "}NULL`;
  }
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
