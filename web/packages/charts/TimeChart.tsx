/** Figures over time: lines, areas or bars. Dragging (or Shift and arrows, then Enter) picks a span of time. */
import { area, line } from "d3-shape";
import { type PointerEvent, memo, useMemo } from "react";

import { figureText, numberOf } from "@canvasback/values/figureText";
import { AXIS_HEIGHT, TimeAxisMarks, ValueAxisMarks, type ValueAxis, valueAxis } from "./axes";
import { ChartFrame, type ChartTable, Tip } from "./ChartFrame";
import { Legend } from "./Legend";
import { bands as divide, linear } from "./scales";
import { type FigureSeries, type TimePlace, toneOf } from "./shape";
import { type Band, rangeOf, reachOf, single, stacked } from "./stacks";
import { type Grain, timeTicks } from "./timeAxis";
import { useCursor } from "./useCursor";
import { useWidth } from "./useWidth";

export interface TimeChartProps {
  label: string;
  kind: "line" | "area" | "bar";
  grain: Grain;
  places: readonly TimePlace[];
  series: readonly FigureSeries[];
  height?: number;
  /** A series was picked, by its value of the dimension. */
  onPick?: ((key: string | null) => void) | undefined;
  /** The places from one to another, both included. */
  onSpan?: ((from: number, to: number) => void) | undefined;
}

const TICK_PX = 74;
const DRAG_PX = 8;
const TIP_SERIES_MAX = 10;
const RIGHT = 10;

/** Text of a figure, marked where it is approximate. */
export function seriesText(series: FigureSeries, place: number): string {
  const text = figureText(series.figures[place] ?? null, series.format);
  return series.isApproximate ? `≈ ${text}` : text;
}

function tableOf(places: readonly TimePlace[], series: readonly FigureSeries[]): ChartTable {
  return {
    head: ["Time", ...series.map(({ name }) => name)],
    rows: places.map(({ label }, place) => [label, ...series.map((each) => seriesText(each, place))]),
  };
}

interface Layout {
  axis: ValueAxis;
  bands: readonly Band[];
  place(index: number): number;
  /** Of a bar, its width. */
  step: number;
}

/** Comparisons are never stacked on what they are compared with. */
function bandsOf(kind: TimeChartProps["kind"], series: readonly FigureSeries[], places: number): Band[] {
  if (kind === "line") return series.map(single);
  const own = series.filter(({ isComparison }) => !isComparison);
  const stack = stacked(own, places);
  return series.map((each) => (each.isComparison ? single(each) : (stack[own.indexOf(each)] ?? [])));
}

function layOut(props: TimeChartProps, width: number, height: number): Layout {
  const { kind, places, series } = props;
  const bands = bandsOf(kind, series, places.length);
  const range = kind === "line" ? reachOf(bands) : rangeOf(bands);
  const format = series[0]?.format ?? { kind: "number" as const };
  const axis = valueAxis({ ...range, height, format, hasZero: kind !== "line" });
  if (kind === "bar") {
    const all = divide(places.length, [axis.left, width - RIGHT], places.length > 60 ? 0.1 : 0.24);
    return { axis, bands, step: all.width, place: (index) => all.place(index) + all.width / 2 };
  }
  const [first, last] = [places[0]?.at ?? 0, places.at(-1)?.at ?? 1];
  const scale = linear(first === last ? [first - 1, last + 1] : [first, last], [axis.left + 2, width - RIGHT]);
  return { axis, bands, step: 0, place: (index) => scale(places[index]?.at ?? first) };
}

function Line({ layout, series, index }: { layout: Layout; series: FigureSeries; index: number }) {
  const band = layout.bands[index] ?? [];
  const isThere = (value: readonly [number, number]): boolean => Number.isFinite(value[1]);
  const path = line<readonly [number, number]>()
    .defined(isThere)
    .x((_, place) => layout.place(place))
    .y(([, to]) => layout.axis.place(to))(band as [number, number][]);
  const alone = band.flatMap((value, place) => {
    const neighbours = [band[place - 1], band[place + 1]];
    return isThere(value) && !neighbours.some((each) => each && isThere(each)) ? [place] : [];
  });
  return (
    <g
      className="chart-line"
      data-comparison={series.isComparison || undefined}
      style={{ color: toneOf(index, series) }}
    >
      <path d={path ?? ""} />
      {alone.map((place) => (
        <circle key={place} cx={layout.place(place)} cy={layout.axis.place(band[place]?.[1] ?? 0)} r={2.5} />
      ))}
    </g>
  );
}

