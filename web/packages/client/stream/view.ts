/** A view as its user sees it: what is known of it so far, and windows of it. */
import type { RowBlock } from "@canvasback/frame/rowBlock";
import type { Decoder } from "../decoder";
import type { FrameHeader, ViewSpec, ViewState, WindowRequest } from "./protocol";

export interface PendingWindow {
  id: number;
  readonly view: View;
  readonly request: WindowRequest;
  receive(frame: ArrayBuffer, skip: number, header: FrameHeader): Promise<void>;
  reject(error: Error): void;
}

/** What a view needs of the connection that carries it. */
export interface ViewCarrier {
  readonly decoder: Decoder;
  /** Sends a window, or keeps it until there is a connection. */
  ask(pending: PendingWindow): void;
  /** Its caller wants the window no longer. */
  cancel(pending: PendingWindow): void;
  close(view: View): void;
}

const OPENING: ViewState = { state: "opening", rows: null, rows_exact: false, share: null };

export class View {
  /** Its number on the present socket. */
  id = 0;
  state: ViewState = OPENING;
  error: Error | null = null;
  private readonly connection: ViewCarrier;
  private readonly listeners = new Set<() => void>();
  readonly spec: ViewSpec;

  constructor(connection: ViewCarrier, spec: ViewSpec) {
    this.connection = connection;
    this.spec = spec;
  }

  /** Calls back when `state` or `error` changed. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  update(state: ViewState): void {
    // Columns may be missing while nothing is known; a later state never takes them back.
    this.state = { ...state, ...((state.columns ?? !this.state.columns) ? {} : { columns: this.state.columns }) };
    for (const listener of this.listeners) listener();
  }

  fail(error: Error): void {
    this.error = error;
    for (const listener of this.listeners) listener();
  }

  /** Rows as text. May hold fewer rows than asked for: see `FrameHeader.partial`. Aborting cancels it on the server. */
  window(request: WindowRequest, signal: AbortSignal): Promise<{ block: RowBlock; header: FrameHeader }> {
    return this.request(request, signal, async (frame, skip, header) => {
      const block = await this.connection.decoder.block(frame, skip, header.from);
      return { block, header };
    });
  }

  /** Rows as tab-separated lines, made beside the page's own thread; of all columns, or of some by index. */
  tsv(
    request: WindowRequest,
    signal: AbortSignal,
    columns?: readonly number[],
  ): Promise<{ tsv: string; rows: number; header: FrameHeader }> {
    return this.request(request, signal, async (frame, skip, header) => {
      const text = await this.connection.decoder.tsv(frame, skip, header.from, columns);
      return { ...text, header };
    });
  }

  close(): void {
    this.connection.close(this);
  }

  private request<T>(
    request: WindowRequest,
    signal: AbortSignal,
    decode: (frame: ArrayBuffer, skip: number, header: FrameHeader) => Promise<T>,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      if (this.error) return reject(this.error);
      const pending: PendingWindow = {
        id: 0,
        view: this,
        request,
        receive: async (frame, skip, header) => {
          signal.removeEventListener("abort", abort);
          try {
            resolve(await decode(frame, skip, header));
          } catch (error) {
            reject(error as Error);
          }
        },
        reject: (error) => {
          signal.removeEventListener("abort", abort);
          reject(error);
        },
      };
      const abort = (): void => {
        this.connection.cancel(pending);
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", abort, { once: true });
      this.connection.ask(pending);
    });
  }
}
