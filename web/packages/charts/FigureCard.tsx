/** One figure, how it changed, and its way there in small. */
import { area, line } from "d3-shape";

import { changeOf, changeText, figureText, numberOf, shortFigureText } from "@canvasback/values/figureText";
import type { Digits, FigureFormat } from "@canvasback/values/figureText";
import { linear } from "./scales";
import { useWidth } from "./useWidth";
import "./charts.css";

export interface FigureCardProps {
  digits: Digits;
  format: FigureFormat;
  isApproximate?: boolean;
  unit?: string | undefined;
  /** The figure of the period that is compared with, and what that is called. */
  before?: Digits | undefined;
  beforeName?: string | undefined;
  /** Which change is a good one. */
  good?: "up" | "down" | "neutral";
  spark?: readonly Digits[] | undefined;
  sparkName?: string | undefined;
  /** Shows the rows behind the figure. */
  onRows?: (() => void) | undefined;
}

const SPARK_HEIGHT = 36;
/** Longer figures are shown in short, and in full below. */
const FULL_MAX = 13;

export function toneOfChange(change: number | null, good: "up" | "down" | "neutral"): "good" | "bad" | "even" {
  if (change === null || change === 0 || good === "neutral") return "even";
  return change > 0 === (good === "up") ? "good" : "bad";
}

export function FigureCard(props: FigureCardProps) {
  const { digits, format, before, good = "up", spark } = props;
  const full = figureText(digits, format);
  const short = shortFigureText(digits, format);
  // A time has no shorter form.
  const isLong = full.length > FULL_MAX && short !== full;
  const text = isLong ? short : full;
  const change = before === undefined ? null : changeText(digits, before);
  const tone = toneOfChange(before === undefined ? null : changeOf(digits, before), good);
  const sign = props.isApproximate ? "≈ " : "";
  const unit = props.unit ? ` ${props.unit}` : "";
  return (
    <div className="chart-card">
      <p className="chart-card-figure" data-long={text.length > FULL_MAX || undefined} title={full + unit}>
        {props.onRows ? (
          <button type="button" title={`${full}${unit}: show its rows`} onClick={props.onRows}>
            {sign + text + unit}
          </button>
        ) : (
          sign + text + unit
        )}
      </p>
      {isLong && <p className="chart-card-full">{sign + full + unit}</p>}
      {before !== undefined && (
        <p className="chart-card-change">
          {change !== null && (
            <strong data-tone={tone}>
              <span aria-hidden>{change.startsWith("-") ? "▼" : change.startsWith("+") ? "▲" : "="}</span> {change}
            </strong>
          )}{" "}
          {before === null || change === null
            ? `no comparison${props.beforeName ? ` with ${props.beforeName}` : ""}`
            : `from ${shortFigureText(before, format)}${props.beforeName ? `, ${props.beforeName}` : ""}`}
        </p>
      )}
      {spark && spark.length > 1 && <Spark figures={spark} label={props.sparkName ?? ""} format={format} />}
    </div>
  );
}

export function Spark({
  figures,
  label,
  format,
}: {
  figures: readonly Digits[];
  label: string;
  format: FigureFormat;
}) {
  const [host, width] = useWidth<HTMLDivElement>();
  const values = figures.map(numberOf);
  const known = values.filter(Number.isFinite);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const x = linear([0, Math.max(1, values.length - 1)], [1, Math.max(2, width - 4)]);
  const y = linear([Math.min(0, least), most === Math.min(0, least) ? most + 1 : most], [SPARK_HEIGHT - 2, 3]);
  const isThere = (value: number): boolean => Number.isFinite(value);
  const path = line<number>()
    .defined(isThere)
    .x((_, at) => x(at))
    .y((value) => y(value))(values);
  const fill = area<number>()
    .defined(isThere)
    .x((_, at) => x(at))
    .y0(SPARK_HEIGHT)
    .y1((value) => y(value))(values);
  const last = values.at(-1) ?? NaN;
  const [low, high] = [figures[values.indexOf(least)] ?? null, figures[values.indexOf(most)] ?? null];
  const words = `${label}: from ${shortFigureText(low, format)} to ${shortFigureText(high, format)}`;
  return (
    <div ref={host} className="chart-spark">
      {width > 0 && known.length > 0 && (
        <svg
          width={width}
          height={SPARK_HEIGHT}
          viewBox={`0 0 ${width} ${SPARK_HEIGHT}`}
          role="img"
          aria-label={words}
        >
          <path className="chart-spark-fill" d={fill ?? ""} />
          <path className="chart-spark-line" d={path ?? ""} />
          {isThere(last) && <circle cx={x(values.length - 1)} cy={y(last)} r={2.5} />}
        </svg>
      )}
    </div>
  );
}
