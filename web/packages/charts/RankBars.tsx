/** A bar for each value of a dimension, lying, so that names have room. A click filters by one. */
import { useMemo } from "react";

import { changeText, figureText, numberOf, shortFigureText } from "@canvasback/values/figureText";
import { cut, textWidth } from "./axes";
import { ChartFrame, type ChartTable, Tip } from "./ChartFrame";
import { linear } from "./scales";
import type { FigureSeries, Place } from "./shape";
import { useCursor } from "./useCursor";
import { useWidth } from "./useWidth";

export interface RankBarsProps {
  label: string;
  /** What the places are values of. */
  dimension: string;
  places: readonly Place[];
  series: FigureSeries;
  /** The same of another period. */
  comparison?: FigureSeries | undefined;
  /** Values that the page is filtered by: the others are pale. */
  picked?: readonly (string | null)[] | undefined;
  onPick?: ((key: string | null) => void) | undefined;
}

const ROW = 26;
const GAP = 8;
/** Of letters. */
const SIZE = 12;

function tableOf({ dimension, places, series, comparison }: RankBarsProps): ChartTable {
  const rows = places.map(({ label }, index) => {
    const now = series.figures[index] ?? null;
    const before = comparison?.figures[index] ?? null;
    const compared = comparison ? [figureText(before, series.format), changeText(now, before) ?? "–"] : [];
    return [label, figureText(now, series.format), ...compared];
  });
  const head = [dimension, series.name, ...(comparison ? [comparison.name, "Change"] : [])];
  return { head, rows };
}

interface Rows {
  from: number;
  right: number;
  name: number;
  place(value: number): number;
}

function layOut({ places, series, comparison }: RankBarsProps, width: number): Rows {
  const values = [...series.figures, ...(comparison?.figures ?? [])].map(numberOf).filter(Number.isFinite);
  const longest = Math.max(0, ...places.map(({ label }) => textWidth(label, SIZE)));
  const name = Math.min(longest + GAP, Math.max(70, width * 0.36));
  const figures = series.figures.map((digits) => textWidth(shortFigureText(digits, series.format), SIZE));
  const right = Math.max(0, ...figures) + GAP;
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)];
  const scale = linear([least, most === least ? least + 1 : most], [name, Math.max(name + 10, width - right)]);
  return { from: scale(0), right, name, place: scale };
}

export function RankBars(props: RankBarsProps) {
  const { places, series, comparison, picked, onPick } = props;
  const [host, width] = useWidth<HTMLDivElement>();
  const pick = (index: number): void => {
    const place = places[index];
    if (place && onPick) onPick(place.key);
  };
  const { cursor, onKeyDown, point, leave } = useCursor({
    count: places.length,
    isVertical: true,
    onPick: onPick && pick,
  });
  const layout = useMemo(() => layOut(props, width), [places, series, comparison, width]);
  const table = useMemo(() => tableOf(props), [places, series, comparison, props.dimension]);
  const { index } = cursor;
  const height = places.length * ROW + 4;
  const say = (at: number): string =>
    (table.rows[at] ?? []).map((text, i) => (i === 0 ? text : `${table.head[i]} ${text}`)).join(", ");
  return (
    <ChartFrame
      label={props.label}
      table={table}
      host={host}
      announcement={index !== null && cursor.isByKeyboard ? say(index) : ""}
      hint={onPick && "Enter filters by the value."}
      onKeyDown={onKeyDown}
      onLeave={leave}
    >
      {width > 0 && (
        <div className="chart-surface" data-pick={onPick !== undefined || undefined}>
          <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
            {places.map((place, at) => (
              <Row
                key={at}
                props={props}
                layout={layout}
                at={at}
                width={width}
                isPale={Boolean(picked?.length) && !picked?.includes(place.key)}
                isCursor={at === index}
                onPoint={() => point(at)}
                onPick={() => pick(at)}
              />
            ))}
          </svg>
          {index !== null && (
            <Tip
              x={layout.place(Math.max(0, numberOf(series.figures[index] ?? "0") || 0))}
              y={index * ROW + ROW}
              width={width}
            >
              <strong>{places[index]?.label}</strong>
              {(table.rows[index] ?? []).slice(1).map((text, i) => (
                <div key={i} className="chart-tip-row">
                  <span>{table.head[i + 1]}</span>
                  <span>{text}</span>
                </div>
              ))}
            </Tip>
          )}
        </div>
      )}
    </ChartFrame>
  );
}

interface RowProps {
  props: RankBarsProps;
  layout: Rows;
  at: number;
  width: number;
  isPale: boolean;
  isCursor: boolean;
  onPoint(): void;
  onPick(): void;
}

function Row({ props, layout, at, width, isPale, isCursor, onPoint, onPick }: RowProps) {
  const { series, comparison, places } = props;
  const digits = series.figures[at] ?? null;
  const value = numberOf(digits);
  const to = Number.isFinite(value) ? layout.place(value) : layout.from;
  const before = numberOf(comparison?.figures[at] ?? null);
  const y = at * ROW;
  const end = Math.max(to, layout.from);
  const text = (series.isApproximate ? "≈ " : "") + shortFigureText(digits, series.format);
  // The mark of the other period does not cross the figure out.
  const mark = Number.isFinite(before) ? layout.place(before) : -1;
  const textAt = mark > end + 1 && mark < end + 12 + textWidth(text, SIZE) ? mark : end;
  return (
    <g className="chart-row" data-pale={isPale || undefined} onPointerEnter={onPoint} onClick={onPick}>
      <rect className="chart-hit" x={0} y={y} width={width} height={ROW} data-on={isCursor || undefined} />
      <text x={layout.name - GAP} y={y + ROW / 2} dy="0.32em" textAnchor="end">
        {cut(places[at]?.label ?? "", layout.name - GAP, SIZE)}
      </text>
      <rect
        className="chart-rank"
        x={Math.min(layout.from, to)}
        y={y + 5}
        width={Math.max(value === 0 || !Number.isFinite(value) ? 0 : 1, Math.abs(to - layout.from))}
        height={ROW - 10}
        rx={2}
      />
      {Number.isFinite(before) && <line className="chart-before" x1={mark} x2={mark} y1={y + 3} y2={y + ROW - 3} />}
      <text className="chart-figure" x={textAt + 6} y={y + ROW / 2} dy="0.32em">
        {text}
      </text>
    </g>
  );
}
