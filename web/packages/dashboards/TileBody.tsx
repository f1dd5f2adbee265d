/** What a tile draws of its answer, by its type. */
import { useMemo } from "react";

import { FigureCard } from "@canvasback/charts/FigureCard";
import { Funnel } from "@canvasback/charts/Funnel";
import { Heatmap } from "@canvasback/charts/Heatmap";
import { Histogram } from "@canvasback/charts/Histogram";
import { PivotTable } from "@canvasback/charts/PivotTable";
import { RankBars } from "@canvasback/charts/RankBars";
import { RankTable } from "@canvasback/charts/RankTable";
import { TimeChart } from "@canvasback/charts/TimeChart";
import { keyOf, scalarOf } from "./labels";
import {
  type Measure,
  type Metrics,
  type PeriodSpec,
  type Scalar,
  type Tile,
  isOverTime,
  measureNamed,
} from "./model";
import { cardOf, columnsOf, matrixOf, placesOf, stepsOf, tableOf } from "./shapes";
import type { Answer, AnsweredModel, Filters, TileChange, TileChanges } from "./source";
import { valuesOf } from "./state";
import { type TimeContext, type TimeShape, sparkOf, spanOfPlaces } from "./timeShape";

export interface TileHandlers {
  /** Filters by values of dimensions, together. */
  onFilter(values: Readonly<Record<string, Scalar>>): void;
  onPeriod(period: PeriodSpec): void;
  onChange(change: TileChanges): void;
  /** Shows the rows behind a number of these values, of a measure. Undefined where they cannot be shown. */
  onRows?: ((values: Filters, measure: Measure) => void) | undefined;
  /** Tones of the values of a dimension, the same on the whole page. */
  tonesOf?: ((dimension: string, keys: readonly (string | null)[]) => number[]) | undefined;
}

export interface TileBodyProps {
  tile: Tile;
  title: string;
  answer: Answer;
  /** The answer over time, of tiles that are. */
  shape: TimeShape | null;
  metrics: Metrics | undefined;
  model: AnsweredModel | undefined;
  filters: Filters;
  change: TileChange;
  compareName: string;
  handlers: TileHandlers;
}

const ROW_PX = 80;
/** Title and margins of a tile. */
const AROUND_PX = 64;
const CHART_PX = 230;
export const TABLE_ROWS = 50;

const heightOf = (tile: Tile): number => (tile.height ? Math.max(90, tile.height * ROW_PX - AROUND_PX) : CHART_PX);

const contextOf = ({ metrics, model, compareName }: TileBodyProps): TimeContext => ({ metrics, model, compareName });

function Empty({ words = "No rows in this period" }: { words?: string }) {
  return <p className="dash-empty">{words}</p>;
}

function Card(props: TileBodyProps) {
  const card = cardOf(props.answer, props.metrics);
  if (!card) return <Empty />;
  const { measure } = card;
  return (
    <FigureCard
      digits={card.digits}
      format={measure.format}
      unit={measure.unit}
      isApproximate={card.isApproximate}
      before={card.before}
      beforeName={props.compareName}
      good={measure.good}
      spark={sparkOf(props.answer, measure, contextOf(props))}
      sparkName={`${props.title} over time`}
      onRows={props.handlers.onRows && (() => props.handlers.onRows?.({}, measure))}
    />
  );
}

function picked(filters: Filters, name: string): (string | null)[] {
  return valuesOf(filters[name]).map((value) => keyOf(value));
}

function OverTime(props: TileBodyProps) {
  const { answer, tile, handlers, shape } = props;
  const by = columnsOf(answer, props.metrics).dimensions[0];
  // A chart is laid out anew when its series are others: not on every change of the page.
  const series = useMemo(() => {
    const keyed = (shape?.series ?? []).flatMap(({ key }) => (key === undefined ? [] : [key]));
    const tones = by && handlers.tonesOf?.(by.dimension.name, keyed);
    return (shape?.series ?? []).map((each, at) => ({ ...each, tone: tones?.[at] ?? at }));
  }, [shape]);
  if (!shape || shape.places.length === 0) return <Empty />;
  return (
    <TimeChart
      label={props.title}
      kind={tile.type === "area" || tile.type === "bar" ? tile.type : "line"}
      grain={shape.grain}
      places={shape.places}
      series={series}
      height={heightOf(tile)}
      onPick={by && ((key) => handlers.onFilter({ [by.dimension.name]: scalarOf(key, by.column.type) }))}
      onSpan={(from, to) => {
        const [first, last] = [shape.places[from], shape.places[to]];
        if (first && last) handlers.onPeriod(spanOfPlaces(first, last, shape.grain));
      }}
    />
  );
}

