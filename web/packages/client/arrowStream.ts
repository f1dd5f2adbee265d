/** Arrow batches of an answer, while they arrive; an answer that breaks off is an error, wherever it breaks. */
import { type RecordBatch, RecordBatchReader, type Schema } from "apache-arrow";

import { IncompleteError } from "./api/error";

/** What closes an Arrow IPC stream. Readers take the end of the bytes for the end of the stream too. */
const END_MARKER = [255, 255, 255, 255, 0, 0, 0, 0];

class Tail {
  private last = new Uint8Array(0);

  add(bytes: Uint8Array): void {
    const size = END_MARKER.length;
    if (bytes.length >= size) this.last = bytes.slice(-size);
    else this.last = Uint8Array.from([...this.last, ...bytes].slice(-size));
  }

  get isEnd(): boolean {
    return END_MARKER.length === this.last.length && END_MARKER.every((byte, at) => this.last[at] === byte);
  }
}

async function* watched(body: ReadableStreamDefaultReader<Uint8Array>, tail: Tail): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { done, value } = await body.read();
    if (done) return;
    tail.add(value);
    yield value;
  }
}

interface Source {
  batches: RecordBatchReader;
  body: ReadableStreamDefaultReader<Uint8Array>;
  tail: Tail;
}

export class ArrowStream implements AsyncIterable<RecordBatch> {
  /** Whether the limit left rows out; known at the end. */
  more = false;
  /** Read so far. */
  rows = 0;
  readonly schema: Schema;
  /** Files that could not be read, and are missing here. */
  readonly leftOut: readonly string[];
  private readonly source: Source;
  private readonly limit: number | undefined;

  private constructor(source: Source, leftOut: string[], limit: number | undefined) {
    this.source = source;
    this.schema = source.batches.schema;
    this.leftOut = leftOut;
    this.limit = limit;
  }

  /** Takes the body of an answer over; of its rows, those behind `limit` only count as `more`. */
  static async open(response: Response, limit?: number): Promise<ArrowStream> {
    if (!response.body) throw new IncompleteError();
    const tail = new Tail();
    const body = response.body.getReader();
    const names = response.headers.get("x-left-out");
    try {
      const batches = await RecordBatchReader.from(watched(body, tail));
      await batches.open({ autoDestroy: false });
      return new ArrowStream({ batches, body, tail }, names ? names.split(", ") : [], limit);
    } catch (error) {
      void body.cancel().catch(() => undefined);
      throw broken(error);
    }
  }

  /** The batches, once. Leaving the loop early stops the server's work. */
  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    const { body, tail } = this.source;
    const batches = this.source.batches as unknown as AsyncIterable<RecordBatch>;
    try {
      for await (const batch of batches) {
        const room = this.limit === undefined ? Infinity : this.limit - this.rows;
        this.more ||= batch.numRows > room;
        const kept = batch.numRows > room ? batch.slice(0, room) : batch;
        this.rows += kept.numRows;
        if (kept.numRows > 0) yield kept;
      }
    } catch (error) {
      throw broken(error);
    } finally {
      // Whoever leaves early stops the server's work with it; at the end there is nothing to cancel.
      void body.cancel().catch(() => undefined);
    }
    if (!tail.isEnd) throw new IncompleteError();
  }

  /** All batches that are left. */
  async batches(): Promise<RecordBatch[]> {
    const all: RecordBatch[] = [];
    for await (const batch of this) all.push(batch);
    return all;
  }
}

/** The end that the caller asked for stays what it is; any other end of the bytes leaves the answer incomplete. */
function broken(error: unknown): unknown {
  const meant = error instanceof DOMException && error.name === "AbortError";
  return meant || error instanceof IncompleteError ? error : new IncompleteError(error);
}