function Area({ layout, series, index }: { layout: Layout; series: FigureSeries; index: number }) {
  if (series.isComparison) return <Line layout={layout} series={series} index={index} />;
  const band = layout.bands[index] ?? [];
  const path = area<readonly [number, number]>()
    .x((_, place) => layout.place(place))
    .y0(([from]) => layout.axis.place(from))
    .y1(([, to]) => layout.axis.place(to))(band as [number, number][]);
  return (
    <g className="chart-area" style={{ color: toneOf(index, series) }}>
      <path d={path ?? ""} />
      <Line layout={layout} series={series} index={index} />
    </g>
  );
}

function Bars({ layout, series, index }: { layout: Layout; series: FigureSeries; index: number }) {
  if (series.isComparison) return <Line layout={layout} series={series} index={index} />;
  const { axis, step } = layout;
  // One path for all bars of a series: thousands of elements would be slow to change.
  const path = (layout.bands[index] ?? [])
    .map(([from, to], place) => {
      if (!Number.isFinite(to) || from === to) return "";
      const [y0, y1] = [axis.place(from), axis.place(to)];
      const [x, w, top, bottom] = [layout.place(place) - step / 2, step, y1, y0].map((each) => each.toFixed(2));
      return `M${x} ${bottom}V${top}h${w}V${bottom}Z`;
    })
    .join("");
  return <path className="chart-bars" d={path} style={{ color: toneOf(index, series) }} />;
}

const MARKS = { line: Line, area: Area, bar: Bars };

const Marks = memo(function Marks({ props, layout }: { props: TimeChartProps; layout: Layout }) {
  const Mark = MARKS[props.kind];
  const order = props.series.map((series, index) => ({ series, index }));
  // What is compared with lies behind; of lines, the first series above the others.
  order.sort(
    (a, b) => Number(b.series.isComparison ?? false) - Number(a.series.isComparison ?? false) || b.index - a.index,
  );
  return (
    <>
      {order.map(({ series, index }) => (
        <Mark key={index} layout={layout} series={series} index={index} />
      ))}
    </>
  );
});

