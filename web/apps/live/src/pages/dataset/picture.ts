/** Pictures of two columns, drawn by the server: which part, and what stands behind each of its cells. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { call, pathOf, queryOf, send } from "@canvasback/client/api/client";
import { isAbort } from "@canvasback/client/api/error";
import { type Filter, OPERATIONS, type TileDocument } from "@canvasback/client/api/schema";

export interface Bounds {
  x_min: number;
  x_max: number;
  y_min: number;
  y_max: number;
}

export interface Question {
  dataset: string;
  version: string | undefined;
  x: string;
  y: string;
  measure: "count" | "sum" | "mean";
  value: string | undefined;
  scale: "eq_hist" | "log" | "linear";
  filter: Filter | undefined;
}

/** What is behind the picture: cells by row and column from the upper left. */
export interface Cells {
  bounds: Bounds;
  size: number;
  byPlace: ReadonlyMap<number, { count: number; value: number }>;
}

const PICTURE_SIZE = 512;
const CELLS_SIZE = 128;
const PAUSE_MS = 140;

function queryFor(question: Question): Record<string, unknown> {
  const { x, y, measure, value, scale, filter } = question;
  return { x, y, measure, ...(value ? { value } : {}), scale, ...(filter ? { filter: JSON.stringify(filter) } : {}) };
}

/** Where the values are: all of the picture. A single value gets some room around it. */
export function useWholeBounds(question: Question) {
  const { dataset, version, x, y, filter } = question;
  return useQuery({
    queryKey: ["tile bounds", dataset, version, x, y, filter],
    queryFn: async ({ signal }): Promise<Bounds> => {
      const query = { ...queryFor({ ...question, measure: "count", value: undefined }), size: 16, format: "json" };
      const answer = (await call(
        "tile",
        { params: { name: dataset }, query: query as never },
        signal,
      )) as TileDocument;
      const { x_min, x_max, y_min, y_max } = answer.bounds;
      return {
        x_min: x_max > x_min ? x_min : x_min - 1,
        x_max: x_max > x_min ? x_max : x_max + 1,
        y_min: y_max > y_min ? y_min : y_min - 1,
        y_max: y_max > y_min ? y_max : y_max + 1,
      };
    },
    staleTime: Infinity,
    retry: false,
  });
}

/** The bounds around a place (shares from the upper left), `factor` times as near. */
export function zoomed(bounds: Bounds, at: { x: number; y: number }, factor: number): Bounds {
  const x = bounds.x_min + (bounds.x_max - bounds.x_min) * at.x;
  const y = bounds.y_max - (bounds.y_max - bounds.y_min) * at.y;
  return {
    x_min: x - (x - bounds.x_min) / factor,
    x_max: x + (bounds.x_max - x) / factor,
    y_min: y - (y - bounds.y_min) / factor,
    y_max: y + (bounds.y_max - y) / factor,
  };
}

/** The bounds moved by shares of their size, to the right and up. */
export function moved(bounds: Bounds, right: number, up: number): Bounds {
  const x = (bounds.x_max - bounds.x_min) * right;
  const y = (bounds.y_max - bounds.y_min) * up;
  return { x_min: bounds.x_min + x, x_max: bounds.x_max + x, y_min: bounds.y_min + y, y_max: bounds.y_max + y };
}

/** What is in the cell under a place of the view; nothing where the cells are of elsewhere. */
export function valueAt(
  cells: Cells,
  view: Bounds,
  at: { x: number; y: number },
): { count: number; value: number } | null {
  const x = view.x_min + (view.x_max - view.x_min) * at.x;
  const y = view.y_max - (view.y_max - view.y_min) * at.y;
  const { bounds, size } = cells;
  const column = Math.floor(((x - bounds.x_min) / (bounds.x_max - bounds.x_min)) * size);
  const row = Math.floor(((bounds.y_max - y) / (bounds.y_max - bounds.y_min)) * size);
  if (column < 0 || row < 0 || column >= size || row >= size) return null;
  return cells.byPlace.get(row * size + column) ?? { count: 0, value: 0 };
}

function cellsOf(answer: TileDocument): Cells {
  const at = (name: string): number => answer.columns.findIndex((column) => column.name === name);
  const [column, row, count, value] = [at("column"), at("row"), at("count"), at("value")];
  const byPlace = new Map<number, { count: number; value: number }>();
  for (const each of answer.rows) {
    byPlace.set(Number(each[row]) * answer.size + Number(each[column]), {
      count: Number(each[count]),
      value: Number(each[value]),
    });
  }
  return { bounds: answer.bounds, size: answer.size, byPlace };
}

interface PictureState {
  /** The newest picture there is, and of which part; it stays until the next one is there. */
  shown: { url: string; bounds: Bounds } | null;
  cells: Cells | null;
  loading: boolean;
  error: Error | null;
}

/** The picture of a part, asked for when the part has been the same for a moment. */
export function usePicture(question: Question, bounds: Bounds | null): PictureState {
  const [state, setState] = useState<PictureState>({ shown: null, cells: null, loading: false, error: null });
  useEffect(() => {
    if (!bounds) return;
    const aborted = new AbortController();
    const change = (part: Partial<PictureState>): void => setState((old) => ({ ...old, ...part }));
    const params = { name: question.dataset };
    const load = async (): Promise<void> => {
      change({ loading: true });
      const query = { ...queryFor(question), ...bounds, size: PICTURE_SIZE, format: "png" };
      const response = await send(pathOf(OPERATIONS.tile.path, params) + queryOf(query), { signal: aborted.signal });
      const url = URL.createObjectURL(await response.blob());
      setState((old) => {
        if (old.shown) URL.revokeObjectURL(old.shown.url);
        return { ...old, shown: { url, bounds }, cells: null, loading: false, error: null };
      });
      const counts = { ...queryFor(question), ...bounds, size: CELLS_SIZE, format: "json" };
      change({
        cells: cellsOf((await call("tile", { params, query: counts as never }, aborted.signal)) as TileDocument),
      });
    };
    const timer = setTimeout(() => {
      load().catch((error: unknown) => {
        if (!isAbort(error)) change({ error: error as Error, loading: false });
      });
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      aborted.abort();
    };
  }, [question, bounds?.x_min, bounds?.x_max, bounds?.y_min, bounds?.y_max]);
  return state;
}
