/**
 * A stand-in for the server's WebSocket, for tests of the app alone: speaks docs/stream.md, takes the rows from a real
 * server's HTTP routes, serves the built app, and hands every other request on. It orders and filters through the HTTP
 * routes at each window, so it is slow, and has no row ids; what it has is right.
 */
import { readFileSync } from "node:fs";
import { type IncomingMessage, type ServerResponse, createServer, request } from "node:http";
import { extname, join } from "node:path";

import { type WebSocket, WebSocketServer } from "ws";

import { HEADER_BYTES, type ClientMessage, type SortKey, type ViewSpec } from "../../src/data/stream/protocol";
import { quoteName } from "../../src/data/sqlText";

const TYPES: Record<string, string> = {
  ".js": "text/javascript",
  ".css": "text/css",
  ".html": "text/html",
  ".svg": "image/svg+xml",
};
const CSP =
  "default-src 'self'; script-src 'self'; worker-src 'self' blob:; style-src 'self' 'nonce-test'; " +
  "style-src-attr 'unsafe-inline'; img-src 'self' data: blob:";
const PAGES = /^\/(?:datasets\/[^/]+|sql|jobs|system)?$/;

interface OpenView {
  spec: ViewSpec;
  columns: { name: string; type: string }[];
  rows: number;
}

interface Rows {
  from: number;
  to: number;
  columns?: string[];
}

interface RowsDocument {
  columns: { name: string; type: string }[];
  rows: unknown[][];
  total_rows: number | null;
}

const sortText = (keys: readonly SortKey[] | undefined): string =>
  (keys ?? []).map((key) => (key.descending ? "-" : "") + key.column).join(",");

function filterOf(spec: ViewSpec, columns: readonly { name: string }[]): object | undefined {
  const parts: object[] = spec.filter ? [spec.filter] : [];
  if (spec.search)
    parts.push({ or: columns.map(({ name }) => ({ [name]: { op: "contains", value: spec.search } })) });
  return parts.length > 0 ? { and: parts } : undefined;
}

export class StreamDouble {
  readonly received: ClientMessage[] = [];
  private readonly upstream: string;
  private readonly dist: string;
  private readonly server = createServer((incoming, outgoing) => this.serve(incoming, outgoing));
  private readonly sockets = new WebSocketServer({ server: this.server, path: "/api/v1/stream" });

  constructor(upstream: string, dist: string) {
    this.upstream = upstream;
    this.dist = dist;
    this.sockets.on("connection", (socket) => this.talk(socket));
  }

  listen(port = 0): Promise<string> {
    return new Promise((resolve) => {
      this.server.listen(port, "127.0.0.1", () => {
        const address = this.server.address();
        resolve(`http://127.0.0.1:${typeof address === "object" && address ? address.port : port}`);
      });
    });
  }

  /** Cuts every open socket, as a server that stops would. */
  cut(): void {
    for (const client of this.sockets.clients) client.terminate();
  }

  close(): void {
    this.cut();
    this.server.closeAllConnections();
    this.server.close();
  }

