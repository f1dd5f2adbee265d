/** Rows behind a number as a filter of the grid: what the conditions mean for the types of the dataset's columns. */
import type { DatasetColumn, Filter } from "@canvasback/client/api/schema";
import type { RowCondition, RowsBehind } from "@canvasback/dashboards/drill";
import { localOf } from "@canvasback/dashboards/zone";

type Part = Record<string, unknown>;

const range = (column: string, from: unknown, to: unknown): Part[] => [
  ...(from === null || from === undefined ? [] : [{ [column]: { op: "ge", value: String(from) } }]),
  ...(to === null || to === undefined ? [] : [{ [column]: { op: "lt", value: String(to) } }]),
];

const all = (parts: Part[]): Part => (parts.length === 1 && parts[0] ? parts[0] : { and: parts });

const isoOf = (ms: number): string => new Date(ms).toISOString().replace(/\.000Z$/, "Z");

function timeParts(
  { column, from, to, days, sourceTimezone }: RowCondition & { kind: "time" },
  type: string,
): Part[] {
  if (type === "DATE") return range(column, days.from, days.to);
  if (type.includes("WITH TIME ZONE")) return range(column, from && isoOf(from), to && isoOf(to));
  // Times without a zone are of the source's.
  const written = (at: number | null): string | null =>
    at === null ? null : isoOf(localOf(at, sourceTimezone)).replace(/Z$/, "");
  return range(column, written(from), written(to));
}

function partsOf(condition: RowCondition, type: string): Part[] {
  const { column } = condition;
  if (condition.kind === "time") return timeParts(condition, type);
  if (condition.kind === "bins") {
    const bins = condition.bins.map(([from, to]) => all(range(column, from, to)));
    return [bins.length === 1 && bins[0] ? bins[0] : { or: bins }];
  }
  const { filter } = condition;
  const text = (value: unknown): string | null => (value === null ? null : String(value));
  if (Array.isArray(filter)) return [{ [column]: { op: "in", value: (filter as readonly unknown[]).map(text) } }];
  if ("not" in filter) return [{ not: { [column]: { op: "in", value: filter.not.map(text) } } }];
  const { from, to } = filter as { from?: unknown; to?: unknown };
  return range(column, from, to);
}

export function filterOfRows(rows: RowsBehind, columns: readonly DatasetColumn[]): Filter | undefined {
  const parts = rows.conditions.flatMap((condition) =>
    partsOf(condition, columns.find(({ name }) => name === condition.column)?.type ?? ""),
  );
  return parts.length === 0 ? undefined : (all(parts) as Filter);
}
