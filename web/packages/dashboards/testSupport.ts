/** A dashboard and answers that tests of this package share. */
import { dashboardOf } from "./model";
import type { Answer, AnswerColumn, AnsweredModel } from "./source";

export const DASHBOARD = dashboardOf({
  title: "Orders",
  metrics: {
    source: "orders",
    time: "created_at",
    timezone: "Europe/Berlin",
    dimensions: [
      "country",
      { name: "hour", part: "hour" },
      { name: "weekday", part: "weekday" },
      { name: "price", column: "unit_price", bins: [0, 10, 20] },
      { name: "month", grain: "month" },
    ],
    measures: [
      { name: "revenue", agg: "sum", of: "amount", format: "currency", currency: "EUR" },
      { name: "orders", agg: "count" },
      { name: "average_order", label: "Average order", agg: "ratio", of: ["revenue", "orders"], format: "currency" },
    ],
  },
  tiles: [
    { type: "card", measure: "revenue" },
    { type: "line", measure: "revenue", by: "country" },
  ],
});

export const METRICS = DASHBOARD.metrics[0];

export const MODEL: AnsweredModel = {
  name: "",
  dataset: "orders",
  timezone: "Europe/Berlin",
  newest: "2025-01-06T22:30:00Z",
  period: { from: "2025-01-01", to: "2025-01-08" },
  compare: { from: "2024-12-25", to: "2025-01-01" },
};

export const time = (type = "DATE"): AnswerColumn => ({ name: "time", role: "time", type, exact: true });
export const dimension = (name: string, type = "VARCHAR"): AnswerColumn => ({
  name,
  role: "dimension",
  type,
  exact: true,
});
export const measure = (name: string, more: Partial<AnswerColumn> = {}): AnswerColumn => ({
  name,
  role: "measure",
  type: "DECIMAL(38,2)",
  exact: true,
  ...more,
});

export const answer = (columns: AnswerColumn[], rows: Answer["rows"], more: Partial<Answer> = {}): Answer => ({
  columns,
  rows,
  ...more,
});
