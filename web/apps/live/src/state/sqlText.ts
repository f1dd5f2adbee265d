/** SQL made by the app. Literals are quoted texts: the engine reads them as the column's type, exactly. */
import { type FilterNode, nodeOf } from "@canvasback/client/filterTree";
import type { SingleCondition } from "@canvasback/client/condition";
import type { Condition } from "@canvasback/client/filters";
import type { SortKey } from "@canvasback/client/stream/protocol";
import { kindOf } from "@canvasback/values/typeKind";

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const SIGNS = { eq: "=", ne: "IS DISTINCT FROM", lt: "<", le: "<=", gt: ">", ge: ">=" } as const;

/** SQL types of columns by name; of those it does not have, literals are texts. */
export type Types = ReadonlyMap<string, string>;
const UNKNOWN: Types = new Map();

function nodeSql(node: FilterNode, types: Types): string {
  if (node.kind === "term") return singleSql(node.condition, types);
  const parts = node.parts.map((part) => nodeSql(part, types));
  if (node.join === "none") return `NOT COALESCE(${parts.join(" OR ") || "false"}, false)`;
  return parts.length === 0 ? String(node.join === "and") : `(${parts.join(` ${node.join.toUpperCase()} `)})`;
}

export function conditionSql(condition: Condition, types: Types = UNKNOWN): string {
  if (condition.kind !== "other") return singleSql(condition, types);
  const node = nodeOf(condition.filter);
  if (!node) throw new Error("This filter cannot be expressed in SQL");
  return nodeSql(node, types);
}

const EXACT = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL)/;
const NUMBER = /^[-+]?\d+(\.\d+)?$/;

/** A value as it is displayed, as SQL of the column's type. */
function literal(value: string, type: string | undefined): string {
  // 10.5 is no value of an integer column: as a number it is compared with one all the same.
  if (type && EXACT.test(type)) return NUMBER.test(value) ? value : `CAST(${quoteText(value)} AS DOUBLE)`;
  if (type === "BLOB") return `from_base64(${quoteText(value)})`;
  return quoteText(value);
}

function compareSql(column: string, op: keyof typeof SIGNS, value: string, types: Types): string {
  const type = types.get(column);
  const name = quoteName(column);
  const isReal = type === "DOUBLE" || type === "FLOAT";
  // NaN equals itself and is above all numbers, but no bounds of a file tell of it.
  if (isReal && value.toLowerCase() === "nan") {
    if (op === "eq" || op === "ge") return `isnan(${name})`;
    if (op === "ne") return `NOT COALESCE(isnan(${name}), false)`;
    if (op === "gt") return "false";
  }
  const isNested = type !== undefined && kindOf(type) === "nested";
  const left = isNested ? `to_json(${name})::VARCHAR` : name;
  const compared = `${left} ${SIGNS[op]} ${literal(value, type)}`;
  return isReal && (op === "gt" || op === "ge") ? `(${compared} OR isnan(${name}))` : compared;
}

/** What of a value is searched: as the engine writes it, or as it is displayed. */
function containsSql(column: string, value: string, types: Types): string {
  const type = types.get(column) ?? "";
  const text = kindOf(type) === "nested" ? `to_json(${quoteName(column)})::VARCHAR` : `${quoteName(column)}::VARCHAR`;
  const found = (whole: string): string =>
    `contains(lower(nfc_normalize(${whole})), lower(nfc_normalize(${quoteText(value)})))`;
  if (!type.startsWith("TIMESTAMP")) return found(text);
  return `(${found(text)} OR ${found(`replace(${text}, ' ', 'T')`)})`;
}

function singleSql(condition: SingleCondition, types: Types): string {
  const { column } = condition;
  const name = quoteName(column);
  switch (condition.kind) {
    case "compare":
      return compareSql(column, condition.op, condition.value, types);
    case "between":
      return `(${[
        compareSql(column, "ge", condition.from, types),
        compareSql(column, "le", condition.to, types),
      ].join(" AND ")})`;
    case "in": {
      const values = condition.values.filter((value) => value !== null);
      const plain = values.filter((value) => NUMBER.test(value) || !EXACT.test(types.get(column) ?? ""));
      const isNested = kindOf(types.get(column) ?? "") === "nested";
      const left = isNested ? `to_json(${name})::VARCHAR` : name;
      const listed = plain.map((value) => literal(value, types.get(column)));
      const parts = listed.length > 0 ? [`${left} IN (${listed.join(", ")})`] : [];
      if (values.length < condition.values.length) parts.push(`${name} IS NULL`);
      return parts.length > 0 ? `(${parts.join(" OR ")})` : "false";
    }
    case "contains":
      return containsSql(column, condition.value, types);
    case "like": {
      const isNested = kindOf(types.get(column) ?? "") === "nested";
      return `${isNested ? `to_json(${name})` : name}::VARCHAR LIKE ${quoteText(condition.value)}`;
    }
    case "null":
      return `${name} IS ${condition.isNull ? "" : "NOT "}NULL`;
  }
}

const whereOf = (conditions: readonly Condition[], types: Types): string =>
  conditions.length > 0 ? `WHERE ${conditions.map((each) => conditionSql(each, types)).join("\n  AND ")}` : "";

const orderOf = (sort: readonly SortKey[]): string => {
  const keys = sort.map((key) => `${quoteName(key.column)} ${key.descending ? "DESC" : "ASC"} NULLS LAST`);
  return keys.length > 0 ? `ORDER BY ${keys.join(", ")}` : "";
};

const lines = (...parts: string[]): string => parts.filter((part) => part !== "").join("\n");

/** The rows of a dataset as a grid shows them. */
export function rowsSql(dataset: string, { columns, conditions, sort }: SelectionSql, types: Types): string {
  const list = columns ? columns.map(quoteName).join(", ") : "*";
  return lines(`SELECT ${list}`, `FROM ${quoteName(dataset)}`, whereOf(conditions, types), orderOf(sort));
}

/** The rows that a dataset has more than once, each with the number of its copies; the most frequent first. */
export function duplicatesSql(dataset: string, conditions: readonly Condition[]): string {
  const where = conditions.length > 0 ? `\nWHERE ${conditions.map((each) => conditionSql(each)).join(" AND ")}` : "";
  return (
    `SELECT *, count(*) AS copies\nFROM ${quoteName(dataset)}${where}\n` +
    "GROUP BY ALL\nHAVING count(*) > 1\nORDER BY count(*) DESC"
  );
}

export interface SelectionSql {
  columns?: readonly string[] | undefined;
  conditions: readonly Condition[];
  sort: readonly SortKey[];
}

/** A statement with the columns, filter and sort of the grid that shows its result. */
export function wrapSql(sql: string, { columns, conditions, sort }: SelectionSql): string {
  const inner = sql.trim().replace(/;\s*$/, "");
  if (!columns && conditions.length === 0 && sort.length === 0) return inner;
  const list = columns ? columns.map(quoteName).join(", ") : "*";
  const where = conditions.length > 0 ? ` WHERE ${conditions.map((each) => conditionSql(each)).join(" AND ")}` : "";
  const keys = sort.map((key) => `${quoteName(key.column)} ${key.descending ? "DESC" : "ASC"} NULLS LAST`);
  const order = keys.length > 0 ? ` ORDER BY ${keys.join(", ")}` : "";
  return `SELECT ${list} FROM (\n${inner}\n)${where}${order}`;
}
