/** A measure by two dimensions, as a table of figures. */
import { figureText } from "@canvasback/values/figureText";
import type { Digits, FigureFormat } from "@canvasback/values/figureText";
import type { Place } from "./shape";
import { strengths } from "./Heatmap";
import "./charts.css";

export interface PivotTableProps {
  label: string;
  names: readonly [row: string, column: string];
  rows: readonly Place[];
  columns: readonly Place[];
  /** By row, then by column. */
  figures: readonly (readonly Digits[])[];
  format: FigureFormat;
  isApproximate?: boolean;
  onPick?: ((row: string | null, column: string | null) => void) | undefined;
}

export function PivotTable(props: PivotTableProps) {
  const { names, rows, columns, figures, format, onPick } = props;
  const dark = strengths(figures);
  return (
    <div className="chart-scroll chart-pivot" tabIndex={0} role="group" aria-label={props.label}>
      <table>
        <caption className="chart-behind">{props.label}</caption>
        <thead>
          <tr>
            <th scope="col">
              {names[0]} <span className="chart-dim">by {names[1]}</span>
            </th>
            {columns.map(({ label }, at) => (
              <th key={at} scope="col" className="chart-num">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, r) => (
            <tr key={r}>
              <th scope="row">{row.label}</th>
              {columns.map((column, c) => {
                const digits = figures[r]?.[c] ?? null;
                const text = digits === null ? "" : (props.isApproximate ? "≈ " : "") + figureText(digits, format);
                const share = Math.round((dark[r]?.[c] ?? 0) * 30);
                const style = {
                  background: `color-mix(in oklab, var(--chart-heat) ${share}%, transparent)`,
                };
                return (
                  <td key={c} className="chart-num" style={style}>
                    {onPick && digits !== null ? (
                      <button type="button" title="Filter by this cell" onClick={() => onPick(row.key, column.key)}>
                        {text}
                      </button>
                    ) : (
                      text
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
