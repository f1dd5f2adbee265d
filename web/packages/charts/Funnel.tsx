/** Steps of a process, each a part of the one before. */
import { changeText, figureText, numberOf } from "@canvasback/values/figureText";
import type { Digits, FigureFormat } from "@canvasback/values/figureText";
import { ChartFrame, type ChartTable } from "./ChartFrame";
import { useCursor } from "./useCursor";
import { useWidth } from "./useWidth";

export interface FunnelStep {
  name: string;
  digits: Digits;
  before?: Digits | undefined;
  format: FigureFormat;
}

interface FunnelProps {
  label: string;
  steps: readonly FunnelStep[];
}

const ROW = 50;
const BAR = 22;
const PERCENT: FigureFormat = { kind: "percent" };

const shareText = (digits: Digits, of: Digits): string => {
  const share = numberOf(digits) / numberOf(of);
  return Number.isFinite(share) ? figureText(String(share), PERCENT) : "–";
};

function tableOf(steps: readonly FunnelStep[]): ChartTable {
  const isCompared = steps.some(({ before }) => before !== undefined);
  return {
    head: ["Step", "Number", "Of the first step", "Of the step before", ...(isCompared ? ["Change"] : [])],
    rows: steps.map(({ name, digits, before, format }, at) => [
      name,
      figureText(digits, format),
      shareText(digits, steps[0]?.digits ?? null),
      at === 0 ? "–" : shareText(digits, steps[at - 1]?.digits ?? null),
      ...(isCompared ? [changeText(digits, before ?? null) ?? "–"] : []),
    ]),
  };
}

export function Funnel({ label, steps }: FunnelProps) {
  const [host, width] = useWidth<HTMLDivElement>();
  const { cursor, onKeyDown, point, leave } = useCursor({ count: steps.length, isVertical: true });
  const table = tableOf(steps);
  const most = Math.max(1, ...steps.map(({ digits }) => numberOf(digits)).filter(Number.isFinite));
  const { index } = cursor;
  const height = steps.length * ROW;
  const say = (at: number): string =>
    (table.rows[at] ?? []).map((text, i) => (i === 0 ? text : `${table.head[i]} ${text}`)).join(", ");
  return (
    <ChartFrame
      label={label}
      table={table}
      host={host}
      announcement={index !== null && cursor.isByKeyboard ? say(index) : ""}
      onKeyDown={onKeyDown}
      onLeave={leave}
    >
      {width > 0 && (
        <div className="chart-surface">
          <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
            {steps.map(({ name, digits, format }, at) => {
              const value = numberOf(digits);
              const size = Number.isFinite(value) ? (Math.max(0, value) / most) * width : 0;
              return (
                <g key={at} transform={`translate(0 ${at * ROW})`} onPointerEnter={() => point(at)}>
                  <rect className="chart-hit" width={width} height={ROW} data-on={index === at || undefined} />
                  <text className="chart-name" x={0} y={14}>
                    {name}
                  </text>
                  <text className="chart-figure" x={width} y={14} textAnchor="end">
                    {figureText(digits, format)}
                    {at > 0 && ` · ${shareText(digits, steps[at - 1]?.digits ?? null)}`}
                  </text>
                  <rect className="chart-track" y={20} width={width} height={BAR} rx={3} />
                  <rect className="chart-rank" y={20} width={Math.max(1, size)} height={BAR} rx={3} />
                </g>
              );
            })}
          </svg>
        </div>
      )}
    </ChartFrame>
  );
}
