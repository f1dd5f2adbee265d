/** A chart of a statement's result: which column against which, of its first rows. */
import { Select, SegmentedControl } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";

import { counted } from "@canvasback/values/format";
import { Chart, type ChartOption } from "@canvasback/charts/Chart";
import { isAbort } from "@canvasback/client/api/error";
import { cellOf } from "@canvasback/frame/rowBlock";
import type { ViewFrame } from "@canvasback/client/viewFrame";
import { kindOf } from "@canvasback/values/typeKind";
import { Empty, Lines, Problem } from "../ui/states";

const ROWS_MAX = 5000;

type Points = [string | null, number | null][];

function usePoints(frame: ViewFrame, x: number, y: number): { points?: Points; error?: Error } {
  const [state, setState] = useState<{ points?: Points; error?: Error }>({});
  useEffect(() => {
    const aborted = new AbortController();
    frame.columnsOfRows(0, ROWS_MAX, [x, y], aborted.signal).then(
      (block) => {
        const [across, up] = block.columns;
        if (!across || !up) return;
        const points = Array.from({ length: block.rows }, (_, row): [string | null, number | null] => {
          const value = cellOf(up, row);
          return [cellOf(across, row), value === null ? null : Number(value)];
        });
        setState({ points });
      },
      (error: unknown) => {
        if (!isAbort(error)) setState({ error: error as Error });
      },
    );
    return () => aborted.abort();
  }, [frame, x, y]);
  return state;
}

function optionOf(points: Points, kind: string, numeric: boolean): ChartOption {
  if (kind === "scatter") {
    const data = numeric
      ? points.map(([x, y]) => [Number(x), y] as [number, number])
      : points.map(([, y], i) => [i, y] as [number, number]);
    return {
      xAxis: { type: "value", scale: true },
      yAxis: { type: "value", scale: true },
      series: [{ type: "scatter", symbolSize: 5, data, large: true }],
    };
  }
  const values = points.map(([, y]) => y);
  const across = { type: "category" as const, data: points.map(([x]) => x ?? "NULL") };
  return {
    xAxis: across,
    yAxis: { type: "value" },
    series: [
      kind === "line"
        ? { type: "line", showSymbol: points.length < 60, data: values }
        : { type: "bar", data: values },
    ],
  };
}

export default function ResultChart({ frame }: { frame: ViewFrame }) {
  const numeric = frame.columns.flatMap((column, index) => (kindOf(column.type) === "number" ? [index] : []));
  const [x, setX] = useState(() => frame.columns.findIndex((_, index) => index !== numeric.at(-1)));
  const [y, setY] = useState(() => numeric.at(-1) ?? -1);
  const [kind, setKind] = useState(() => (kindOf(frame.columns[x]?.type ?? "") === "time" ? "line" : "bar"));
  const choices = frame.columns.map((column, index) => ({ value: String(index), label: column.name }));
  if (y < 0) return <Empty title="A chart needs a column of numbers" />;
  const across = Math.max(0, x);
  return (
    <div className="result-chart">
      <div className="row wrap">
        <Select
          label="Across"
          data={choices}
          value={String(across)}
          allowDeselect={false}
          onChange={(value) => setX(Number(value))}
        />
        <Select
          label="Up"
          data={choices.filter((_, index) => numeric.includes(index))}
          value={String(y)}
          allowDeselect={false}
          onChange={(value) => setY(Number(value))}
        />
        <SegmentedControl
          aria-label="Kind of chart"
          data={["bar", "line", "scatter"]}
          value={kind}
          onChange={setKind}
          style={{ alignSelf: "end" }}
        />
        <span className="spacer" />
        {frame.rowCount > ROWS_MAX && <span className="dim">of the first {counted(ROWS_MAX, "row")}</span>}
      </div>
      <Drawn key={`${across} ${y}`} frame={frame} x={across} y={y} kind={kind} />
    </div>
  );
}

function Drawn({ frame, x, y, kind }: { frame: ViewFrame; x: number; y: number; kind: string }) {
  const { points, error } = usePoints(frame, x, y);
  const numeric = kindOf(frame.columns[x]?.type ?? "") === "number";
  const option = useMemo(() => points && optionOf(points, kind, numeric), [points, kind, numeric]);
  if (error) return <Problem error={error} />;
  if (!option) return <Lines />;
  return <Chart option={option} height={340} label={`${frame.columns[y]?.name} by ${frame.columns[x]?.name}`} />;
}
