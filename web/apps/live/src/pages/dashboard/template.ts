/** What a new dashboard begins with: the least that shows something. */
import type { DatasetSummary } from "@canvasback/client/api/schema";

/** A name as YAML takes it for a text. */
const plain = (name: string): string => (/^[A-Za-z_][\w-]*$/.test(name) ? name : JSON.stringify(name));

export function templateOf(dataset: Pick<DatasetSummary, "name"> | undefined): string {
  return `title: New dashboard
metrics:
  source: ${plain(dataset?.name ?? "orders")}
  # time: created_at          # a column of times, for periods and lines
  # dimensions: [country]     # columns to split and filter by
  measures:
    - {name: rows, agg: count}
tiles:
  - {type: card, measure: rows}
`;
}
