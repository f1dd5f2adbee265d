import { describe, expect, it, vi } from "vitest";

import { BlockCache } from "@canvasback/frame/blockCache";
import { isAbort } from "./api/error";
import { InlineDecoder } from "./decoder";
import { StreamConnection } from "./stream/connection";
import { FakeSocket, settled } from "./testSupport";
import { BLOCK_ROWS, GROUP_COLUMNS, ViewFrame } from "./viewFrame";

const never = (): AbortSignal => new AbortController().signal;

function start(rows = 1_000_000, names: string[] = ["a", "b"], cacheBytes?: number) {
  const socket = new FakeSocket();
  const connection = new StreamConnection({
    url: "ws://test",
    decoder: new InlineDecoder(),
    makeSocket: () => socket,
  });
  const view = connection.open({ dataset: "d" });
  socket.onopen?.();
  const columns = names.map((name) => ({ name, type: "VARCHAR" }));
  socket.tell({ id: view.id, view: { state: "ready", columns, rows, rows_exact: true, share: 1, row_ids: true } });
  const frame = new ViewFrame(view, cacheBytes === undefined ? {} : { cacheBytes });
  let answered = 0;
  /** Answers every window that was asked for and is not cancelled. */
  const answer = async (): Promise<void> => {
    const cancelled = new Set(socket.of("cancel").map((message) => message.cancel));
    for (const { id, window } of socket.of("window").slice(answered)) {
      answered += 1;
      const to = Math.min(window.to, rows);
      if (!cancelled.has(id))
        socket.rows(id, window.from, Math.max(0, to - window.from), { columns: window.columns ?? names });
    }
    await settled();
  };
  return { socket, frame, answer };
}

