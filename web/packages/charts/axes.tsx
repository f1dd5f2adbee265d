/** Axes and the room that they take. */
import { type FigureFormat, axisText } from "@canvasback/values/figureText";
import { linear, roundTicks } from "./scales";
import type { Tick } from "./timeAxis";

/** Where no text can be measured: a little more than the average digit of the 11 pixel labels. */
const CHARACTER_PX = 6.3;
export const AXIS_HEIGHT = 22;
const TOP = 8;

let ruler: CanvasRenderingContext2D | null | undefined;

/** Of a label, in pixels; `size` is that of its letters. */
export function textWidth(text: string, size = 11): number {
  if (ruler === undefined) {
    ruler = typeof document === "undefined" ? null : document.createElement("canvas").getContext("2d");
    if (ruler) ruler.font = `100px ${getComputedStyle(document.body).fontFamily}`;
  }
  return ruler ? (ruler.measureText(text).width * size) / 100 : (text.length * CHARACTER_PX * size) / 11;
}

/** As many characters as there is room for. */
export function cut(text: string, width: number, size = 11): string {
  if (textWidth(text, size) <= width) return text;
  let most = Math.max(1, Math.floor((text.length * width) / Math.max(1, textWidth(text, size))));
  while (most > 1 && textWidth(`${text.slice(0, most)}…`, size) > width) most -= 1;
  return `${text.slice(0, most)}…`;
}

export interface ValueAxis {
  ticks: { y: number; label: string }[];
  /** Where the plot begins. */
  left: number;
  top: number;
  bottom: number;
  place(value: number): number;
}

interface ValueAxisOptions {
  least: number;
  most: number;
  height: number;
  format: FigureFormat;
  /** Bars and areas begin at zero; a line whose values lie close together does not have to. */
  hasZero: boolean;
}

export function valueAxis({ least, most, height, format, hasZero }: ValueAxisOptions): ValueAxis {
  const [top, bottom] = [TOP, height - AXIS_HEIGHT];
  let [low, high] = Number.isFinite(least) && Number.isFinite(most) ? [least, most] : [0, 1];
  if (hasZero || (low > 0 && low < high / 2)) low = Math.min(0, low);
  if (hasZero) high = Math.max(0, high);
  if (low === high) [low, high] = low === 0 ? [0, 1] : [Math.min(0, low), Math.max(0, high)];
  const count = Math.max(2, Math.min(6, Math.floor((bottom - top) / 38)));
  const round = roundTicks(low, high, count);
  const scale = linear(round.domain, [bottom, top]);
  const values = round.values.filter((value) => format.kind !== "integer" || Number.isInteger(value));
  const ticks = values.map((value) => ({ y: scale(value), label: axisText(value, format) }));
  const left = Math.ceil(Math.max(0, ...ticks.map(({ label }) => textWidth(label)))) + 8;
  return { ticks, left, top, bottom, place: scale };
}

export function ValueAxisMarks({ axis, width }: { axis: ValueAxis; width: number }) {
  return (
    <g className="chart-axis">
      {axis.ticks.map(({ y, label }) => (
        <g key={label + String(y)} transform={`translate(0 ${y})`}>
          <line x1={axis.left} x2={width} />
          <text x={axis.left - 8} dy="0.32em" textAnchor="end">
            {label}
          </text>
        </g>
      ))}
    </g>
  );
}

interface TimeAxisMarksProps {
  ticks: readonly Tick[];
  place(at: number): number;
  y: number;
  width: number;
}

export function TimeAxisMarks({ ticks, place, y, width }: TimeAxisMarksProps) {
  return (
    <g className="chart-axis" transform={`translate(0 ${y})`}>
      {ticks.map(({ at, label }) => {
        const half = textWidth(label) / 2;
        // Labels at the ends stay inside.
        const x = Math.min(width - half, place(at));
        return (
          <text key={at} x={x} y={16} textAnchor="middle">
            {label}
          </text>
        );
      })}
    </g>
  );
}
