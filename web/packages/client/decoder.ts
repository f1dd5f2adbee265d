/** Where Arrow becomes text: in a worker of the page, or (tests, programs without workers) at once. */
import { type RowBlock, blockToTsv } from "@canvasback/frame/rowBlock";
import type { DecodeAnswer, DecodeRequest } from "./decoderMessages";

export interface Tsv {
  tsv: string;
  rows: number;
}

export interface Decoder {
  /** Takes the frame over: it is empty afterwards. */
  block(frame: ArrayBuffer, skip: number, from: number): Promise<RowBlock>;
  /** The rows as tab-separated lines, and how many they are; of some columns, by index, or of all. */
  tsv(frame: ArrayBuffer, skip: number, from: number, columns?: readonly number[]): Promise<Tsv>;
}

interface Waiting {
  resolve: (answer: DecodeAnswer) => void;
  reject: (error: Error) => void;
}

export class WorkerDecoder implements Decoder {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  constructor(worker = new Worker(new URL("./decoder.worker.ts", import.meta.url), { type: "module" })) {
    this.worker = worker;
    worker.onmessage = ({ data }: MessageEvent<DecodeAnswer>) => {
      const waiting = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if (data.error !== undefined) waiting?.reject(new TypeError(data.error));
      else waiting?.resolve(data);
    };
    worker.onerror = (event) => {
      for (const waiting of this.waiting.values()) waiting.reject(new Error(`The decoder failed: ${event.message}`));
      this.waiting.clear();
    };
  }

  async block(frame: ArrayBuffer, skip: number, from: number): Promise<RowBlock> {
    const { block } = await this.ask({ id: ++this.lastId, frame, skip, from, as: "block" });
    if (!block) throw new Error("The decoder gave no block");
    return block;
  }

  async tsv(frame: ArrayBuffer, skip: number, from: number, columns?: readonly number[]): Promise<Tsv> {
    const { tsv = "", rows = 0 } = await this.ask({ id: ++this.lastId, frame, skip, from, as: "tsv", columns });
    return { tsv, rows };
  }

  private ask(request: DecodeRequest): Promise<DecodeAnswer> {
    return new Promise((resolve, reject) => {
      this.waiting.set(request.id, { resolve, reject });
      this.worker.postMessage(request, [request.frame]);
    });
  }
}

/** Decodes on the calling thread. */
export class InlineDecoder implements Decoder {
  async block(frame: ArrayBuffer, skip: number, from: number): Promise<RowBlock> {
    const { decodeBlock } = await import("./decode");
    return decodeBlock(new Uint8Array(frame, skip), from);
  }

  async tsv(frame: ArrayBuffer, skip: number, from: number, columns?: readonly number[]): Promise<Tsv> {
    const { decodeBlock } = await import("./decode");
    const block = decodeBlock(new Uint8Array(frame, skip), from);
    return { tsv: blockToTsv(block, columns), rows: block.rows };
  }
}
