/**
 * A socket over a notebook's own channel: the kernel opens the real one to the server and passes everything on. What
 * the browser can reach of the machine that the kernel runs on is therefore of no matter.
 */
import type { Socket } from "@canvasback/client/stream/connection";

/** What is needed of anywidget's model. */
export interface WidgetModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown): void;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback: (...args: never[]) => void): void;
}

interface Message {
  kind: "open" | "text" | "rows" | "closed";
  view: string;
  socket: number;
  text?: string;
}

let lastSocket = 0;

export class ModelSocket implements Socket {
  binaryType = "arraybuffer";
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  private readonly model: WidgetModel;
  private readonly view: string;
  private readonly socket: number;
  private readonly listener = (message: Message, buffers: DataView[]): void => this.received(message, buffers);

  constructor(model: WidgetModel, view: string) {
    this.model = model;
    this.view = view;
    this.socket = ++lastSocket;
    model.on("msg:custom", this.listener);
    model.send({ kind: "open", view, socket: this.socket });
  }

  send(text: string): void {
    this.model.send({ kind: "text", view: this.view, socket: this.socket, text });
  }

  close(): void {
    this.model.off("msg:custom", this.listener);
    this.model.send({ kind: "close", view: this.view, socket: this.socket });
  }

  private received(message: Message, buffers: DataView[]): void {
    if (message.view !== this.view || message.socket !== this.socket) return;
    const [rows] = buffers;
    if (message.kind === "open") this.onopen?.();
    else if (message.kind === "text") this.onmessage?.({ data: message.text });
    else if (message.kind === "rows" && rows) {
      // A copy of its own: what the notebook gives may be a part of a larger buffer.
      const { buffer, byteOffset, byteLength } = rows;
      this.onmessage?.({ data: buffer.slice(byteOffset, byteOffset + byteLength) });
    } else if (message.kind === "closed") {
      this.model.off("msg:custom", this.listener);
      this.onclose?.();
    }
  }
}
