/** What a page and the worker that decodes for it say to each other. */
import type { RowBlock } from "@canvasback/frame/rowBlock";

export interface DecodeRequest {
  id: number;
  frame: ArrayBuffer;
  /** Bytes in front of the Arrow stream. */
  skip: number;
  from: number;
  as: "block" | "tsv";
  /** Of "tsv": these columns, by index; all where there are none. */
  columns?: readonly number[] | undefined;
}

export interface DecodeAnswer {
  id: number;
  block?: RowBlock;
  tsv?: string;
  rows?: number;
  error?: string;
}
