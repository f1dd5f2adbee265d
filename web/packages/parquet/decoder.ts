/** Where columns are decoded: in a worker, so that the page stays free; here, where there is none. */
import type { Columns } from "./columns";
import type { Wanted } from "./decode";
import type { ByteRange } from "./host";
import type { Reply, Work } from "./work";

export interface Decoder {
  plan(footer: ArrayBuffer, wanted: Wanted): Promise<ByteRange[]>;
  chunks(footer: ArrayBuffer, wanted: Wanted, buffers: ArrayBuffer[]): Promise<Columns>;
  /** Of a whole file, which may be gone from here afterwards. */
  file(file: ArrayBuffer, wanted: Wanted): Promise<Columns>;
}

export function inlineDecoder(): Decoder {
  const load = () => import("./decode");
  return {
    plan: async (footer, wanted) => (await load()).planChunks(footer, wanted),
    chunks: async (footer, wanted, buffers) => (await load()).decodeChunks(footer, wanted, buffers),
    file: async (file, wanted) => (await load()).decodeFile(file, wanted),
  };
}

interface Waiting {
  resolve(result: never): void;
  reject(error: Error): void;
}

/** One worker for the page; where it cannot be started (its script is not allowed) all is decoded here. */
export function workerDecoder(): Decoder {
  const waiting = new Map<number, Waiting>();
  const inline = inlineDecoder();
  let worker: Worker | null = null;
  let isBroken = false;
  let last = 0;
  const start = (): Worker => {
    const made = new Worker(new URL("./decodeWorker.ts", import.meta.url), { type: "module" });
    made.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
      const found = waiting.get(data.id);
      waiting.delete(data.id);
      if ("error" in data) found?.reject(new Error(data.error));
      else found?.resolve(data.result as never);
    });
    made.addEventListener("error", () => {
      isBroken = true;
      for (const { reject } of waiting.values()) reject(new Error("worker"));
      waiting.clear();
    });
    return made;
  };
  const ask = <T>(work: Work): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      worker ??= start();
      last += 1;
      waiting.set(last, { resolve, reject });
      // Copies: what fails there can then still be decoded here.
      worker.postMessage({ id: last, work });
    });
  const either = async <T>(work: Work, here: () => Promise<T>): Promise<T> => {
    if (isBroken || typeof Worker === "undefined") return here();
    try {
      return await ask<T>(work);
    } catch (error) {
      if (isBroken) return here();
      throw error;
    }
  };
  return {
    plan: (footer, wanted) => either({ kind: "plan", footer, wanted }, () => inline.plan(footer, wanted)),
    chunks: (footer, wanted, buffers) =>
      either({ kind: "chunks", footer, wanted, buffers }, () => inline.chunks(footer, wanted, buffers)),
    file: (file, wanted) => either({ kind: "file", file, wanted }, () => inline.file(file, wanted)),
  };
}
