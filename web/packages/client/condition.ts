/** A condition on one column: as the app's forms edit it, as a term of the server's filter, and in words. */
import { labelOf, shown } from "@canvasback/values/visibleText";

export type CompareOp = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

export type SingleCondition =
  | { column: string; kind: "compare"; op: CompareOp; value: string }
  | { column: string; kind: "between"; from: string; to: string }
  | { column: string; kind: "in"; values: (string | null)[] }
  | { column: string; kind: "contains" | "like"; value: string }
  | { column: string; kind: "null"; isNull: boolean };

type Term = { op: string; value?: unknown };
const COMPARE: readonly string[] = ["eq", "ne", "lt", "le", "gt", "ge"];

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

const SIGNS: Record<CompareOp, string> = { eq: "=", ne: "≠", lt: "<", le: "≤", gt: ">", ge: "≥" };

export function describeSingle(condition: SingleCondition): string {
  switch (condition.kind) {
    case "compare":
      return `${shown(condition.column)} ${SIGNS[condition.op]} ${labelOf(condition.value)}`;
    case "between":
      return `${shown(condition.column)} ${labelOf(condition.from)} … ${labelOf(condition.to)}`;
    case "in": {
      const [first = "", ...others] = condition.values.map(labelOf);
      const words = others.length > 1 ? `${first} or ${others.length} others` : [first, ...others].join(" or ");
      return `${shown(condition.column)} is ${words}`;
    }
    case "contains":
      return `${shown(condition.column)} contains “${shown(condition.value)}”`;
    case "like":
      return `${shown(condition.column)} like ${shown(condition.value)}`;
    case "null":
      return `${shown(condition.column)} is ${condition.isNull ? "" : "not "}NULL`;
  }
}