  private serve(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const path = new URL(incoming.url ?? "/", "http://double").pathname;
    if (PAGES.test(path) || path.startsWith("/assets/") || path === "/favicon.svg") {
      const file = PAGES.test(path) ? "index.html" : path.slice(1);
      try {
        const text = readFileSync(join(this.dist, file));
        const body = file === "index.html" ? text.toString().replace("@NONCE@", "test") : text;
        outgoing.writeHead(200, {
          "content-type": TYPES[extname(file)] ?? "application/octet-stream",
          "content-security-policy": CSP,
        });
        outgoing.end(body);
      } catch {
        outgoing.writeHead(404).end();
      }
      return;
    }
    const onward = request(
      this.upstream + (incoming.url ?? "/"),
      {
        method: incoming.method,
        headers: { ...incoming.headers, host: new URL(this.upstream).host, origin: this.upstream },
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  }

  private talk(socket: WebSocket): void {
    const views = new Map<number, Promise<OpenView>>();
    const cancelled = new Set<number>();
    socket.on("message", (data) => {
      const message = JSON.parse(String(data)) as ClientMessage;
      this.received.push(message);
      const { id } = message;
      const tell = (body: object): void => socket.send(JSON.stringify({ id, ...body }));
      const fail = (error: unknown): void =>
        tell({
          error: {
            type: "about:blank",
            title: "Failed",
            status: 400,
            code: "QueryInvalid",
            detail: (error as Error).message,
          },
        });
      if ("open" in message) {
        if (message.open.replaces) views.delete(message.open.replaces);
        const view = this.open(message.open);
        views.set(id, view);
        view.then(
          ({ columns, rows }) =>
            tell({ view: { state: "ready", columns, rows, rows_exact: true, share: 1, row_ids: false } }),
          fail,
        );
      } else if ("window" in message) {
        const { window } = message;
        views
          .get(window.view)
          ?.then((view) => this.window(view, id, window))
          .then((frame) => {
            if (!cancelled.has(id)) socket.send(frame);
          })
          .catch(fail);
      } else if ("cancel" in message) {
        cancelled.add(message.cancel);
        tell({ cancelled: true });
      } else if ("close" in message) {
        views.delete(message.close);
        tell({ closed: true });
      }
    });
  }

  private async json<T>(path: string, body?: object): Promise<T> {
    const init = body
      ? { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } }
      : {};
    const response = await fetch(this.upstream + path, init);
    const answer = (await response.json()) as T & { detail?: string };
    if (!response.ok) throw new Error(answer.detail ?? response.statusText);
    return answer;
  }

  private async open(spec: ViewSpec): Promise<OpenView> {
    if (spec.sql !== undefined) {
      const empty = await this.json<RowsDocument>("/api/v1/query", {
        sql: spec.sql,
        parameters: spec.parameters ?? null,
        limit: 0,
      });
      const count = await this.json<RowsDocument>("/api/v1/query", {
        sql: `SELECT count(*) FROM (${this.sqlOf(spec)})`,
        parameters: spec.parameters ?? null,
      });
      return { spec, columns: empty.columns, rows: Number(count.rows[0]?.[0]) };
    }
    const base = `/api/v1/datasets/${encodeURIComponent(spec.dataset ?? "")}`;
    const { columns } = await this.json<RowsDocument>(`${base}/rows?limit=0`);
    const filter = filterOf(spec, columns);
    const count = await this.json<RowsDocument>(`${base}/aggregate`, {
      measures: ["count"],
      ...(filter ? { filter } : {}),
    });
    return { spec, columns, rows: Number(count.rows[0]?.[0]) };
  }

  private sqlOf(spec: ViewSpec): string {
    const keys = (spec.sort ?? []).map(
      (key) => `${quoteName(key.column)} ${key.descending ? "DESC" : "ASC"} NULLS LAST`,
    );
    const order = keys.length > 0 ? ` ORDER BY ${keys.join(", ")}` : "";
    return `SELECT * FROM (${(spec.sql ?? "").replace(/;\s*$/, "")})${order}`;
  }

  private async window({ spec, columns }: OpenView, id: number, window: Rows): Promise<Buffer> {
    const response =
      spec.sql !== undefined ? await this.sqlRows(spec, window) : await this.datasetRows(spec, columns, window);
    if (!response.ok) throw new Error(await response.text());
    const rows = Buffer.from(await response.arrayBuffer());
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt8(1, 0);
    header.writeUInt8(1, 1);
    header.writeUInt32LE(id, 4);
    header.writeBigUInt64LE(BigInt(window.from), 8);
    return Buffer.concat([header, rows]);
  }

  private sqlRows(spec: ViewSpec, { from, to, columns }: Rows): Promise<Response> {
    const list = columns ? columns.map(quoteName).join(", ") : "*";
    const sql = `SELECT ${list} FROM (${this.sqlOf(spec)}) LIMIT ${to - from} OFFSET ${from}`;
    return fetch(`${this.upstream}/api/v1/query`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sql, parameters: spec.parameters ?? null, format: "arrow" }),
    });
  }

  private datasetRows(spec: ViewSpec, all: readonly { name: string }[], window: Rows): Promise<Response> {
    const filter = filterOf(spec, all);
    const query = new URLSearchParams({
      format: "arrow",
      offset: String(window.from),
      limit: String(window.to - window.from),
    });
    if (window.columns) query.set("columns", window.columns.join(","));
    if (filter) query.set("filter", JSON.stringify(filter));
    if (spec.sort?.length) query.set("sort", sortText(spec.sort));
    return fetch(
      `${this.upstream}/api/v1/datasets/${encodeURIComponent(spec.dataset ?? "")}/rows?${query.toString()}`,
    );
  }
}
