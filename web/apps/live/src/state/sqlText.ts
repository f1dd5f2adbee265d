/** SQL made by the app. Literals are quoted texts: the engine reads them as the column's type, exactly. */
import { type FilterNode, nodeOf } from "@canvasback/client/filterTree";
import type { SingleCondition } from "@canvasback/client/condition";
import type { Condition } from "@canvasback/client/filters";
import type { SortKey } from "@canvasback/client/stream/protocol";

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const SIGNS = { eq: "=", ne: "IS DISTINCT FROM", lt: "<", le: "<=", gt: ">", ge: ">=" } as const;

function nodeSql(node: FilterNode): string {
  if (node.kind === "term") return singleSql(node.condition);
  const parts = node.parts.map(nodeSql);
  if (node.join === "none") return `NOT COALESCE(${parts.join(" OR ") || "false"}, false)`;
  return parts.length === 0 ? String(node.join === "and") : `(${parts.join(` ${node.join.toUpperCase()} `)})`;
}

function conditionSql(condition: Condition): string {
  if (condition.kind !== "other") return singleSql(condition);
  const node = nodeOf(condition.filter);
  if (!node) throw new Error("This filter cannot be expressed in SQL");
  return nodeSql(node);
}

function singleSql(condition: SingleCondition): string {
  const name = quoteName(condition.column);
  switch (condition.kind) {
    case "compare":
      return `${name} ${SIGNS[condition.op]} ${quoteText(condition.value)}`;
    case "between":
      return `${name} BETWEEN ${quoteText(condition.from)} AND ${quoteText(condition.to)}`;
    case "in": {
      const values = condition.values.filter((value) => value !== null).map(quoteText);
      const parts = values.length > 0 ? [`${name} IN (${values.join(", ")})`] : [];
      if (values.length < condition.values.length) parts.push(`${name} IS NULL`);
      return `(${parts.join(" OR ")})`;
    }
    case "contains":
      return `contains(lower(${name}::VARCHAR), lower(${quoteText(condition.value)}))`;
    case "like":
      return `${name}::VARCHAR LIKE ${quoteText(condition.value)}`;
    case "null":
      return `${name} IS ${condition.isNull ? "" : "NOT "}NULL`;
  }
}

/** The rows that a dataset has more than once, each with the number of its copies; the most frequent first. */
export function duplicatesSql(dataset: string, conditions: readonly Condition[]): string {
  const where = conditions.length > 0 ? `\nWHERE ${conditions.map(conditionSql).join(" AND ")}` : "";
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
  const where = conditions.length > 0 ? ` WHERE ${conditions.map(conditionSql).join(" AND ")}` : "";
  const keys = sort.map((key) => `${quoteName(key.column)} ${key.descending ? "DESC" : "ASC"} NULLS LAST`);
  const order = keys.length > 0 ? ` ORDER BY ${keys.join(", ")}` : "";
  return `SELECT ${list} FROM (\n${inner}\n)${where}${order}`;
}