describe("ViewFrame", () => {
  it("has nothing until it is fetched, then the exact cells", async () => {
    const { frame, answer, socket } = start();
    expect(frame.getCell(70, 1)).toBeUndefined();
    const fetched = frame.fetch({ rowStart: 70, rowEnd: 90, columns: [0, 1] }, never());
    expect(socket.of("window")[0]?.window).toMatchObject({ from: 64, to: 128, slot: null });
    await answer();
    await fetched;
    expect(frame.getCell(70, 1)).toBe("b:70");
    expect(frame.getCell(64 + 64, 1)).toBeUndefined();
  });

  it("asks for neighbouring blocks in one window, and for none twice", async () => {
    const { frame, answer, socket } = start();
    const fetched = frame.fetch({ rowStart: 100, rowEnd: 300, columns: [0] }, never());
    await answer();
    await fetched;
    expect(socket.of("window")[0]?.window).toMatchObject({ from: 64, to: 320 });
    // What lies ahead is under way now; what is there is not asked for again.
    const before = socket.of("window").length;
    await frame.fetch({ rowStart: 110, rowEnd: 290, columns: [1] }, never());
    expect(
      socket
        .of("window")
        .slice(before)
        .every(({ window }) => window.from >= 320),
    ).toBe(true);
  });

  it("reads ahead in the direction of travel", async () => {
    const { frame, answer, socket } = start();
    const down = frame.fetch({ rowStart: 6400, rowEnd: 6440, columns: [0] }, never());
    await answer();
    await down;
    expect(socket.of("window")[1]?.window.from).toBe(6464);
    const up = frame.fetch({ rowStart: 3200, rowEnd: 3240, columns: [0] }, never());
    await answer();
    await up;
    expect(socket.of("window").at(-1)?.window.to).toBe(3200);
  });

  it("cancels what scrolled away, and keeps what the next range shares", async () => {
    const { frame, socket, answer } = start();
    const first = new AbortController();
    const gone = frame.fetch({ rowStart: 0, rowEnd: 40, columns: [0] }, first.signal).catch(isAbort);
    const second = new AbortController();
    const kept = frame.fetch({ rowStart: 10, rowEnd: 50, columns: [0] }, second.signal);
    first.abort();
    await settled();
    expect(await gone).toBe(true);
    expect(socket.of("cancel")).toEqual([]);
    expect(socket.of("window")).toHaveLength(1);
    const third = frame.fetch({ rowStart: 500_000, rowEnd: 500_040, columns: [0] }, never());
    second.abort();
    await expect(kept).rejects.toHaveProperty("name", "AbortError");
    await settled();
    expect(socket.of("cancel").map(({ cancel }) => cancel)).toEqual([socket.of("window")[0]?.id]);
    await answer();
    await third;
    expect(frame.getCell(500_001, 0)).toBe("a:500001");
    expect(frame.getCell(10, 0)).toBeUndefined();
  });

  it("asks only for the columns in sight of a wide table", async () => {
    const names = Array.from({ length: 500 }, (_, i) => `c${i}`);
    const { frame, answer, socket } = start(1000, names);
    const fetched = frame.fetch({ rowStart: 0, rowEnd: 30, columns: [250, 251] }, never());
    expect(socket.of("window")[0]?.window.columns).toEqual(names.slice(240, 240 + GROUP_COLUMNS));
    await answer();
    await fetched;
    expect(frame.getCell(29, 251)).toBe("c251:29");
    expect(frame.getCell(29, 10)).toBeUndefined();
  });

  it("asks for the rest of a window that came in part", async () => {
    const { frame, socket } = start();
    const fetched = frame.fetch({ rowStart: 0, rowEnd: 256, columns: [0, 1] }, never());
    const [window] = socket.of("window");
    socket.rows(window?.id ?? 0, 0, 100, { columns: ["a", "b"], partial: true });
    await vi.waitFor(() => expect(socket.of("window")).toHaveLength(2));
    const rest = socket.of("window")[1];
    expect(rest?.window).toMatchObject({ from: BLOCK_ROWS, to: 256 });
    socket.rows(rest?.id ?? 0, BLOCK_ROWS, 256 - BLOCK_ROWS, { columns: ["a", "b"] });
    await fetched;
    expect(frame.getCell(255, 1)).toBe("b:255");
    expect(frame.getCell(99, 0)).toBe("a:99");
  });

  it("holds no more than its budget", async () => {
    const { frame, answer } = start(1_000_000, ["a"], 40_000);
    for (let row = 0; row < 64 * 100; row += 640) {
      const fetched = frame.fetch({ rowStart: row, rowEnd: row + 40, columns: [0] }, never());
      await answer();
      await fetched;
    }
    expect(frame.cachedBytes).toBeLessThanOrEqual(40_000);
    expect(frame.getCell(0, 0)).toBeUndefined();
    expect(frame.getCell(5760, 0)).toBe("a:5760");
  });

  it("copies ranges that were never loaded, whole and in order", async () => {
    const { frame, answer, socket } = start(12_000);
    const copied = frame.copy({ rowStart: 10, rowEnd: 11_010, columns: [1, 0] }, never());
    for (let i = 0; i < 3; ++i) await answer();
    const lines = (await copied).text.split("\n");
    expect((await copied).rows).toBe(11_000);
    expect(lines).toHaveLength(11_000);
    expect(lines[0]).toBe("b:10\ta:10");
    expect(lines.at(-1)).toBe("b:11009\ta:11009");
    expect(socket.of("window").every(({ window }) => window.cell_bytes === undefined && window.slot === null)).toBe(
      true,
    );
  });

  it("says how many rows there were to copy, and has no value for a row that is gone", async () => {
    const { frame, answer } = start(100);
    const copied = frame.copy({ rowStart: 90, rowEnd: 200, columns: [0] }, never());
    for (let i = 0; i < 2; ++i) await answer();
    expect((await copied).rows).toBe(10);
    const gone = frame.fetchCell(100, 0, never());
    await Promise.all([answer(), expect(gone).rejects.toThrow("no longer exists")]);
  });

  it("names no columns where most of very many are copied, and gives them in the order asked for", async () => {
    const names = Array.from({ length: 300 }, (_, i) => `c${i}`);
    const { frame, answer, socket } = start(1, names);
    const columns = names.map((_, i) => 299 - i);
    const copied = frame.copy({ rowStart: 0, rowEnd: 1, columns }, never());
    await answer();
    expect((await copied).text).toBe(columns.map((i) => `c${i}:0`).join("\t"));
    expect(socket.of("window")[0]?.window.columns).toBeUndefined();
  });

  it("copies the chosen columns where two have the same name", async () => {
    const { frame, answer } = start(3, ["a", "b", "a"]);
    // The frames of the test have one column a name: what came stands for all three.
    const copied = frame.copy({ rowStart: 0, rowEnd: 2, columns: [1] }, never());
    await answer();
    expect(await copied).toEqual({ text: "b:0\nb:1", rows: 2 });
  });

  it("throws its rows away when the dataset is another", async () => {
    const { frame, answer, socket } = start();
    const fetched = frame.fetch({ rowStart: 0, rowEnd: 10, columns: [0] }, never());
    await answer();
    await fetched;
    const state = { state: "ready", columns: [{ name: "a", type: "VARCHAR" }], rows: 5, rows_exact: true, share: 1 };
    socket.tell({ id: frame.view.id, view: { ...state, version: "1" } });
    expect(frame.getCell(0, 0)).toBe("a:0");
    socket.tell({ id: frame.view.id, view: { ...state, version: "2" } });
    expect(frame.getCell(0, 0)).toBeUndefined();
    expect(frame.rowCount).toBe(5);
  });
});

describe("BlockCache", () => {
  it("drops the least recently wanted first", () => {
    const cache = new BlockCache<string>(6, (text) => text.length);
    cache.put(1, "aa");
    cache.put(2, "bb");
    cache.put(3, "cc");
    cache.touch(1);
    cache.put(4, "dd");
    expect([1, 2, 3, 4].map((key) => cache.peek(key))).toEqual(["aa", undefined, "cc", "dd"]);
    cache.put(4, "dddddddd");
    expect(cache.peek(4)).toBe("dddddddd");
    expect(cache.bytes).toBe(8);
  });
});
