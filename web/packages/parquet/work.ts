/** What a page and its decoding worker say to each other. */
import type { Wanted } from "./decode";

export type Work =
  | { kind: "plan"; footer: ArrayBuffer; wanted: Wanted }
  | { kind: "chunks"; footer: ArrayBuffer; wanted: Wanted; buffers: ArrayBuffer[] }
  | { kind: "file"; file: ArrayBuffer; wanted: Wanted };

export type Reply = { id: number; result: unknown } | { id: number; error: string };