function TipOf({
  props,
  layout,
  index,
  width,
}: {
  props: TimeChartProps;
  layout: Layout;
  index: number;
  width: number;
}) {
  const rows = props.series
    .map((series, at) => ({ series, at, value: numberOf(series.figures[index] ?? null) }))
    .filter(({ series }) => series.figures[index] !== null && series.figures[index] !== undefined);
  if (rows.length > 2) rows.sort((a, b) => b.value - a.value);
  return (
    <Tip x={layout.place(index)} y={layout.axis.top} width={width}>
      <strong>{props.places[index]?.label}</strong>
      <table>
        <tbody>
          {rows.slice(0, TIP_SERIES_MAX).map(({ series, at }) => (
            <tr key={at}>
              <td>
                <i data-comparison={series.isComparison || undefined} style={{ background: toneOf(at, series) }} />
                {series.name}
              </td>
              <td className="chart-num">{seriesText(series, index)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <span>No rows</span>}
      {rows.length > TIP_SERIES_MAX && <span>and {rows.length - TIP_SERIES_MAX} more</span>}
    </Tip>
  );
}

function nearest(layout: Layout, count: number, x: number): number {
  let [low, high] = [0, count - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((layout.place(middle) + layout.place(middle + 1)) / 2 < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

function announce(props: TimeChartProps, index: number, anchor: number | null): string {
  const place = props.places[index]?.label ?? "";
  if (anchor !== null && anchor !== index) return `Marked from ${props.places[anchor]?.label} to ${place}`;
  const texts = props.series.slice(0, TIP_SERIES_MAX).map((series) => `${series.name} ${seriesText(series, index)}`);
  return `${place}: ${texts.join(", ")}`;
}

export function TimeChart(props: TimeChartProps) {
  const { places, series, grain, onSpan, height = 220 } = props;
  const [host, width] = useWidth<HTMLDivElement>();
  const pick = onSpan && ((a: number, b: number) => onSpan(Math.min(a, b), Math.max(a, b)));
  const { cursor, onKeyDown, point, leave } = useCursor({ count: places.length, onPick: pick });
  const layout = useMemo(() => layOut(props, width, height), [props.kind, props.places, props.series, width, height]);
  const marks = useMemo(() => ({ ...props }), [props.kind, props.places, props.series]);
  const table = useMemo(() => tableOf(places, series), [places, series]);
  const room = width - layout.axis.left - RIGHT;
  const ticks = timeTicks(
    places.map(({ local }) => local),
    grain,
    Math.max(1, Math.floor(room / TICK_PX)),
  );
  const placeOfTick = (at: number): number => {
    const index = places.findIndex((place) => place.local >= at);
    return layout.place(index < 0 ? places.length - 1 : index);
  };
  const indexAt = (event: PointerEvent<HTMLElement>): number =>
    nearest(layout, places.length, event.clientX - event.currentTarget.getBoundingClientRect().left);
  const { index, anchor } = cursor;
  const isPointer = { onPointerMove, onPointerDown, onPointerUp };
  function onPointerMove(event: PointerEvent<HTMLElement>): void {
    if (places.length > 0) point(indexAt(event), event.buttons === 1 ? anchor : null);
  }
  function onPointerDown(event: PointerEvent<HTMLElement>): void {
    if (places.length === 0) return;
    const at = indexAt(event);
    point(at, pick && event.pointerType === "mouse" ? at : null);
  }
  function onPointerUp(event: PointerEvent<HTMLElement>): void {
    if (places.length === 0) return;
    const at = indexAt(event);
    const isDrag = anchor !== null && Math.abs(layout.place(at) - layout.place(anchor)) >= DRAG_PX;
    point(at);
    if (isDrag && pick) pick(anchor, at);
  }
  const keyed = series.some(({ key }) => key !== undefined);
  return (
    <ChartFrame
      label={props.label}
      table={table}
      host={host}
      announcement={index !== null && cursor.isByKeyboard ? announce(props, index, anchor) : ""}
      hint={pick && "Shift and arrows mark a span of time, Enter shows it alone."}
      onKeyDown={onKeyDown}
      onLeave={leave}
      legend={series.length > 1 || keyed ? <Legend series={series} onPick={props.onPick} /> : undefined}
    >
      {width > 0 && (
        <div className="chart-surface" {...isPointer}>
          <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
            <ValueAxisMarks axis={layout.axis} width={width - RIGHT} />
            <TimeAxisMarks ticks={ticks} place={placeOfTick} y={height - AXIS_HEIGHT} width={width} />
            <Marks props={marks} layout={layout} />
            {index !== null && <CursorMarks props={props} layout={layout} index={index} anchor={anchor} />}
          </svg>
          {index !== null && <TipOf props={props} layout={layout} index={index} width={width} />}
        </div>
      )}
    </ChartFrame>
  );
}

interface CursorMarksProps {
  props: TimeChartProps;
  layout: Layout;
  index: number;
  anchor: number | null;
}

function CursorMarks({ props, layout, index, anchor }: CursorMarksProps) {
  const { axis } = layout;
  const x = layout.place(index);
  const from = anchor === null ? x : layout.place(anchor);
  const span = Math.abs(x - from) + layout.step;
  return (
    <g className="chart-cursor">
      {span > 0 && (
        <rect x={Math.min(x, from) - layout.step / 2} width={span} y={axis.top} height={axis.bottom - axis.top} />
      )}
      {layout.step === 0 && <line x1={x} x2={x} y1={axis.top} y2={axis.bottom} />}
      {props.kind !== "bar" &&
        props.series.map((series, at) => {
          const to = layout.bands[at]?.[index]?.[1] ?? NaN;
          return Number.isFinite(to) ? (
            <circle key={at} cx={x} cy={axis.place(to)} r={3.5} style={{ color: toneOf(at, series) }} />
          ) : null;
        })}
    </g>
  );
}
