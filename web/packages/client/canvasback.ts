/**
 * A server as a program talks to it, in a page or in Node: pages of exact values, streams of Arrow batches, statements
 * with parameters, records, windows, and files that other readers open by ranges of bytes.
 *
 *   const server = new Canvasback("http://localhost:8080");
 *   for await (const batch of await server.stream("flights", { columns: ["delay"] })) …
 *
 * Every call takes an AbortSignal; aborting it stops the work on the server. What the server refuses is an ApiError,
 * a server that cannot be reached an OfflineError, an answer that breaks off an IncompleteError. Whether a limit left
 * rows out is always said: `more`.
 */
import { randomId } from "@canvasback/values/randomId";
import { type Sender, call, queryOf, send } from "./api/client";
import { ApiError, OfflineError } from "./api/error";
import type { Filter, IngestAnswer, Job, Operations } from "./api/schema";
import { ArrowStream } from "./arrowStream";
import { InlineDecoder, WorkerDecoder } from "./decoder";
import { StreamConnection } from "./stream/connection";
import type { SortKey, ViewColumn } from "./stream/protocol";

/** Which rows and columns of a dataset; all of it where nothing is given. */
export interface Selection {
  columns?: readonly string[];
  filter?: Filter;
  sort?: readonly SortKey[];
  /** "1%" or "10000 rows"; the same seed gives the same rows. */
  sample?: string;
  seed?: number;
  offset?: number;
  /** The largest number of rows; `more` says whether it left rows out. */
  limit?: number;
  timeoutMs?: number;
  /** When a file of the dataset cannot be read; by default as the server has it for the dataset. */
  onUnreadable?: "fail" | "skip";
}

export interface QueryOptions {
  /** Values of $1, $2 …, or of $name …: bound, never pasted. */
  parameters?: readonly unknown[] | Record<string, unknown>;
  limit?: number;
  timeoutMs?: number;
  onUnreadable?: "fail" | "skip";
  signal?: AbortSignal;
}

/** Rows as exact values: integers beyond 2^53 and decimals are texts with all their digits. */
export interface Page {
  columns: ViewColumn[];
  rows: unknown[][];
  /** Of the whole selection; null where it is not known, an estimate unless `totalExact`. */
  totalRows: number | null;
  totalExact: boolean;
  /** There are rows that are not here. */
  more: boolean;
  /** Leads to the page after this one; null on the last page and for statements. */
  next: string | null;
  /** Files that could not be read, and are missing here. */
  leftOut: string[];
}

export interface IngestRecordsOptions {
  /** Store the valid records and put the others into quarantine, instead of rejecting the batch. */
  quarantine?: boolean;
  /** Of a record whose key exists. */
  onConflict?: "reject" | "update" | "ignore";
  /** Identifies the batch: sending it again has no further effect. A random one where it is not given. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

/** A finished file on the server, read by ranges: HEAD, 206, ETag, and CORS for the origins of its settings. */
export interface ServedFile {
  url: string;
  bytes: number;
  /** Until when it can be read. */
  until: string | null;
}

const INGEST_TRIES = 5;
const RETRY_MS = 200;
const JOB_POLL_MS = 100;
const TRY_AGAIN: readonly string[] = ["TooManyRequests", "Unavailable", "IdempotencyKeyInUse"];

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const columnsOf = (names?: readonly string[]): string | undefined => names?.map(quoted).join(",");
const sortOf = (keys?: readonly SortKey[]): string | undefined =>
  keys?.map(({ column, descending }) => (descending ? "-" : "") + quoted(column)).join(",");
/** One row more than wanted tells whether there are more. */
const oneMore = (limit?: number): number | undefined => (limit === undefined ? undefined : limit + 1);

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}

type RowsAnswer = Operations["getRows"]["answer"];

function pageOf(answer: RowsAnswer, limit?: number): Page {
  const cut = limit !== undefined && answer.rows.length > limit;
  return {
    columns: answer.columns,
    rows: cut ? answer.rows.slice(0, limit) : answer.rows,
    totalRows: answer.total_rows,
    totalExact: answer.total_exact,
    more: cut || answer.next !== null,
    next: answer.next,
    leftOut: answer.left_out ?? [],
  };
}

export class Canvasback {
  readonly url: string;
  private readonly key: string | undefined;
  private readonly sender: Sender;

  /** `url` is where the server is, without a path of the API; in a page of the server itself it may be left out. */
  constructor(url = "", options: { key?: string } = {}) {
    this.url = url.replace(/\/+$/, "");
    this.key = options.key;
    this.sender = (path, init = {}) => send(this.url + path, { ...init, headers: this.headers(init.headers) });
  }

  /** Any operation of the interface, by its name in /openapi.json. */
  call<Name extends keyof Operations>(
    name: Name,
    request: Parameters<typeof call<Name>>[1],
    signal?: AbortSignal,
  ): Promise<Operations[Name]["answer"]> {
    return call(name, request, signal, this.sender);
  }

  /** One page; `after` is the `next` of the page before. `limit` is its size. */
  async page(dataset: string, selection: Selection = {}, after?: string, signal?: AbortSignal): Promise<Page> {
    const query = {
      columns: columnsOf(selection.columns),
      filter: selection.filter,
      sort: sortOf(selection.sort),
      sample: selection.sample,
      seed: selection.seed,
      offset: after === undefined ? selection.offset : undefined,
      limit: selection.limit,
      timeout_ms: selection.timeoutMs,
      on_unreadable: selection.onUnreadable,
      after,
    };
    const path = `/api/v1/datasets/${encodeURIComponent(dataset)}/rows${queryOf(query)}`;
    return pageOf(await this.json<RowsAnswer>(path, { headers: { accept: "application/json" } }, signal));
  }

