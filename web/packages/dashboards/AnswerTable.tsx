/** The numbers of a tile as a plain table: in place of its picture, for those who would rather read. */
import { seriesText } from "@canvasback/charts/TimeChart";
import { figureText } from "@canvasback/values/figureText";
import { digitsOf, dimensionText, keyOf } from "./labels";
import { type Metrics, dimensionNamed, measureNamed } from "./model";
import type { Answer } from "./source";
import type { TimeShape } from "./timeShape";

const ROWS_MAX = 1000;

interface Cells {
  head: { text: string; isNumber: boolean }[];
  rows: string[][];
}

function ofTime({ places, series }: TimeShape): Cells {
  return {
    head: [{ text: "Time", isNumber: false }, ...series.map(({ name }) => ({ text: name, isNumber: true }))],
    rows: places.map(({ label }, place) => [label, ...series.map((each) => seriesText(each, place))]),
  };
}

function ofAnswer(answer: Answer, metrics: Metrics | undefined, compareName: string): Cells {
  const head = answer.columns.map(({ name, role }) => {
    const label = role === "dimension" ? dimensionNamed(metrics, name).label : measureNamed(metrics, name).label;
    return {
      text: role === "compare" ? `${label}, ${compareName}` : label,
      isNumber: role !== "dimension" && role !== "time",
    };
  });
  const rows = answer.rows.map((row) =>
    answer.columns.map(({ name, role, error }, at) => {
      if (role === "dimension") return dimensionText(dimensionNamed(metrics, name), keyOf(row[at]));
      if (role === "time") return keyOf(row[at]) ?? "";
      return (error === undefined ? "" : "≈ ") + figureText(digitsOf(row[at]), measureNamed(metrics, name).format);
    }),
  );
  return { head, rows };
}

interface AnswerTableProps {
  label: string;
  answer: Answer;
  metrics: Metrics | undefined;
  shape: TimeShape | null;
  compareName: string;
}

export function AnswerTable({ label, answer, metrics, shape, compareName }: AnswerTableProps) {
  const { head, rows } = shape ? ofTime(shape) : ofAnswer(answer, metrics, compareName);
  return (
    <>
      <div className="chart-scroll dash-answer" tabIndex={0} role="group" aria-label={label}>
        <table>
          <caption className="chart-behind">{label}</caption>
          <thead>
            <tr>
              {head.map(({ text, isNumber }, at) => (
                <th key={at} scope="col" className={isNumber ? "chart-num" : undefined}>
                  {text}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, ROWS_MAX).map((row, at) => (
              <tr key={at}>
                {row.map((text, column) => (
                  <td key={column} className={head[column]?.isNumber ? "chart-num" : undefined}>
                    {text}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > ROWS_MAX && (
        <p className="dash-note">
          The first {ROWS_MAX.toLocaleString("en")} of {rows.length.toLocaleString("en")}; the CSV has all.
        </p>
      )}
    </>
  );
}
