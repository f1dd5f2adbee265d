/** A chart of ECharts, of which only what is used here is loaded, and that only when a page draws one. */
import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import {
  AriaComponent,
  DataZoomComponent,
  GridComponent,
  LegendComponent,
  TooltipComponent,
} from "echarts/components";
import { type ComposeOption, type EChartsType, init, use } from "echarts/core";
import type { BarSeriesOption, LineSeriesOption, ScatterSeriesOption } from "echarts/charts";
import type { GridComponentOption, LegendComponentOption, TooltipComponentOption } from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";

import { compact } from "@canvasback/values/format";

use([
  BarChart,
  LineChart,
  ScatterChart,
  GridComponent,
  TooltipComponent,
  LegendComponent,
  DataZoomComponent,
  AriaComponent,
  CanvasRenderer,
]);

export type ChartOption = ComposeOption<
  | BarSeriesOption
  | LineSeriesOption
  | ScatterSeriesOption
  | GridComponentOption
  | TooltipComponentOption
  | LegendComponentOption
>;

const css = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** What every chart here looks like; the colours are those of the page. */
function styled(option: ChartOption): ChartOption {
  const axis = {
    axisLine: { lineStyle: { color: css("--cb-line-strong") } },
    axisTick: { show: false },
    axisLabel: { color: css("--cb-dim"), fontSize: 11, hideOverlap: true },
    splitLine: { lineStyle: { color: css("--cb-line-faint") } },
  };
  // Long figures in short, or half of them would have no room; the tooltip has them whole.
  const short = (value: number): string => (Math.abs(value) < 10_000 ? value.toLocaleString("en") : compact(value));
  const figures = { ...axis.axisLabel, formatter: short };
  const merged = (given: unknown): object[] =>
    (Array.isArray(given) ? given : [given ?? {}]).map((each: { type?: string }) => ({
      ...axis,
      ...(each.type === "value" ? { axisLabel: figures } : {}),
      ...each,
    }));
  return {
    color: [css("--cb-bar-strong"), css("--cb-brand"), css("--cb-good"), css("--cb-warn"), css("--cb-bad")],
    animationDuration: 200,
    grid: {
      left: 8,
      right: 28,
      top: option.legend ? 36 : 12,
      bottom: 4,
      outerBoundsMode: "same",
      outerBoundsContain: "axisLabel",
    },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow" },
      backgroundColor: css("--cb-raised"),
      borderColor: css("--cb-line-strong"),
      textStyle: { color: css("--cb-text"), fontSize: 12 },
    },
    ...option,
    ...(option.legend ? { legend: { textStyle: { color: css("--cb-text") }, ...option.legend } } : {}),
    xAxis: merged(option.xAxis) as never,
    yAxis: merged(option.yAxis) as never,
  } as ChartOption;
}

export function Chart({ option, label, height = 200 }: { option: ChartOption; label: string; height?: number }) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  useEffect(() => {
    if (!host.current) return;
    const made = init(host.current);
    chart.current = made;
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(host.current);
    return () => {
      observer.disconnect();
      made.dispose();
    };
  }, []);
  useEffect(() => chart.current?.setOption(styled(option), { notMerge: true }), [option, scheme]);
  return <div ref={host} role="img" aria-label={label} style={{ height, width: "100%" }} />;
}
