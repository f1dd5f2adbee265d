/** The chart that suits a column: a histogram of numbers, counts over time, the most frequent values. */
import type { ColumnProfile } from "@canvasback/client/api/schema";
import { kindOf } from "@canvasback/values/typeKind";
import { labelOf } from "@canvasback/values/visibleText";
import type { ChartOption } from "./Chart";

export type Suggestion = "histogram" | "time" | "values" | null;

export function suggestionFor(type: string): Suggestion {
  const kind = kindOf(type);
  if (kind === "number") return "histogram";
  if (kind === "time") return /^(DATE|TIMESTAMP)/.test(type) ? "time" : null;
  return kind === "text" || kind === "boolean" ? "values" : null;
}

const DAY_MS = 86_400_000;

/** Steps that make some tens of points of a range. */
export function stepFor(fromMs: number, toMs: number): "year" | "month" | "week" | "day" | "hour" | "minute" {
  const days = (toMs - fromMs) / DAY_MS;
  if (days > 365 * 20) return "year";
  if (days > 365 * 1.5) return "month";
  if (days > 120) return "week";
  if (days > 4) return "day";
  return days > 0.2 ? "hour" : "minute";
}

/** Edges of a bin for people: as many digits as tell one from the next. */
function edge(value: number, width: number): string {
  const digits = Math.max(0, Math.min(6, 1 - Math.floor(Math.log10(Math.abs(width) || 1))));
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

export function histogramOption(rows: readonly (readonly [number, number, number, number])[]): ChartOption {
  const width = rows[0] ? rows[0][2] - rows[0][1] : 1;
  return {
    xAxis: { type: "category", data: rows.map(([, low, high]) => `${edge(low, width)} – ${edge(high, width)}`) },
    yAxis: { type: "value" },
    series: [{ type: "bar", barCategoryGap: "6%", data: rows.map(([, , , count]) => count) }],
  };
}

export function timeOption(points: readonly (readonly [string, number])[]): ChartOption {
  return {
    xAxis: { type: "category", data: points.map(([at]) => at.replace(/T00:00:00$/, "")), boundaryGap: false },
    yAxis: { type: "value" },
    series: [
      {
        type: "line",
        showSymbol: points.length < 40,
        areaStyle: { opacity: 0.12 },
        data: points.map(([, count]) => count),
      },
    ],
  };
}

export function valuesOption(profile: Pick<ColumnProfile, "top">, most = 12): ChartOption {
  const top = [...(profile.top ?? [])].slice(0, most).reverse();
  return {
    xAxis: { type: "value" },
    yAxis: {
      type: "category",
      data: top.map(({ value }) => labelOf(value === null ? null : String(value)).slice(0, 24)),
    },
    series: [{ type: "bar", barCategoryGap: "25%", data: top.map(({ count }) => count) }],
  };
}
