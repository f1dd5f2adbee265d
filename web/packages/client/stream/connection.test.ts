import { describe, expect, it, vi } from "vitest";

import { cellOf } from "@canvasback/frame/rowBlock";
import { ApiError } from "../api/error";
import { InlineDecoder } from "../decoder";
import { FakeSocket, frame, settled } from "../testSupport";
import { StreamConnection } from "./connection";
import { parseHeader } from "./protocol";

function start() {
  const sockets: FakeSocket[] = [];
  const connection = new StreamConnection({
    url: "ws://test",
    decoder: new InlineDecoder(),
    retryMs: 1,
    makeSocket: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
  });
  const open = (): FakeSocket => {
    const socket = sockets.at(-1);
    if (!socket) throw new Error("no socket");
    socket.onopen?.();
    return socket;
  };
  return { connection, sockets, open };
}

const never = (): AbortSignal => new AbortController().signal;

describe("StreamConnection", () => {
  it("opens a view and brings its rows", async () => {
    const { connection, open } = start();
    const view = connection.open({ dataset: "d" });
    const asked = view.window({ from: 3, to: 5 }, never());
    const socket = open();
    const [opened] = socket.of("open");
    const [window] = socket.of("window");
    expect(opened?.open).toEqual({ dataset: "d" });
    expect(window?.window).toEqual({ view: opened?.id, from: 3, to: 5 });
    socket.tell({
      id: opened?.id,
      view: { state: "ready", columns: [{ name: "a", type: "VARCHAR" }], rows: 9, rows_exact: true, share: 1 },
    });
    expect(view.state.rows).toBe(9);
    socket.rows(window?.id ?? 0, 3, 2);
    const { block, header } = await asked;
    expect(block.from).toBe(3);
    expect(header.server_us).toBe(1500);
    expect(cellOf(block.columns[0]!, 1)).toBe("a:4");
    await settled();
    expect(socket.of("credits").map((message) => message.credits)).toEqual([1]);
  });

  it("cancels what its caller no longer wants, once", async () => {
    const { connection, open } = start();
    const view = connection.open({ dataset: "d" });
    const socket = open();
    const controller = new AbortController();
    const asked = view.window({ from: 0, to: 1 }, controller.signal);
    controller.abort();
    await expect(asked).rejects.toHaveProperty("name", "AbortError");
    const [window] = socket.of("window");
    expect(socket.of("cancel").map((message) => message.cancel)).toEqual([window?.id]);
    // It may have been on its way: then its credit goes back all the same.
    socket.rows(window?.id ?? 0, 0, 1);
    await settled();
    expect(socket.of("credits")).toHaveLength(1);
  });

  it("goes on after the socket broke: views are opened anew, unanswered windows asked for again", async () => {
    const { connection, sockets, open } = start();
    const statuses: string[] = [];
    connection.subscribe(() => statuses.push(connection.status));
    const view = connection.open({ dataset: "d" });
    const first = open();
    const asked = view.window({ from: 0, to: 1 }, never());
    first.onclose?.();
    expect(connection.status).toBe("lost");
    await vi.waitFor(() => expect(sockets).toHaveLength(2));
    const second = open();
    const [opened] = second.of("open");
    const [window] = second.of("window");
    expect(window?.window.view).toBe(opened?.id);
    expect(opened?.id).toBe(view.id);
    second.rows(window?.id ?? 0, 0, 1);
    expect((await asked).block.rows).toBe(1);
    expect(statuses).toEqual(["connecting", "open", "lost", "open"]);
  });

  it("replaces a view on the server, and ends its windows", async () => {
    const { connection, open } = start();
    const old = connection.open({ dataset: "d" });
    const socket = open();
    const asked = old.window({ from: 0, to: 1 }, never());
    connection.open({ dataset: "d", search: "x" }, old);
    await expect(asked).rejects.toHaveProperty("name", "AbortError");
    expect(socket.of("open")[1]?.open.replaces).toBe(socket.of("open")[0]?.id);
    expect(socket.of("close")).toEqual([]);
  });

  it("tells a view's error to the view and its windows", async () => {
    const { connection, open } = start();
    const view = connection.open({ sql: "SELEC 1" });
    const socket = open();
    const asked = view.window({ from: 0, to: 1 }, never());
    socket.tell({
      id: view.id,
      error: { type: "x", title: "Invalid query", status: 400, code: "QueryInvalid", detail: "syntax", position: 3 },
    });
    await expect(asked).rejects.toBeInstanceOf(ApiError);
    expect(view.error).toHaveProperty("position", 3);
    await expect(view.window({ from: 0, to: 1 }, never())).rejects.toBeInstanceOf(ApiError);
  });

  it("asks again for a window whose view was built anew", async () => {
    const { connection, open } = start();
    const view = connection.open({ dataset: "d" });
    const socket = open();
    const asked = view.window({ from: 0, to: 1 }, never());
    socket.tell({
      id: socket.of("window")[0]?.id,
      error: { type: "x", title: "x", status: 409, code: "ViewChanged", detail: "" },
    });
    const again = socket.of("window")[1];
    expect(again?.window).toEqual(socket.of("window")[0]?.window);
    socket.rows(again?.id ?? 0, 0, 1);
    expect((await asked).block.rows).toBe(1);
  });

  it("does not look for a server that nobody needs", async () => {
    const { connection, sockets, open } = start();
    const view = connection.open({ dataset: "d" });
    const socket = open();
    view.close();
    expect(socket.of("close").map((message) => message.close)).toEqual([view.id]);
    socket.onclose?.();
    await vi.waitFor(() => expect(connection.status).toBe("idle"));
    expect(sockets).toHaveLength(1);
  });
});

describe("parseHeader", () => {
  it("reads what the server writes", () => {
    const header = parseHeader(frame(7, 9_999_999_990, 3, { partial: true }));
    expect(header).toEqual({ window: 7, from: 9_999_999_990, rows: 3, partial: true, cut: false, server_us: 1500 });
  });

  it("refuses frames of another version, and short ones", () => {
    const other = frame(1, 0, 1);
    new DataView(other).setUint8(0, 2);
    expect(() => parseHeader(other)).toThrow(RangeError);
    expect(() => parseHeader(new ArrayBuffer(8))).toThrow(RangeError);
  });
});
