import { tableFromArrays, tableToIPC } from "apache-arrow";
import { describe, expect, it } from "vitest";

import { IncompleteError } from "./api/error";
import { ArrowStream } from "./arrowStream";

const whole = tableToIPC(tableFromArrays({ a: Int32Array.from([1, 2, 3]) }), "stream");

/** An answer whose body ends cleanly behind these bytes, in pieces. */
function answer(bytes: Uint8Array, piece = 7): Response {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (let at = 0; at < bytes.length; at += piece) controller.enqueue(bytes.slice(at, at + piece));
      controller.close();
    },
  });
  return new Response(body, { headers: { "x-left-out": "a.parquet, b.parquet" } });
}

async function valuesOf(stream: ArrowStream): Promise<number[]> {
  const batches = await stream.batches();
  return batches.flatMap((batch) => Array.from(batch.getChildAt(0)?.toArray() as Int32Array));
}

describe("ArrowStream", () => {
  it("brings all rows, in pieces of any size", async () => {
    for (const piece of [1, 7, 8, 9, 1000]) {
      const stream = await ArrowStream.open(answer(whole, piece));
      expect(await valuesOf(stream)).toEqual([1, 2, 3]);
      expect([stream.rows, stream.more]).toEqual([3, false]);
      expect(stream.leftOut).toEqual(["a.parquet", "b.parquet"]);
    }
  });

  it("is incomplete wherever it ends but at its end", async () => {
    for (let size = 0; size < whole.length; ++size) {
      const read = ArrowStream.open(answer(whole.slice(0, size))).then(valuesOf);
      await expect(read, `${size} of ${whole.length} bytes`).rejects.toBeInstanceOf(IncompleteError);
    }
  });

  it("hangs up when its reader leaves early", async () => {
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(whole), // and never closed
      cancel: () => {
        cancelled = true;
      },
    });
    for await (const batch of await ArrowStream.open(new Response(body))) {
      if (batch.numRows > 0) break;
    }
    expect(cancelled).toBe(true);
  });

  it("says whether its limit left rows out", async () => {
    for (const [limit, rows, more] of [
      [2, 2, true],
      [3, 3, false],
      [4, 3, false],
      [0, 0, true],
    ] as const) {
      const stream = await ArrowStream.open(answer(whole), limit);
      await stream.batches();
      expect([stream.rows, stream.more]).toEqual([rows, more]);
    }
  });
});
