/** A chart of a statement's result: which column against which, in which series, of its first rows. */
import { SegmentedControl, Select } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";

import { Chart, type ChartOption } from "@canvasback/charts/Chart";
import { type Aggregation, SERIES_MAX, type SeriesSet, guessSeries, seriesOf } from "@canvasback/charts/series";
import { isAbort } from "@canvasback/client/api/error";
import type { ViewFrame } from "@canvasback/client/viewFrame";
import { cellOf } from "@canvasback/frame/rowBlock";
import { counted } from "@canvasback/values/format";
import { kindOf } from "@canvasback/values/typeKind";
import { Empty, Lines, Problem } from "../ui/states";

const ROWS_MAX = 5000;
/** Looked at for a series column. */
const CANDIDATES_MAX = 20;

type Cells = readonly (string | null)[];

/** The first rows of some columns, by index. */
function useCells(
  frame: ViewFrame,
  indexes: readonly number[],
): { cells?: ReadonlyMap<number, Cells>; error?: Error } {
  const [state, setState] = useState<{ cells?: ReadonlyMap<number, Cells>; error?: Error }>({});
  const key = indexes.join();
  useEffect(() => {
    const aborted = new AbortController();
    frame.columnsOfRows(0, ROWS_MAX, indexes, aborted.signal).then(
      (block) => {
        const all = block.columns.map((column) =>
          Array.from({ length: block.rows }, (_, row) => cellOf(column, row)),
        );
        setState({ cells: new Map(indexes.map((index, i) => [index, all[i] ?? []])) });
      },
      (error: unknown) => {
        if (!isAbort(error)) setState({ error: error as Error });
      },
    );
    return () => aborted.abort();
  }, [frame, key]);
  return state;
}

const figureOf = (text: string | null): number | null => (text === null ? null : Number(text));

function scatterOption(x: Cells, y: Cells, series: Cells | null, numeric: boolean): ChartOption {
  const rows = x.map((place, row) => ({
    name: series?.[row] ?? null,
    at: [numeric ? figureOf(place) : row, figureOf(y[row] ?? null)] as [number, number],
  }));
  const names = series ? [...new Set(series)].slice(0, SERIES_MAX) : [null];
  return {
    xAxis: { type: "value", scale: true },
    yAxis: { type: "value", scale: true },
    ...(series ? { legend: { type: "scroll" as const, top: 0 } } : {}),
    series: names.map((name) => ({
      type: "scatter" as const,
      symbolSize: 5,
      large: true,
      ...(series ? { name: name ?? "NULL" } : {}),
      data: rows.filter((row) => !series || row.name === name).map((row) => row.at),
    })),
  };
}

function seriesOption({ places, series }: SeriesSet, kind: "line" | "bar", named: boolean): ChartOption {
  return {
    xAxis: { type: "category", data: places },
    yAxis: { type: "value" },
    ...(named ? { legend: { type: "scroll" as const, top: 0 } } : {}),
    series: series.map(({ name, values }) => ({
      type: kind,
      ...(named ? { name } : {}),
      ...(kind === "line" ? { showSymbol: places.length < 60 } : {}),
      data: values,
    })),
  };
}