  /** All pages of a selection; `limit` is the size of a page, 1000 where it is not given. */
  async *pages(dataset: string, selection: Selection = {}, signal?: AbortSignal): AsyncGenerator<Page> {
    const sized = { limit: 1000, ...selection };
    for (let after: string | null | undefined; after !== null;) {
      const page = await this.page(dataset, sized, after, signal);
      yield page;
      after = page.next;
    }
  }

  /** A selection of a dataset as Arrow batches, while they arrive. */
  async stream(dataset: string, selection: Selection = {}, signal?: AbortSignal): Promise<ArrowStream> {
    const body = {
      format: "arrow",
      columns: selection.columns,
      filter: selection.filter,
      sort: sortOf(selection.sort),
      sample: selection.sample,
      seed: selection.seed,
      offset: selection.offset,
      limit: oneMore(selection.limit),
      timeout_ms: selection.timeoutMs,
    };
    const path = `/api/v1/datasets/${encodeURIComponent(dataset)}/export`;
    return this.arrow(path + queryOf({ on_unreadable: selection.onUnreadable }), body, selection.limit, signal);
  }

  /** One SELECT over the datasets, its rows as exact values. */
  async query(sql: string, options: QueryOptions = {}): Promise<Page> {
    const path = `/api/v1/query${queryOf({ on_unreadable: options.onUnreadable })}`;
    const body = { ...this.statement(sql, options), format: "json" };
    return pageOf(await this.json<RowsAnswer>(path, this.posted(body), options.signal), options.limit);
  }

  /** One SELECT over the datasets, its rows as Arrow batches, while they arrive. */
  queryStream(sql: string, options: QueryOptions = {}): Promise<ArrowStream> {
    const path = `/api/v1/query${queryOf({ on_unreadable: options.onUnreadable })}`;
    return this.arrow(path, { ...this.statement(sql, options), format: "arrow" }, options.limit, options.signal);
  }

  /**
   * Stores records as one batch, all of them or none; they are on disk when this resolves. A batch whose answer was
   * lost is sent again under its key and not stored twice. A rejected one is an ApiError with `problem.errors`.
   */
  async ingest(
    collection: string,
    records: readonly object[],
    options: IngestRecordsOptions = {},
  ): Promise<IngestAnswer> {
    const on_error = options.quarantine ? "quarantine" : undefined;
    const path = `/ingest${queryOf({ collection, on_error, on_conflict: options.onConflict })}`;
    const init = {
      method: "POST",
      headers: {
        "content-type": "application/x-ndjson",
        "idempotency-key": options.idempotencyKey ?? randomId(),
      },
      body: records.map((record) => `${JSON.stringify(record)}\n`).join(""),
    };
    for (let tried = 1; ; ++tried) {
      try {
        return await this.json<IngestAnswer>(path, init, options.signal);
      } catch (error) {
        const passing =
          error instanceof OfflineError || (error instanceof ApiError && TRY_AGAIN.includes(error.code));
        if (!passing || tried === INGEST_TRIES) throw error;
        await pause(RETRY_MS * 2 ** (tried - 1), options.signal);
      }
    }
  }

  /** Writes a selection to a Parquet file on the server, and waits for it: for readers that want ranges of bytes. */
  async parquetFile(dataset: string, selection: Selection = {}, signal?: AbortSignal): Promise<ServedFile> {
    const body = {
      format: "parquet",
      columns: selection.columns,
      filter: selection.filter,
      sort: sortOf(selection.sort),
      sample: selection.sample,
      seed: selection.seed,
      offset: selection.offset,
      limit: selection.limit,
    };
    const { headers, ...rest } = this.posted(body);
    const init = { ...rest, headers: { ...headers, prefer: "respond-async" } };
    let job = await this.json<Job>(`/api/v1/datasets/${encodeURIComponent(dataset)}/export`, init, signal);
    while (job.state === "queued" || job.state === "running") {
      await pause(JOB_POLL_MS, signal);
      job = await this.call("getJob", { params: { id: job.id } }, signal);
    }
    if (!job.file) {
      const { code, message } = job.error ?? {};
      throw new ApiError({ detail: message ?? `The file was not written: ${job.state}.`, ...(code ? { code } : {}) });
    }
    return { url: this.url + job.file.href, bytes: job.file.bytes, until: job.file.until ?? null };
  }

  /** A WebSocket for views and windows, which reconnects by itself. `inline` decodes on the calling thread (Node). */
  connect(options: { inline?: boolean } = {}): StreamConnection {
    const url = new URL(`${this.url}/api/v1/stream`, this.url === "" ? location.href : undefined);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const decoder = options.inline ? new InlineDecoder() : new WorkerDecoder();
    return new StreamConnection({ url: url.href, decoder });
  }

  private statement(sql: string, options: QueryOptions) {
    const { parameters, timeoutMs } = options;
    return { sql, parameters, limit: oneMore(options.limit), timeout_ms: timeoutMs };
  }

  private headers(given: HeadersInit = {}): Record<string, string> {
    const headers = Object.fromEntries(new Headers(given));
    return this.key === undefined ? headers : { authorization: `Bearer ${this.key}`, ...headers };
  }

  private posted(body: object) {
    return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  }

  private async json<T>(path: string, init: RequestInit, signal?: AbortSignal): Promise<T> {
    const response = await this.sender(path, signal ? { ...init, signal } : init);
    return (await response.json()) as T;
  }

  private async arrow(path: string, body: object, limit?: number, signal?: AbortSignal): Promise<ArrowStream> {
    const init = this.posted(body);
    return ArrowStream.open(await this.sender(path, signal ? { ...init, signal } : init), limit);
  }
}
