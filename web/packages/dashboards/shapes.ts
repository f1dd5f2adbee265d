/** Answers of tiles in the forms that charts draw. Pure: one answer gives one picture. */
import type { FunnelStep } from "@canvasback/charts/Funnel";
import type { MeasureColumn, RankRow } from "@canvasback/charts/RankTable";
import type { FigureSeries, Place } from "@canvasback/charts/shape";
import { type Digits, numberOf } from "@canvasback/values/figureText";
import { allOf, digitsOf, dimensionText, inOrder, isOrdered, keyOf, placeOf } from "./labels";
import { type Dimension, type Measure, type Metrics, dimensionNamed, measureNamed } from "./model";
import type { Answer, AnswerColumn, Value } from "./source";

interface Columns {
  dimensions: { dimension: Dimension; column: AnswerColumn; at: number }[];
  measures: { measure: Measure; column: AnswerColumn; at: number; before: number }[];
}

export function columnsOf(answer: Answer, metrics: Metrics | undefined): Columns {
  const { columns } = answer;
  const dimensions = columns.flatMap((column, at) =>
    column.role === "dimension" ? [{ dimension: dimensionNamed(metrics, column.name), column, at }] : [],
  );
  const measures = columns.flatMap((column, at) => {
    if (column.role !== "measure") return [];
    const before = columns.findIndex(({ role, name }) => role === "compare" && name === column.name);
    return [{ measure: measureNamed(metrics, column.name), column, at, before }];
  });
  return { dimensions, measures };
}

const isApproximate = (column: AnswerColumn): boolean => column.error !== undefined;

export interface CardShape {
  measure: Measure;
  digits: Digits;
  /** Undefined where nothing is compared. */
  before: Digits | undefined;
  isApproximate: boolean;
}

export function cardOf(answer: Answer, metrics: Metrics | undefined): CardShape | null {
  const found = columnsOf(answer, metrics).measures[0];
  if (!found) return null;
  const row = answer.rows[0];
  return {
    measure: found.measure,
    digits: digitsOf(row?.[found.at]),
    before: found.before < 0 ? undefined : digitsOf(row?.[found.before]),
    isApproximate: isApproximate(found.column),
  };
}

export interface PlacesShape {
  dimension: Dimension;
  column: AnswerColumn;
  places: Place[];
  series: FigureSeries;
  comparison: FigureSeries | undefined;
  /** Groups that are not among the places. */
  left: number;
}

/** Bars of a dimension: as the answer has them, or of dimensions with an order in that one. */
export function placesOf(answer: Answer, metrics: Metrics | undefined, compareName: string): PlacesShape | null {
  const { dimensions, measures } = columnsOf(answer, metrics);
  const [by, of] = [dimensions[0], measures[0]];
  if (!by || !of) return null;
  const rowOf = new Map(answer.rows.map((row) => [keyOf(row[by.at]), row]));
  let keys = [...rowOf.keys()];
  if (isOrdered(by.dimension)) keys = inOrder([...new Set([...(allOf(by.dimension) ?? []), ...keys])], by.dimension);
  const { measure, column } = of;
  const common = { format: measure.format, isApproximate: isApproximate(column) };
  const figures = (at: number): Digits[] => keys.map((key) => digitsOf(rowOf.get(key)?.[at]));
  return {
    dimension: by.dimension,
    column: by.column,
    places: keys.map((key) => ({ key, label: dimensionText(by.dimension, key) })),
    series: { ...common, name: measure.label, figures: figures(of.at) },
    comparison: of.before < 0 ? undefined : { ...common, name: compareName, figures: figures(of.before) },
    left: Math.max(0, (answer.groups ?? 0) - answer.rows.length),
  };
}

export interface TableShape {
  dimensions: { name: string; label: string }[];
  measures: MeasureColumn[];
  rows: RankRow[];
  total: Digits[] | undefined;
}

