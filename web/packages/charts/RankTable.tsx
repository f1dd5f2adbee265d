/** A leaderboard: groups with their measures, sorted where the numbers are from, by pages, with a total. */
import { changeOf, changeText, figureText, numberOf } from "@canvasback/values/figureText";
import type { Digits, FigureFormat } from "@canvasback/values/figureText";
import { toneOfChange } from "./FigureCard";
import "./charts.css";

export interface MeasureColumn {
  name: string;
  label: string;
  format: FigureFormat;
  good: "up" | "down" | "neutral";
  isApproximate: boolean;
}

export interface RankRow {
  /** A value for each dimension: what is meant, and what is shown. */
  groups: readonly { key: string | null; label: string }[];
  figures: readonly Digits[];
  /** Of the period that is compared with, by measure. */
  before?: readonly (Digits | undefined)[] | undefined;
}

export interface RankTableProps {
  label: string;
  dimensions: readonly { name: string; label: string }[];
  measures: readonly MeasureColumn[];
  rows: readonly RankRow[];
  total?: readonly Digits[] | undefined;
  /** "-revenue": from the largest down. */
  sort?: string | undefined;
  onSort?: ((sort: string) => void) | undefined;
  /** A value of a dimension was picked. */
  onPick?: ((dimension: string, key: string | null) => void) | undefined;
  /** Shows the rows behind a figure. */
  onRows?: ((row: RankRow, measure: string) => void) | undefined;
  /** By dimension, what the page is filtered by. */
  picked?: Readonly<Record<string, readonly (string | null)[]>> | undefined;
  /** Where the page begins among all groups. */
  offset?: number;
  /** How many groups a page has. */
  limit: number;
  groups?: number | undefined;
  onOffset?: ((offset: number) => void) | undefined;
}

/** Sorting again turns round; another column begins with the largest, a name with the first. */
export function nextSort(sort: string | undefined, name: string, isMeasure: boolean): string {
  if (sort === name) return `-${name}`;
  if (sort === `-${name}`) return name;
  return isMeasure ? `-${name}` : name;
}

function SortHead({
  props,
  name,
  label,
  isMeasure,
}: {
  props: RankTableProps;
  name: string;
  label: string;
  isMeasure: boolean;
}) {
  const { sort, onSort } = props;
  const direction = sort === name ? "ascending" : sort === `-${name}` ? "descending" : undefined;
  return (
    <th scope="col" className={isMeasure ? "chart-num" : undefined} aria-sort={direction}>
      {onSort ? (
        <button type="button" onClick={() => onSort(nextSort(sort, name, isMeasure))}>
          {label}
          <span aria-hidden className="chart-sort">
            {direction === "ascending" ? "▲" : direction === "descending" ? "▼" : ""}
          </span>
        </button>
      ) : (
        label
      )}
    </th>
  );
}

interface FigureCellProps {
  column: MeasureColumn;
  digits: Digits;
  before: Digits | undefined;
  most: number;
  isFirst: boolean;
  onRows: (() => void) | undefined;
}

function FigureCell({ column, digits, before, most, isFirst, onRows }: FigureCellProps) {
  const share = most > 0 ? Math.max(0, Math.min(1, numberOf(digits) / most)) : 0;
  const change = before === undefined ? null : changeText(digits, before);
  const text = (column.isApproximate ? "≈ " : "") + figureText(digits, column.format);
  return (
    <td className="chart-num">
      {onRows && digits !== null ? (
        // One stop of Tab in a row is enough.
        <button type="button" title="Show its rows" tabIndex={isFirst ? 0 : -1} onClick={onRows}>
          {text}
        </button>
      ) : (
        text
      )}
      {before !== undefined && (
        <small data-tone={toneOfChange(changeOf(digits, before), column.good)}>
          {change ?? (Number.isFinite(numberOf(digits)) ? "new" : "")}
        </small>
      )}
      {Number.isFinite(share) && share > 0 && (
        <span className="chart-share" aria-hidden style={{ width: `${(share * 100).toFixed(1)}%` }} />
      )}
    </td>
  );
}

function Pager({ props }: { props: RankTableProps }) {
  const { offset = 0, limit, groups, rows, onOffset } = props;
  if (groups === undefined || (groups <= limit && offset === 0)) return null;
  const last = offset + rows.length;
  return (
    <div className="chart-pager">
      <span role="status">
        {rows.length === 0 ? "0" : `${(offset + 1).toLocaleString("en")} to ${last.toLocaleString("en")}`} of{" "}
        {groups.toLocaleString("en")}
      </span>
      {onOffset && (
        <>
          <button type="button" disabled={offset === 0} onClick={() => onOffset(Math.max(0, offset - limit))}>
            Previous
          </button>
          <button type="button" disabled={last >= groups} onClick={() => onOffset(offset + limit)}>
            Next
          </button>
        </>
      )}
    </div>
  );
}

export function RankTable(props: RankTableProps) {
  const { dimensions, measures, rows, total, onPick, picked, offset = 0 } = props;
  const most = measures.map((_, at) =>
    rows.reduce((found, { figures }) => Math.max(found, numberOf(figures[at] ?? null) || 0), 0),
  );
  return (
    <div className="chart-rank-table">
      <div className="chart-scroll" tabIndex={0} role="group" aria-label={props.label}>
        <table>
          <caption className="chart-behind">{props.label}</caption>
          <thead>
            <tr>
              <th scope="col" className="chart-num">
                #
              </th>
              {dimensions.map(({ name, label }) => (
                <SortHead key={name} props={props} name={name} label={label} isMeasure={false} />
              ))}
              {measures.map(({ name, label }) => (
                <SortHead key={name} props={props} name={name} label={label} isMeasure />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, at) => (
              <tr key={at}>
                <td className="chart-num chart-dim">{(offset + at + 1).toLocaleString("en")}</td>
                {row.groups.map(({ key, label }, i) => {
                  const name = dimensions[i]?.name ?? "";
                  return (
                    <th key={i} scope="row" data-picked={picked?.[name]?.includes(key) || undefined}>
                      {onPick ? (
                        <button type="button" title={label} onClick={() => onPick(name, key)}>
                          {label}
                        </button>
                      ) : (
                        <span title={label}>{label}</span>
                      )}
                    </th>
                  );
                })}
                {measures.map((column, i) => (
                  <FigureCell
                    key={column.name}
                    column={column}
                    digits={row.figures[i] ?? null}
                    before={row.before?.[i]}
                    most={most[i] ?? 0}
                    isFirst={i === 0}
                    onRows={props.onRows && (() => props.onRows?.(row, column.name))}
                  />
                ))}
              </tr>
            ))}
          </tbody>
          {total && rows.length > 0 && (
            <tfoot>
              <tr>
                <td />
                <th scope="row" colSpan={Math.max(1, dimensions.length)}>
                  All
                </th>
                {measures.map((column, i) => (
                  <td key={column.name} className="chart-num">
                    {column.isApproximate && "≈ "}
                    {figureText(total[i] ?? null, column.format)}
                  </td>
                ))}
              </tr>
            </tfoot>
          )}
        </table>
      </div>
      <Pager props={props} />
    </div>
  );
}
