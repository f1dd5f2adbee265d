/** How a number is distributed: a bar for each of its bins. */
import { useMemo } from "react";

import { figureText, numberOf } from "@canvasback/values/figureText";
import { AXIS_HEIGHT, ValueAxisMarks, cut, textWidth, valueAxis } from "./axes";
import { ChartFrame, Tip } from "./ChartFrame";
import { bands } from "./scales";
import type { FigureSeries, Place } from "./shape";
import { useCursor } from "./useCursor";
import { useWidth } from "./useWidth";

interface HistogramProps {
  label: string;
  dimension: string;
  /** In their order. */
  bins: readonly Place[];
  series: FigureSeries;
  picked?: readonly (string | null)[] | undefined;
  height?: number;
  onPick?: ((key: string | null) => void) | undefined;
}

const RIGHT = 4;

export function Histogram(props: HistogramProps) {
  const { bins, series, picked, onPick, height = 220 } = props;
  const [host, width] = useWidth<HTMLDivElement>();
  const pick = (index: number): void => {
    const bin = bins[index];
    if (bin) onPick?.(bin.key);
  };
  const { cursor, onKeyDown, point, leave } = useCursor({ count: bins.length, onPick: onPick && pick });
  const table = useMemo(
    () => ({
      head: [props.dimension, series.name],
      rows: bins.map(({ label }, at) => [label, figureText(series.figures[at] ?? null, series.format)]),
    }),
    [bins, series, props.dimension],
  );
  const values = series.figures.map(numberOf).filter(Number.isFinite);
  const axis = valueAxis({
    least: Math.min(0, ...values),
    most: Math.max(0, ...values),
    height,
    format: series.format,
    hasZero: true,
  });
  const band = bands(bins.length, [axis.left, width - RIGHT], 0.06);
  const { step } = band;
  const widest = Math.max(0, ...bins.map(({ label }) => textWidth(label))) + 10;
  const every = Math.max(1, Math.ceil(Math.min(widest, 96) / Math.max(1, step)));
  const placeOf = band.place;
  const { index } = cursor;
  return (
    <ChartFrame
      label={props.label}
      table={table}
      host={host}
      announcement={index !== null && cursor.isByKeyboard ? (table.rows[index] ?? []).join(": ") : ""}
      hint={onPick && "Enter filters by the bin."}
      onKeyDown={onKeyDown}
      onLeave={leave}
    >
      {width > 0 && (
        <div className="chart-surface" data-pick={onPick !== undefined || undefined}>
          <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
            <ValueAxisMarks axis={axis} width={width - RIGHT} />
            {bins.map(({ key, label }, at) => {
              const value = numberOf(series.figures[at] ?? null);
              const y = axis.place(Number.isFinite(value) ? value : 0);
              const isPale = Boolean(picked?.length) && !picked?.includes(key);
              return (
                <g
                  key={at}
                  className="chart-row"
                  data-pale={isPale || undefined}
                  onPointerEnter={() => point(at)}
                  onClick={() => pick(at)}
                >
                  <rect
                    className="chart-hit"
                    x={placeOf(at)}
                    y={axis.top}
                    width={step}
                    height={height - axis.top}
                    data-on={index === at || undefined}
                  />
                  <rect
                    className="chart-rank"
                    x={placeOf(at)}
                    width={band.width}
                    y={Math.min(y, axis.place(0))}
                    height={Math.abs(axis.place(0) - y)}
                  />
                  {at % every === 0 && (
                    <text
                      className="chart-tick"
                      x={Math.min(width - textWidth(label) / 2, placeOf(at) + band.width / 2)}
                      y={height - AXIS_HEIGHT + 16}
                      textAnchor="middle"
                    >
                      {cut(label, step * every)}
                    </text>
                  )}
                </g>
              );
            })}
          </svg>
          {index !== null && (
            <Tip x={placeOf(index) + step / 2} y={axis.top} width={width}>
              <strong>{bins[index]?.label}</strong>
              <div>{(table.rows[index] ?? [])[1]}</div>
            </Tip>
          )}
        </div>
      )}
    </ChartFrame>
  );
}
