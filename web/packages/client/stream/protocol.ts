/**
 * Messages of the WebSocket at /api/v1/stream, version 1 (docs/stream.md): text frames are one JSON object each, binary
 * frames the rows of one window.
 */
import type { Filter, Problem } from "../api/schema";

export interface SortKey {
  column: string;
  descending: boolean;
}

/** What a view shows: a dataset or a statement, filtered, searched and sorted. */
export interface ViewSpec {
  dataset?: string;
  sql?: string;
  parameters?: unknown[] | Record<string, unknown>;
  columns?: string[];
  filter?: Filter;
  search?: string;
  sort?: SortKey[];
  /** Rows from 0 that are prepared before anything else. */
  first?: number;
}

export interface ViewColumn {
  name: string;
  /** SQL type. */
  type: string;
}

export interface ViewState {
  state: "opening" | "building" | "ready" | "limited";
  columns?: ViewColumn[];
  /** null while unknown. */
  rows: number | null;
  rows_exact: boolean;
  /** Of the build, 0 to 1; null where it is not known. */
  share: number | null;
  rows_available?: number | null;
  row_ids?: boolean;
  method?: string;
  version?: string | number;
  detail?: string;
}

export interface WindowRequest {
  from: number;
  /** Exclusive. */
  to: number;
  columns?: string[];
  row_ids?: boolean;
  /** Texts above so many bytes are cut. */
  cell_bytes?: number;
  slot?: number | null;
}

export type ClientMessage =
  | { id: number; open: ViewSpec & { replaces?: number } }
  | { id: number; window: WindowRequest & { view: number } }
  | { id: number; cancel: number }
  | { id: number; close: number }
  | { id: number; credits: number };

export type ServerMessage = { id?: number } & (
  { view: ViewState } | { superseded: { by: number } } | { error: Problem } | { cancelled: true } | { closed: true }
);

/** Credits of a new connection; each binary frame takes one. */
export const CREDITS_AT_START = 16;
export const WINDOW_ROWS_MAX = 20_000;
export const HEADER_BYTES = 24;

export interface FrameHeader {
  window: number;
  from: number;
  rows: number;
  /** Fewer rows than the view has there: the rest must be asked for. */
  partial: boolean;
  /** Some cell is cut. */
  cut: boolean;
  server_us: number;
}

/** The header of a binary frame. Throws RangeError for a frame of another version or kind. */
export function parseHeader(frame: ArrayBuffer): FrameHeader {
  if (frame.byteLength < HEADER_BYTES) throw new RangeError(`A frame of ${frame.byteLength} bytes has no header`);
  const view = new DataView(frame);
  const version = view.getUint8(0);
  const kind = view.getUint8(1);
  if (version !== 1 || kind !== 1) throw new RangeError(`A frame of version ${version} and kind ${kind}`);
  const flags = view.getUint16(2, true);
  return {
    window: view.getUint32(4, true),
    from: Number(view.getBigUint64(8, true)),
    rows: view.getUint32(16, true),
    partial: (flags & 1) !== 0,
    cut: (flags & 2) !== 0,
    server_us: view.getUint32(20, true),
  };
}