export function tableOf(answer: Answer, metrics: Metrics | undefined): TableShape {
  const { dimensions, measures } = columnsOf(answer, metrics);
  const rows = answer.rows.map((row): RankRow => ({
    groups: dimensions.map(({ dimension, at }) => placeOf(dimension, row[at])),
    figures: measures.map(({ at }) => digitsOf(row[at])),
    before: measures.some(({ before }) => before >= 0)
      ? measures.map(({ before }) => (before < 0 ? undefined : digitsOf(row[before])))
      : undefined,
  }));
  return {
    dimensions: dimensions.map(({ dimension: { name, label } }) => ({ name, label })),
    measures: measures.map(({ measure, column }) => ({
      name: measure.name,
      label: measure.label,
      format: measure.format,
      good: measure.good,
      isApproximate: isApproximate(column),
    })),
    rows,
    total: answer.total && measures.map((_, at) => digitsOf(answer.total?.[at])),
  };
}

export interface MatrixShape {
  rowDimension: Dimension;
  columnDimension: Dimension;
  rowType: string;
  columnType: string;
  rows: Place[];
  columns: Place[];
  figures: Digits[][];
  measure: Measure;
  isApproximate: boolean;
}

/** Values in their own order, or else those with the largest figures first. */
function ordered(dimension: Dimension, sizes: ReadonlyMap<string | null, number>): (string | null)[] {
  if (isOrdered(dimension)) return inOrder([...new Set([...(allOf(dimension) ?? []), ...sizes.keys()])], dimension);
  return [...sizes].sort(([, a], [, b]) => b - a).map(([key]) => key);
}

/** A measure by two dimensions; `across` names the one of the columns. */
export function matrixOf(
  answer: Answer,
  metrics: Metrics | undefined,
  across: string | undefined,
): MatrixShape | null {
  const { dimensions, measures } = columnsOf(answer, metrics);
  const of = measures[0];
  const column = dimensions.find(({ dimension }) => dimension.name === across) ?? dimensions[1];
  const row = dimensions.find((each) => each !== column);
  if (!row || !column || !of) return null;
  const [rowSizes, columnSizes] = [new Map<string | null, number>(), new Map<string | null, number>()];
  const cells = new Map<string, Digits>();
  const cellKey = (r: string | null, c: string | null): string => JSON.stringify([r, c]);
  for (const values of answer.rows) {
    const [r, c, digits] = [keyOf(values[row.at]), keyOf(values[column.at]), digitsOf(values[of.at])];
    const size = Math.abs(numberOf(digits)) || 0;
    rowSizes.set(r, (rowSizes.get(r) ?? 0) + size);
    columnSizes.set(c, (columnSizes.get(c) ?? 0) + size);
    cells.set(cellKey(r, c), digits);
  }
  const [rows, columns] = [ordered(row.dimension, rowSizes), numbered(column, columnSizes)];
  return {
    rowDimension: row.dimension,
    columnDimension: column.dimension,
    rowType: row.column.type,
    columnType: column.column.type,
    rows: rows.map((key) => ({ key, label: dimensionText(row.dimension, key) })),
    columns: columns.map((key) => ({ key, label: dimensionText(column.dimension, key) })),
    figures: rows.map((r) => columns.map((c) => cells.get(cellKey(r, c)) ?? null)),
    measure: of.measure,
    isApproximate: isApproximate(of.column),
  };
}

/** Numbers across are in their order, whatever they count: months since the first purchase, say. */
function numbered(
  { dimension, column }: { dimension: Dimension; column: AnswerColumn },
  sizes: ReadonlyMap<string | null, number>,
): (string | null)[] {
  const isNumber = /INT/.test(column.type) && !isOrdered(dimension);
  return isNumber ? inOrder([...sizes.keys()], { ...dimension, part: "day" }) : ordered(dimension, sizes);
}

export function stepsOf(answer: Answer, metrics: Metrics | undefined): FunnelStep[] {
  const row: readonly Value[] = answer.rows[0] ?? [];
  return columnsOf(answer, metrics).measures.map(({ measure, at, before }) => ({
    name: measure.label,
    digits: digitsOf(row[at]),
    before: before < 0 ? undefined : digitsOf(row[before]),
    format: measure.format,
  }));
}
