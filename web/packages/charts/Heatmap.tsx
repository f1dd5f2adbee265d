/** Cells of two dimensions, the larger the darker; also cohorts, whose rows are shares of their first cell. */
import { useMemo } from "react";

import { figureText, numberOf, shortFigureText } from "@canvasback/values/figureText";
import type { Digits, FigureFormat } from "@canvasback/values/figureText";
import { cut, textWidth } from "./axes";
import { ChartFrame, type ChartTable, Tip } from "./ChartFrame";
import type { Place } from "./shape";
import { useCursor } from "./useCursor";
import { useWidth } from "./useWidth";

export interface HeatmapProps {
  label: string;
  /** What rows and columns are values of. */
  names: readonly [row: string, column: string];
  rows: readonly Place[];
  columns: readonly Place[];
  /** By row, then by column. */
  figures: readonly (readonly Digits[])[];
  format: FigureFormat;
  /** In place of the figure, which the tip then has: of a cohort, the share of its first cell. */
  shares?: boolean;
  isApproximate?: boolean;
  onPick?: ((row: string | null, column: string | null) => void) | undefined;
}

const ROW = 24;
const HEAD = 22;
const GAP = 8;
/** Of letters of names. */
const SIZE = 12;
const CELL_MAX = 96;
const TEXT_WIDTH_MIN = 30;

/** How dark a cell is, from 0 to 1; null of one without a figure. */
export function strengths(figures: readonly (readonly Digits[])[]): (number | null)[][] {
  const values = figures.map((row) => row.map(numberOf));
  const known = values.flat().filter(Number.isFinite);
  const most = known.reduce((a, b) => Math.max(a, b), -Infinity);
  // From zero, so that twice the figure is twice as dark; where some are negative, from the least.
  const least = known.reduce((a, b) => Math.min(a, b), 0);
  return values.map((row) =>
    row.map((value) => (!Number.isFinite(value) ? null : most === least ? 1 : (value - least) / (most - least))),
  );
}

/** Each figure as a share of the first of its row. */
export function sharesOfFirst(figures: readonly (readonly Digits[])[]): Digits[][] {
  return figures.map((row) => {
    const first = numberOf(row.find((digits) => digits !== null) ?? null);
    return row.map((digits) => {
      const share = numberOf(digits) / first;
      return Number.isFinite(share) ? String(share) : null;
    });
  });
}

interface Layout {
  left: number;
  cell: number;
}

function layOut({ rows, columns }: HeatmapProps, width: number): Layout {
  const longest = Math.max(0, ...rows.map(({ label }) => textWidth(label, SIZE)));
  const left = Math.min(longest + GAP, Math.max(64, width * 0.3));
  return { left, cell: Math.min(CELL_MAX, (width - left) / Math.max(1, columns.length)) };
}

function tableOf({ names, rows, columns, figures, format }: HeatmapProps): ChartTable {
  return {
    head: [`${names[0]} \\ ${names[1]}`, ...columns.map(({ label }) => label)],
    rows: rows.map(({ label }, row) => [
      label,
      ...columns.map((_, column) => figureText(figures[row]?.[column] ?? null, format)),
    ]),
  };
}

const PERCENT: FigureFormat = { kind: "percent" };

