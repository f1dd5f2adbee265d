/**
 * The WebSocket that feeds grids. Views and windows outlive the socket: when it breaks, it is opened again, views are
 * opened anew and unanswered windows are asked for again, so that nobody above has to know.
 *
 *   const connection = new StreamConnection({ url, decoder });
 *   const view = connection.open({ dataset: "flights", sort: [{ column: "delay", descending: true }] });
 *   const block = await view.window({ from: 0, to: 100 }, signal);
 */
import { ApiError } from "../api/error";
import type { Decoder } from "../decoder";
import { type ClientMessage, HEADER_BYTES, type ServerMessage, type ViewSpec, parseHeader } from "./protocol";
import { type PendingWindow, View, type ViewCarrier } from "./view";

/** What a connection needs of a WebSocket; tests bring their own. */
export interface Socket {
  binaryType: string;
  onopen: (() => void) | null;
  onclose: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  send(text: string): void;
  close(): void;
}

export interface ConnectionOptions {
  url: string;
  decoder: Decoder;
  makeSocket?: (url: string) => Socket;
  /** First pause before another try, doubled each time up to retryMsMax. */
  retryMs?: number;
  retryMsMax?: number;
}

export type ConnectionStatus = "idle" | "connecting" | "open" | "lost";

export class StreamConnection implements ViewCarrier {
  private readonly options: Required<ConnectionOptions>;
  private readonly views = new Map<number, View>();
  private readonly windows = new Map<number, PendingWindow>();
  private readonly listeners = new Set<() => void>();
  private socket: Socket | null = null;
  private retryTimer: ReturnType<typeof setTimeout> | null = null;
  private retries = 0;
  private lastId = 0;
  private current: ConnectionStatus = "idle";

  constructor(options: ConnectionOptions) {
    const makeSocket = (url: string): Socket => new WebSocket(url) as unknown as Socket;
    this.options = { makeSocket, retryMs: 250, retryMsMax: 3000, ...options };
  }

  get status(): ConnectionStatus {
    return this.current;
  }

  get decoder(): Decoder {
    return this.options.decoder;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Opens a view; `replaces` is closed with it and its work stopped. Answers come to the view. */
  open(spec: ViewSpec, replaces?: View): View {
    const view = new View(this, spec);
    const old = replaces && this.views.get(replaces.id) === replaces ? replaces.id : undefined;
    view.id = this.nextId();
    this.views.set(view.id, view);
    this.send({ id: view.id, open: { ...spec, ...(old === undefined ? {} : { replaces: old }) } });
    if (old !== undefined && replaces) this.forget(replaces);
    this.connect();
    return view;
  }

  close(view: View): void {
    if (this.views.get(view.id) !== view) return;
    this.send({ id: this.nextId(), close: view.id });
    this.forget(view);
  }

  ask(pending: PendingWindow): void {
    pending.id = this.nextId();
    this.windows.set(pending.id, pending);
    this.send({ id: pending.id, window: { view: pending.view.id, ...pending.request } });
  }

  cancel(pending: PendingWindow): void {
    if (this.windows.delete(pending.id)) this.send({ id: this.nextId(), cancel: pending.id });
  }

  /** Tries at once instead of after the pause: the network is back, or somebody asked. */
  retryNow(): void {
    if (this.current !== "lost") return;
    this.retries = 0;
    this.connect();
  }

  dispose(): void {
    for (const view of this.views.values()) this.forget(view);
    if (this.retryTimer) clearTimeout(this.retryTimer);
    const socket = this.socket;
    this.socket = null;
    if (socket) socket.onclose = null;
    socket?.close();
    this.setStatus("idle");
  }

  private nextId(): number {
    this.lastId = this.lastId >= 4_294_967_295 ? 1 : this.lastId + 1;
    return this.lastId;
  }

  private setStatus(status: ConnectionStatus): void {
    if (status === this.current) return;
    this.current = status;
    for (const listener of this.listeners) listener();
  }

  private forget(view: View, error: Error = new DOMException("The view was closed.", "AbortError")): void {
    this.views.delete(view.id);
    for (const [id, pending] of this.windows) {
      if (pending.view !== view) continue;
      this.windows.delete(id);
      pending.reject(error);
    }
  }

  private send(message: ClientMessage): void {
    // Without a connection nothing is lost: what still matters is sent when there is one.
    if (this.current === "open") this.socket?.send(JSON.stringify(message));
  }

  private connect(): void {
    if (this.socket) return;
    if (this.retryTimer) clearTimeout(this.retryTimer);
    this.retryTimer = null;
    if (this.current !== "lost") this.setStatus("connecting");
    const socket = this.options.makeSocket(this.options.url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.opened();
    socket.onclose = () => this.lost();
    socket.onmessage = ({ data }) => this.receive(data);
    this.socket = socket;
  }

  private opened(): void {
    this.retries = 0;
    this.setStatus("open");
    const views = [...this.views.values()];
    const windows = [...this.windows.values()];
    this.views.clear();
    this.windows.clear();
    for (const view of views) {
      view.id = this.nextId();
      this.views.set(view.id, view);
      this.send({ id: view.id, open: view.spec });
    }
    for (const pending of windows) this.ask(pending);
  }

  private lost(): void {
    this.socket = null;
    this.setStatus("lost");
    const pause = Math.min(this.options.retryMs * 2 ** this.retries++, this.options.retryMsMax);
    this.retryTimer = setTimeout(() => {
      if (this.views.size > 0) this.connect();
      else this.setStatus("idle");
    }, pause);
  }

  private receive(data: unknown): void {
    if (typeof data === "string") this.receiveText(JSON.parse(data) as ServerMessage);
    else if (data instanceof ArrayBuffer) void this.receiveRows(data);
  }

  private receiveText(message: ServerMessage): void {
    const id = message.id ?? 0;
    const view = this.views.get(id);
    if (view && "view" in message) return view.update(message.view);
    if (view && "error" in message) {
      const error = new ApiError(message.error);
      view.fail(error);
      return this.forget(view, error);
    }
    const pending = this.windows.get(id);
    if (!pending) return;
    if ("error" in message) {
      this.windows.delete(id);
      // The dataset's files are others now: the view is being built again, and will have this window then.
      if ((message.error.code as string) === "ViewChanged") return this.ask(pending);
      pending.reject(new ApiError(message.error));
    } else if ("superseded" in message) {
      this.windows.delete(id);
      pending.reject(new DOMException("Superseded by a newer window.", "AbortError"));
    }
  }

  private async receiveRows(frame: ArrayBuffer): Promise<void> {
    try {
      const header = parseHeader(frame);
      const pending = this.windows.get(header.window);
      this.windows.delete(header.window);
      await pending?.receive(frame, HEADER_BYTES, header);
    } finally {
      this.send({ id: this.nextId(), credits: 1 });
    }
  }
}
