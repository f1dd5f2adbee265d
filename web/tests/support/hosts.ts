/** Static hosts as they are met: with ranges and without, compressing, below a path; and what they were asked for. */
import { readFileSync, statSync } from "node:fs";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { gzipSync } from "node:zlib";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
};

export interface HostOptions {
  /** "/a/b/": the site lies there alone. */
  path?: string;
  /** "ignored": answers 200 with the whole file, as hosts without ranges do. */
  ranges?: "answered" | "ignored";
  /** Compresses whatever it sends, ranges too. */
  isGzip?: boolean;
}

export interface Host {
  url: string;
  /** Paths with their ranges, in order. */
  asked: string[];
  /** Bytes of bodies that were sent, of the files below data/. */
  dataBytes: number;
  end(): Promise<void>;
}

function rangeOf(request: IncomingMessage, size: number): [number, number] | null {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  return from === undefined ? null : [Number(from), Math.min(Number(to) + 1, size)];
}

export async function startHost(folder: string, options: HostOptions = {}): Promise<Host> {
  const { path = "/", ranges = "answered", isGzip = false } = options;
  const host = { url: "", asked: [] as string[], dataBytes: 0 };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const wanted = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname));
    host.asked.push(`${wanted}${request.headers.range ? ` ${request.headers.range}` : ""}`);
    const name = wanted.startsWith(path) ? wanted.slice(path.length) || "index.html" : null;
    const file = name === null ? null : join(folder, name);
    if (file === null || !statSync(file, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(404, { "content-type": "text/html" }).end("<h1>Not found</h1>");
      return;
    }
    const bytes = readFileSync(file);
    const range = ranges === "answered" ? rangeOf(request, bytes.length) : null;
    const part = range ? bytes.subarray(...range) : bytes;
    const body = isGzip ? gzipSync(part) : part;
    const headers: Record<string, string | number> = {
      "content-type": TYPES[extname(file)] ?? "application/octet-stream",
      "content-length": body.length,
      ...(isGzip ? { "content-encoding": "gzip" } : {}),
      ...(range ? { "content-range": `bytes ${range[0]}-${range[1] - 1}/${bytes.length}` } : {}),
    };
    if (wanted.includes("/data/")) host.dataBytes += body.length;
    response.writeHead(range ? 206 : 200, headers).end(body);
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  return Object.assign(host, {
    end: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}
