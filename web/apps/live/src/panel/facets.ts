/** The values of a column with their numbers of rows under a filter; of a list those of its elements. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { call } from "@canvasback/client/api/client";
import type { Filter } from "@canvasback/client/api/schema";
import { type Condition, toFilter } from "@canvasback/client/filters";
import type { GridColumn } from "@canvasback/frame/dataFrame";
import { kindOf } from "@canvasback/values/typeKind";
import { type Types, conditionSql, quoteName, quoteText } from "../state/sqlText";

export interface FacetValue {
  /** Of a list's element, as JSON writes it. */
  value: string | null;
  count: number;
}

export interface Facet {
  dataset: string;
  version: string | undefined;
  column: string;
  type: string;
  /** That hold for the rows that are counted. */
  conditions: readonly Condition[];
  search: string;
  types: Types;
}

/** One more is asked for: whether there are more. */
export const FACET_VALUES = 50;

export const isList = (type: string): boolean => /\[\d*\]$/.test(type);

/** So many columns to begin with. */
const FIRST_FACETS = 3;

/** Columns that have few values by their type, as far as that can be told. */
export function firstFacets(columns: readonly GridColumn[]): string[] {
  const likely = columns.filter(({ type }) => ["text", "boolean"].includes(kindOf(type)) || isList(type));
  return (likely.length > 0 ? likely : columns).slice(0, FIRST_FACETS).map(({ name }) => name);
}

/** Elements of a list are counted by rows: one that a list has twice is one. */
export function elementsSql({ dataset, column, conditions, search, types }: Facet): string {
  const name = quoteName(column);
  const where = conditions.map((condition) => `\n  AND ${conditionSql(condition, types)}`).join("");
  const found = search ? `\nWHERE contains(lower(element), lower(${quoteText(search)}))` : "";
  return (
    `SELECT element, count(*) AS "rows" FROM (\n` +
    `  SELECT unnest(list_distinct(list_transform(${name}, lambda e: to_json(e)::VARCHAR))) AS element\n` +
    `  FROM ${quoteName(dataset)} WHERE ${name} IS NOT NULL${where}\n)${found}\n` +
    `GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${FACET_VALUES + 1}`
  );
}

async function elements(facet: Facet, signal: AbortSignal): Promise<[unknown, number][]> {
  const answer = await call("runQuery", { body: { sql: elementsSql(facet), numbers: "plain" } as never }, signal);
  return (answer as unknown as { rows: [unknown, number][] }).rows;
}

async function values(
  { dataset, column, conditions, search }: Facet,
  signal: AbortSignal,
): Promise<[unknown, number][]> {
  const found: Condition[] = search ? [{ column, kind: "contains", value: search }] : [];
  const filter = toFilter([...conditions, ...found]) as Filter | undefined;
  const query = { column, k: FACET_VALUES + 1, ...(filter ? { filter: JSON.stringify(filter) } : {}) };
  const answer = await call("top", { params: { name: dataset }, query: query as never }, signal);
  return (answer as unknown as { rows: [unknown, number][] }).rows;
}

export function useFacet(facet: Facet) {
  return useQuery({
    queryKey: ["facet", facet.dataset, facet.version, facet.column, toFilter(facet.conditions), facet.search],
    queryFn: async ({ signal }): Promise<FacetValue[]> => {
      const rows = await (isList(facet.type) ? elements : values)(facet, signal);
      return rows.map(([value, count]) => ({ value: value === null ? null : String(value), count }));
    },
    staleTime: 60_000,
    retry: false,
    placeholderData: keepPreviousData,
  });
}