export default function ResultChart({ frame }: { frame: ViewFrame }) {
  const kinds = useMemo(() => frame.columns.map((column) => kindOf(column.type)), [frame]);
  const numeric = kinds.flatMap((kind, index) => (kind === "number" ? [index] : []));
  const [x, setX] = useState(() =>
    Math.max(
      0,
      kinds.findIndex((_, index) => index !== numeric.at(-1)),
    ),
  );
  const [y, setY] = useState(() => numeric.at(-1) ?? -1);
  // "": none; null: nobody has chosen.
  const [chosen, setChosen] = useState<string | null>(null);
  const [aggregation, setAggregation] = useState<Aggregation>("sum");
  const [kind, setKind] = useState<"bar" | "line" | "scatter">(() => (kinds[x] === "time" ? "line" : "bar"));
  const candidates = useMemo(
    () => kinds.flatMap((each, i) => (["text", "boolean", "number"].includes(each) && i !== y ? [i] : [])),
    [kinds, y],
  );
  const asked = [...new Set([x, y, ...candidates.slice(0, CANDIDATES_MAX), ...(chosen ? [Number(chosen)] : [])])];
  const { cells, error } = useCells(frame, y < 0 ? [] : asked);
  const [across, up] = [cells?.get(x), cells?.get(y)];
  const guessed = useMemo(() => {
    if (!across || !cells) return null;
    const others = candidates.flatMap((index) => {
      const values = cells.get(index);
      return values && index !== x ? [{ index, values }] : [];
    });
    return guessSeries(across, others);
  }, [across, cells, candidates, x]);
  const series = chosen === null ? guessed : chosen === "" ? null : Number(chosen);
  const set = useMemo(() => {
    if (!across || !up) return null;
    const names = series === null ? null : (cells?.get(series) ?? null);
    const rows = across.map((place, row) => ({
      x: place,
      y: figureOf(up[row] ?? null),
      series: names ? (names[row] ?? null) : "",
    }));
    const order = kinds[x] === "number" ? "number" : kinds[x] === "time" ? "time" : "other";
    return seriesOf(rows, aggregation, order);
  }, [across, up, cells, series, aggregation, kinds, x]);
  const option = useMemo(() => {
    if (!across || !up || !set) return null;
    if (kind !== "scatter") return seriesOption(set, kind, series !== null);
    return scatterOption(across, up, series === null ? null : (cells?.get(series) ?? null), kinds[x] === "number");
  }, [across, up, set, cells, kind, series, kinds, x]);
  if (y < 0) return <Empty title="A chart needs a numeric column" />;
  const choices = frame.columns.map((column, index) => ({ value: String(index), label: column.name }));
  const name = (index: number): string => frame.columns[index]?.name ?? "";
  return (
    <div className="result-chart">
      <div className="row wrap">
        <Select
          label="X axis"
          data={choices}
          value={String(x)}
          allowDeselect={false}
          onChange={(value) => setX(Number(value))}
        />
        <Select
          label="Y axis"
          data={choices.filter((_, index) => numeric.includes(index))}
          value={String(y)}
          allowDeselect={false}
          onChange={(value) => setY(Number(value))}
        />
        <Select
          label="Series"
          data={[{ value: "", label: "none" }, ...choices.filter((_, index) => candidates.includes(index))]}
          value={series === null ? "" : String(series)}
          allowDeselect={false}
          onChange={(value) => setChosen(value ?? "")}
        />
        {kind !== "scatter" && set?.aggregated && (
          <Select
            label="Rows with the same X"
            data={["sum", "mean", "min", "max", "count"]}
            value={aggregation}
            allowDeselect={false}
            onChange={(value) => setAggregation((value ?? "sum") as Aggregation)}
          />
        )}
        <SegmentedControl
          aria-label="Chart type"
          data={["bar", "line", "scatter"]}
          value={kind}
          onChange={(value) => setKind(value as typeof kind)}
          style={{ alignSelf: "end" }}
        />
        <span className="spacer" />
        <span className="dim" role="status">
          {[
            frame.rowCount > ROWS_MAX && `first ${counted(ROWS_MAX, "row")} only`,
            kind !== "scatter" && set && set.left > 0 && `${set.left} smaller series not shown`,
          ]
            .filter(Boolean)
            .join(" · ")}
        </span>
      </div>
      {error && <Problem error={error} />}
      {!error && !option && <Lines />}
      {!error && option && (
        <Chart
          option={option}
          height={340}
          label={`${name(y)} by ${name(x)}${series === null ? "" : `, a series for each ${name(series)}`}`}
        />
      )}
    </div>
  );
}
