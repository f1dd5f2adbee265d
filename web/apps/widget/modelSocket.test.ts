import { describe, expect, it } from "vitest";

import { ModelSocket, type WidgetModel } from "./modelSocket";

/** A model whose kernel is the test. */
function makeModel() {
  const sent: unknown[] = [];
  const listeners = new Set<(message: unknown, buffers: DataView[]) => void>();
  const model = {
    get: () => undefined,
    set: () => undefined,
    save_changes: () => undefined,
    send: (content: unknown) => sent.push(content),
    on: (_: string, callback: never) => listeners.add(callback),
    off: (_: string, callback: never) => listeners.delete(callback),
  } as unknown as WidgetModel;
  const tell = (message: unknown, buffers: DataView[] = []): void => {
    for (const listener of [...listeners]) listener(message, buffers);
  };
  return { model, sent, tell, listeners };
}

describe("ModelSocket", () => {
  it("carries text both ways and rows one way, its own only", () => {
    const { model, sent, tell } = makeModel();
    const socket = new ModelSocket(model, "a");
    const heard: unknown[] = [];
    socket.onopen = () => heard.push("open");
    socket.onmessage = ({ data }) => heard.push(data);
    const { socket: number } = sent[0] as { socket: number };
    expect(sent[0]).toEqual({ kind: "open", view: "a", socket: number });
    socket.send("hello");
    expect(sent[1]).toEqual({ kind: "text", view: "a", socket: number, text: "hello" });
    tell({ kind: "open", view: "a", socket: number });
    tell({ kind: "text", view: "a", socket: number, text: "to us" });
    tell({ kind: "text", view: "b", socket: number, text: "to another display" });
    tell({ kind: "text", view: "a", socket: number + 1, text: "to a later socket" });
    const whole = new Uint8Array([9, 1, 2, 3, 9]);
    tell({ kind: "rows", view: "a", socket: number }, [new DataView(whole.buffer, 1, 3)]);
    expect(heard.slice(0, 2)).toEqual(["open", "to us"]);
    expect(new Uint8Array(heard[2] as ArrayBuffer)).toEqual(new Uint8Array([1, 2, 3]));
    expect(heard).toHaveLength(3);
  });

  it("hears nothing any more once it is closed, by either side", () => {
    const { model, sent, tell, listeners } = makeModel();
    const first = new ModelSocket(model, "a");
    first.close();
    expect(sent.at(-1)).toMatchObject({ kind: "close", view: "a" });
    expect(listeners.size).toBe(0);
    const second = new ModelSocket(model, "a");
    let ended = 0;
    second.onclose = () => (ended += 1);
    const { socket } = sent.at(-1) as { socket: number };
    tell({ kind: "closed", view: "a", socket });
    tell({ kind: "closed", view: "a", socket });
    expect(ended).toBe(1);
    expect(listeners.size).toBe(0);
  });
});
