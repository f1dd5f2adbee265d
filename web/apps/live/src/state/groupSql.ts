/** A grouped table as one statement: what is copied as SQL, and what a pivot is exported by. */
import type { Condition } from "@canvasback/client/filters";
import { labelOf } from "@canvasback/values/visibleText";
import {
  type GroupKey,
  type Grouping,
  type Measure,
  ROWS,
  groupOrder,
  labelOfKey,
  labelOfMeasure,
  tokenOfKey,
  tokenOfMeasure,
} from "./grouping";
import { type Types, conditionSql, quoteName, quoteText } from "./sqlText";

const FUNCTIONS: Record<Measure["function"], (column: string) => string> = {
  sum: (column) => `sum(${column})`,
  mean: (column) => `avg(${column})`,
  median: (column) => `median(${column})`,
  min: (column) => `min(${column})`,
  max: (column) => `max(${column})`,
  count: (column) => `count(${column})`,
  distinct: (column) => `count(DISTINCT ${column})`,
};

const keySql = ({ column, granularity }: GroupKey): string =>
  granularity ? `date_trunc(${quoteText(granularity)}, ${quoteName(column)})` : quoteName(column);

const measureSql = (measure: Measure): string =>
  measure.column === null ? "count(*)" : FUNCTIONS[measure.function](quoteName(measure.column));

/** Values of the pivot that are columns, and whether the others are one together. */
export interface PivotColumns {
  values: readonly (string | null)[];
  hasRest: boolean;
  /** Conditions for one value. */
  conditions(value: string | null): Condition[];
}

function pivotColumns(grouping: Grouping, pivot: PivotColumns, types: Types): { sql: string; label: string }[] {
  const measures = grouping.measures.length > 0 ? grouping.measures : [ROWS];
  const of = (value: string | null): string =>
    pivot
      .conditions(value)
      .map((condition) => conditionSql(condition, types))
      .join(" AND ");
  const all = pivot.values.map((value) => ({ label: labelOf(value), when: of(value) }));
  if (pivot.hasRest) {
    const any = pivot.values.map((value) => `(${of(value)})`).join(" OR ");
    all.push({ label: "All others", when: `NOT COALESCE(${any || "false"}, false)` });
  }
  return all.flatMap(({ label, when }) =>
    measures.map((measure) => ({
      sql: `${measureSql(measure)} FILTER (WHERE ${when})`,
      label: measures.length > 1 ? `${label} · ${labelOfMeasure(measure)}` : label,
    })),
  );
}

export function groupSql(
  dataset: string,
  grouping: Grouping,
  conditions: readonly Condition[],
  types: Types,
  pivot: PivotColumns | null,
): string {
  const taken = new Set<string>();
  const unique = (label: string): string => {
    let name = label;
    for (let i = 2; taken.has(name.toLowerCase()); ++i) name = `${label} ${i}`;
    taken.add(name.toLowerCase());
    return name;
  };
  const places = new Map<string, number>();
  const list: string[] = [];
  const add = (sql: string, label: string, token?: string): void => {
    list.push(`${sql} AS ${quoteName(unique(label))}`);
    if (token !== undefined) places.set(token, list.length);
  };
  for (const key of grouping.keys) add(keySql(key), labelOfKey(key), tokenOfKey(key));
  for (const measure of [ROWS, ...grouping.measures]) {
    add(measureSql(measure), labelOfMeasure(measure), tokenOfMeasure(measure));
  }
  if (pivot) for (const { sql, label } of pivotColumns(grouping, pivot, types)) add(sql, label);
  const where = conditions.map((condition) => conditionSql(condition, types)).join("\n  AND ");
  const order = groupOrder(grouping).flatMap(({ column, descending }) => {
    const place = places.get(column);
    return place === undefined ? [] : [`${place} ${descending ? "DESC" : "ASC"} NULLS LAST`];
  });
  return [
    `SELECT ${list.join(",\n  ")}`,
    `FROM ${quoteName(dataset)}`,
    ...(where ? [`WHERE ${where}`] : []),
    `GROUP BY ${grouping.keys.map((_, at) => at + 1).join(", ")}`,
    `ORDER BY ${order.join(", ")}`,
  ].join("\n");
}