function countryName(key: string | null): string | null {
  try {
    return key && /^[A-Za-z]{2}$/.test(key)
      ? (new Intl.DisplayNames("en", { type: "region" }).of(key.toUpperCase()) ?? null)
      : null;
  } catch {
    return null;
  }
}

function Bars(props: TileBodyProps) {
  const { tile, handlers } = props;
  const shape = placesOf(props.answer, props.metrics, props.compareName);
  if (!shape || props.answer.rows.length === 0) return <Empty />;
  const { dimension, column } = shape;
  const onPick = (key: string | null): void => handlers.onFilter({ [dimension.name]: scalarOf(key, column.type) });
  const common = {
    label: props.title,
    dimension: dimension.label,
    series: shape.series,
    picked: picked(props.filters, dimension.name),
    onPick,
  };
  if (tile.type === "histogram") return <Histogram {...common} bins={shape.places} height={heightOf(tile)} />;
  const places =
    tile.type === "map"
      ? shape.places.map((place) => ({ ...place, label: countryName(place.key) ?? place.label }))
      : shape.places;
  return (
    <>
      <RankBars {...common} places={places} comparison={shape.comparison} />
      {shape.left > 0 && <p className="dash-note">and {shape.left.toLocaleString("en")} more</p>}
    </>
  );
}

function Table(props: TileBodyProps) {
  const { answer, tile, handlers, change, filters } = props;
  const shape = tableOf(answer, props.metrics);
  const { dimensions } = columnsOf(answer, props.metrics);
  const typeOf = (name: string): string => dimensions.find((each) => each.dimension.name === name)?.column.type ?? "";
  const first = shape.measures[0];
  return (
    <RankTable
      label={props.title}
      {...shape}
      sort={change.sort ?? tile.sort ?? (first && `-${first.name}`)}
      onSort={(sort) => handlers.onChange({ sort, offset: undefined })}
      onPick={(name, key) => handlers.onFilter({ [name]: scalarOf(key, typeOf(name)) })}
      onRows={
        handlers.onRows &&
        ((row, name) => {
          const values = row.groups.map(({ key }, at) => {
            const { name: of } = shape.dimensions[at] ?? { name: "" };
            return [of, [scalarOf(key, typeOf(of))]] as const;
          });
          handlers.onRows?.(Object.fromEntries(values), measureNamed(props.metrics, name));
        })
      }
      picked={Object.fromEntries(shape.dimensions.map(({ name }) => [name, picked(filters, name)]))}
      offset={change.offset ?? 0}
      limit={change.limit ?? tile.limit ?? TABLE_ROWS}
      groups={answer.groups}
      onOffset={(offset) => handlers.onChange({ offset: offset || undefined })}
    />
  );
}

function Matrix(props: TileBodyProps) {
  const { tile, handlers } = props;
  const shape = matrixOf(props.answer, props.metrics, tile.type === "heatmap" ? tile.x : tile.columns);
  if (!shape || props.answer.rows.length === 0) return <Empty />;
  const { rowDimension, columnDimension, rows, columns, figures, measure } = shape;
  const onPick = (row: string | null, column: string | null): void =>
    handlers.onFilter({
      [rowDimension.name]: scalarOf(row, shape.rowType),
      [columnDimension.name]: scalarOf(column, shape.columnType),
    });
  const common = {
    label: props.title,
    names: [rowDimension.label, columnDimension.label] as const,
    rows,
    columns,
    figures,
    format: measure.format,
    isApproximate: shape.isApproximate,
    onPick,
  };
  if (tile.type === "pivot") return <PivotTable {...common} />;
  return <Heatmap {...common} shares={tile.type === "cohort"} />;
}

export function TileBody(props: TileBodyProps) {
  const { tile } = props;
  if (isOverTime(tile)) return <OverTime {...props} />;
  switch (tile.type) {
    case "card":
      return <Card {...props} />;
    case "bar":
    case "map":
    case "histogram":
      return <Bars {...props} />;
    case "table":
      return <Table {...props} />;
    case "pivot":
    case "cohort":
    case "heatmap":
      return <Matrix {...props} />;
    case "funnel":
      return <Funnel label={props.title} steps={stepsOf(props.answer, props.metrics)} />;
    default:
      return <Empty words={`Tiles of type “${tile.type}” are not drawn here.`} />;
  }
}