export function Heatmap(props: HeatmapProps) {
  const { rows, columns, figures, format, shares, onPick } = props;
  const [host, width] = useWidth<HTMLDivElement>();
  const count = rows.length * columns.length;
  const placeOf = (index: number): [number, number] => [
    Math.floor(index / columns.length),
    index % Math.max(1, columns.length),
  ];
  const pick = (index: number): void => {
    const [row, column] = placeOf(index);
    onPick?.(rows[row]?.key ?? null, columns[column]?.key ?? null);
  };
  const { cursor, onKeyDown, point, leave } = useCursor({
    count,
    columns: columns.length,
    onPick: onPick && pick,
  });
  const layout = useMemo(() => layOut(props, width), [rows, columns, width]);
  const table = useMemo(() => tableOf(props), [rows, columns, figures, format]);
  const drawn = useMemo(() => (shares ? sharesOfFirst(figures) : figures), [figures, shares]);
  const dark = useMemo(() => strengths(drawn), [drawn]);
  const { index } = cursor;
  const height = HEAD + rows.length * ROW;
  const [row, column] = placeOf(index ?? 0);
  const full = (r: number, c: number): string => {
    const text = (props.isApproximate ? "≈ " : "") + figureText(figures[r]?.[c] ?? null, format);
    return shares ? `${text}, ${figureText(drawn[r]?.[c] ?? null, PERCENT)}` : text;
  };
  const short = (digits: Digits): string => shortFigureText(digits, shares ? PERCENT : format);
  return (
    <ChartFrame
      label={props.label}
      table={table}
      host={host}
      announcement={
        index !== null && cursor.isByKeyboard
          ? `${rows[row]?.label}, ${columns[column]?.label}: ${full(row, column)}`
          : ""
      }
      hint={onPick && "Enter filters by the cell."}
      onKeyDown={onKeyDown}
      onLeave={leave}
    >
      {width > 0 && (
        <div className="chart-surface" data-pick={onPick !== undefined || undefined}>
          <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
            <Heads columns={columns} layout={layout} />
            {rows.map((each, r) => (
              <g key={r} transform={`translate(0 ${HEAD + r * ROW})`}>
                <text className="chart-name" x={layout.left - GAP} y={ROW / 2} dy="0.32em" textAnchor="end">
                  {cut(each.label, layout.left - GAP, SIZE)}
                </text>
                {columns.map((_, c) => (
                  <Cell
                    key={c}
                    x={layout.left + c * layout.cell}
                    width={layout.cell}
                    strength={dark[r]?.[c] ?? null}
                    text={layout.cell >= TEXT_WIDTH_MIN ? short(drawn[r]?.[c] ?? null) : ""}
                    isCursor={index === r * columns.length + c}
                    onPoint={() => point(r * columns.length + c)}
                    onPick={() => pick(r * columns.length + c)}
                  />
                ))}
              </g>
            ))}
          </svg>
          {index !== null && (
            <Tip x={layout.left + (column + 0.5) * layout.cell} y={HEAD + (row + 1) * ROW} width={width}>
              <strong>
                {rows[row]?.label} · {columns[column]?.label}
              </strong>
              <div>{full(row, column)}</div>
            </Tip>
          )}
        </div>
      )}
    </ChartFrame>
  );
}

function Heads({ columns, layout }: { columns: readonly Place[]; layout: Layout }) {
  const widest = Math.max(0, ...columns.map(({ label }) => textWidth(label))) + 6;
  const step = Math.max(1, Math.ceil(Math.min(widest, 84) / layout.cell));
  return (
    <g className="chart-axis">
      {columns.map(({ label }, column) =>
        column % step === 0 ? (
          <text key={column} x={layout.left + (column + 0.5) * layout.cell} y={14} textAnchor="middle">
            {cut(label, layout.cell * step)}
          </text>
        ) : null,
      )}
    </g>
  );
}

interface CellProps {
  x: number;
  width: number;
  strength: number | null;
  text: string;
  isCursor: boolean;
  onPoint(): void;
  onPick(): void;
}

function Cell({ x, width, strength, text, isCursor, onPoint, onPick }: CellProps) {
  const share = strength === null ? 0 : Math.round(6 + strength * 94);
  return (
    <g className="chart-cell" onPointerEnter={onPoint} onClick={onPick} data-on={isCursor || undefined}>
      <rect
        x={x + 0.5}
        y={0.5}
        width={Math.max(1, width - 1)}
        height={ROW - 1}
        rx={2}
        style={{
          fill:
            strength === null ? "transparent" : `color-mix(in oklab, var(--chart-heat) ${share}%, var(--cb-surface))`,
        }}
      />
      {text !== "" && strength !== null && textWidth(text) <= width - 4 && (
        <text
          x={x + width / 2}
          y={ROW / 2}
          dy="0.32em"
          textAnchor="middle"
          data-depth={share > 68 ? "deep" : share > 52 ? "middle" : undefined}
        >
          {text}
        </text>
      )}
    </g>
  );
}
