/** A grouped table as a file, computed by the server; whole, whatever of it was loaded. */
import { pathOf, send } from "@canvasback/client/api/client";
import type { Filter } from "@canvasback/client/api/schema";
import type { Condition } from "@canvasback/client/filters";
import { groupSql } from "../state/groupSql";
import { type Grouping, labelOfKey } from "../state/grouping";
import type { Types } from "../state/sqlText";
import type { GroupFrame } from "./groupFrame";
import { conditionsOf, namedRequest } from "./requests";

export type TableFormat = "csv" | "xlsx";

export interface Table {
  dataset: string;
  grouping: Grouping;
  /** With the search, where there is one. */
  conditions: readonly Condition[];
  filter: Filter | undefined;
  types: Types;
}

/** A pivot's columns are those of the table on the screen. */
export function tableSql({ dataset, grouping, conditions, types }: Table, frame: GroupFrame | null): string {
  const key = grouping.pivot;
  const cells = (frame?.columns ?? []).filter((column) => column.role === "cell");
  const values = [...new Set(cells.filter((column) => !column.isRest).map((column) => column.value))];
  const pivot = key && {
    values,
    hasRest: cells.some((column) => column.isRest),
    conditions: (value: string | null) => conditionsOf(key, value),
  };
  return groupSql(dataset, grouping, conditions, types, pivot);
}

async function answer(table: Table, frame: GroupFrame, format: TableFormat): Promise<Blob> {
  const { dataset, grouping, filter } = table;
  const path = grouping.pivot ? "/api/v1/query" : pathOf("/api/v1/datasets/{name}/aggregate", { name: dataset });
  const body = grouping.pivot
    ? { sql: tableSql(table, frame), format }
    : { ...namedRequest(grouping, filter), format };
  const headers = { "content-type": "application/json" };
  return (await send(path, { method: "POST", headers, body: JSON.stringify(body) })).blob();
}

export async function saveTable(table: Table, frame: GroupFrame, format: TableFormat): Promise<void> {
  const url = URL.createObjectURL(await answer(table, frame, format));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${table.dataset} by ${table.grouping.keys.map(labelOfKey).join(", ")}.${format}`;
  link.click();
  URL.revokeObjectURL(url);
}
