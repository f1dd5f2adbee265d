/**
 * What every chart of ours has around its marks: a name, focus, the place that is looked at announced, a tip beside it,
 * and a table behind it for those who do not see the picture. The marks themselves are hidden from screen readers.
 */
import { type KeyboardEvent, type ReactNode, type RefObject, useId } from "react";

import "./charts.css";

export interface ChartTable {
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

/** More rows than these are in the tile's own table and its CSV: a page should not have a hundred thousand cells. */
export const TABLE_ROWS_MAX = 120;

export function TableBehind({ caption, table }: { caption: string; table: ChartTable }) {
  const left = table.rows.length - TABLE_ROWS_MAX;
  return (
    <div className="chart-behind">
      <table>
        <caption>
          {caption}
          {left > 0 && `: the first ${TABLE_ROWS_MAX} of ${table.rows.length} rows`}
        </caption>
        <thead>
          <tr>
            {table.head.map((name, i) => (
              <th key={i} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.slice(0, TABLE_ROWS_MAX).map((row, i) => (
            <tr key={i}>{row.map((text, j) => (j === 0 ? <th key={j}>{text}</th> : <td key={j}>{text}</td>))}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface TipProps {
  /** In pixels of the chart. */
  x: number;
  y: number;
  width: number;
  children: ReactNode;
}

/** Beside the place that is looked at, on the side that has room. */
export function Tip({ x, y, width, children }: TipProps) {
  const isLeft = x > width / 2;
  return (
    <div
      className="chart-tip"
      aria-hidden
      style={{ top: y, ...(isLeft ? { right: width - x + 12 } : { left: x + 12 }) }}
    >
      {children}
    </div>
  );
}

interface ChartFrameProps {
  label: string;
  table: ChartTable;
  host: RefObject<HTMLDivElement | null>;
  /** What is said of the place that the keyboard leads to. */
  announcement: string;
  /** What the keyboard does here, beside moving. */
  hint?: string | undefined;
  onKeyDown(event: KeyboardEvent): void;
  onLeave(): void;
  children: ReactNode;
  legend?: ReactNode;
}

export function ChartFrame(props: ChartFrameProps) {
  const hint = useId();
  return (
    <div className="chart">
      {props.legend}
      <div
        className="chart-view"
        ref={props.host}
        role="group"
        aria-roledescription="chart"
        aria-label={props.label}
        aria-describedby={hint}
        tabIndex={0}
        onKeyDown={props.onKeyDown}
        onBlur={props.onLeave}
        onPointerLeave={props.onLeave}
      >
        {props.children}
        <span id={hint} hidden>
          Arrow keys move through the values.{props.hint ? ` ${props.hint}` : ""}
        </span>
        <span className="chart-behind" role="status">
          {props.announcement}
        </span>
      </div>
      <TableBehind caption={props.label} table={props.table} />
    </div>
  );
}
