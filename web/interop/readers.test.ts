/**
 * Readers of other parties in Chromium, in a page of another origin: hyparquet and duckdb-wasm read what the server
 * serves, by ranges of bytes, and get what the server itself answers. `npm run interop` installs them first.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { type Browser, type Page, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type FileServer, serveFiles } from "../tests/support/files";
import { CHROMIUM, FLAGS, Server, freePort, makeParquet } from "../tests/support/world";

const ROWS = 500_000;
const SQL = `SELECT i AS id, ['Malta', 'Kenya', 'Chile', NULL][i % 4 + 1] AS country, i * 0.5 AS half,
  md5(i::VARCHAR) AS noise FROM range(${ROWS}) t(i)`;
const folderOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const IMPORTS = {
  hyparquet: "/modules/hyparquet/src/index.js",
  "hyparquet-compressors": "/modules/hyparquet-compressors/src/index.js",
  "hysnappy": "/modules/hysnappy/js/index.js",
  "fzstd": "/modules/fzstd/esm/index.mjs",
  "@duckdb/duckdb-wasm": "/modules/@duckdb/duckdb-wasm/dist/duckdb-browser.mjs",
  "apache-arrow": "/modules/apache-arrow/Arrow.dom.mjs",
  "tslib": "/modules/tslib/tslib.es6.mjs",
  "flatbuffers": "/modules/flatbuffers/mjs/flatbuffers.js",
}; // prettier-ignore

const folder = mkdtempSync(join(tmpdir(), "canvasback-interop-"));
let browser: Browser;
let files: FileServer;
let server: Server;
let page: Page;
/** Requests of the page to the server, and how they were answered. */
let traffic: { method: string; url: string; status: number; bytes: number }[] = [];

beforeAll(async () => {
  execFileSync("node", [folderOf("../scripts/client.mjs")], { stdio: "inherit" });
  files = await serveFiles({
    "/client/": folderOf("../../build/typescript-client"),
    "/support/": folderOf("../tests/support"),
    "/modules/": folderOf("node_modules"),
  });
  const parquet = makeParquet(folder, "orders", SQL);
  server = new Server(await freePort(), [parquet, "--data", join(folder, "data"), "--origins", files.url]);
  await server.start();
  browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
  page = await browser.newPage();
  page.on("response", (response) => {
    if (!response.url().startsWith(server.url)) return;
    const bytes = Number(response.headers()["content-length"] ?? 0);
    traffic.push({ method: response.request().method(), url: response.url(), status: response.status(), bytes });
  });
  await page.goto(`${files.url}/support/blank.html`);
  await page.evaluate((imports) => {
    const map = document.createElement("script");
    map.type = "importmap";
    map.textContent = JSON.stringify({ imports });
    document.head.append(map);
  }, IMPORTS);
});
afterAll(async () => {
  await browser.close();
  await files.end();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the body of an async function in the page; `server` is there, and `file`, all columns as a Parquet file. */
function inPage<T>(body: string): Promise<T> {
  traffic = [];
  return page.evaluate<T>(`(async () => {
    const { Canvasback } = await import("/client/index.js");
    const server = new Canvasback(${JSON.stringify(server.url)});
    const file = (globalThis.file ??= await server.parquetFile("orders"));
    ${body}
  })()`);
}

describe("a served file", () => {
  it("answers HEAD, ranges, and conditions to a page of another origin", async () => {
    const got = await inPage<unknown[]>(`
      const head = await fetch(file.url, { method: "HEAD" });
      const tag = head.headers.get("etag");
      const part = await fetch(file.url, { headers: { range: "bytes=0-3", "if-range": tag } });
      const old = await fetch(file.url, { headers: { range: "bytes=0-3", "if-range": '"another"' } });
      const same = await fetch(file.url, { headers: { "if-none-match": tag }, cache: "no-store" });
      const past = await fetch(file.url, { headers: { range: "bytes=99999999999-" } });
      const whole = await old.arrayBuffer();
      return [
        head.status, head.headers.get("content-length") === String(file.bytes), head.headers.get("accept-ranges"),
        part.status, await part.text(), part.headers.get("content-range") === "bytes 0-3/" + file.bytes,
        part.headers.get("etag") === tag, old.status, whole.byteLength === file.bytes, same.status, past.status,
      ];`);
    expect(got).toEqual([200, true, "bytes", 206, "PAR1", true, true, 200, true, 304, 416]);
  });
});

describe("hyparquet", () => {
  it("reads a column of a few rows by ranges, and no more than it needs", async () => {
    const got = await inPage<{ rows: object[]; bytes: number }>(`
      const { asyncBufferFromUrl, parquetReadObjects } = await import("hyparquet");
      const { compressors } = await import("hyparquet-compressors");
      const buffer = await asyncBufferFromUrl({ url: file.url });
      const rows = await parquetReadObjects({
        file: buffer, compressors, columns: ["id", "country"], rowStart: 300000, rowEnd: 300004,
      });
      return { rows: rows.map(({ id, country }) => ({ id: Number(id), country })), bytes: file.bytes };`);
    expect(got.rows).toEqual([
      { id: 300000, country: "Malta" },
      { id: 300001, country: "Kenya" },
      { id: 300002, country: "Chile" },
      { id: 300003, country: null },
    ]);
    const read = traffic.filter(({ status }) => status === 206);
    expect(read.length).toBeGreaterThan(0);
    expect(read.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(got.bytes / 2);
    expect(traffic.filter(({ method, status }) => method === "GET" && status === 200)).toEqual([]);
  });

  it("reads every row as the server answers it", async () => {
    const equal = await inPage<boolean>(`
      const { asyncBufferFromUrl, parquetReadObjects } = await import("hyparquet");
      const { compressors } = await import("hyparquet-compressors");
      const buffer = await asyncBufferFromUrl({ url: file.url });
      const rows = await parquetReadObjects({ file: buffer, compressors });
      let at = 0;
      for await (const batch of await server.stream("orders")) {
        for (const { id, country, noise } of batch) {
          const row = rows[at++];
          if (row.id !== id || (row.country ?? null) !== country || row.noise !== noise) return false;
        }
      }
      return at === rows.length;`);
    expect(equal).toBe(true);
  });
});

describe("duckdb-wasm", () => {
  const START = `
    const duckdb = await import("@duckdb/duckdb-wasm");
    const dist = new URL("/modules/@duckdb/duckdb-wasm/dist/", location.href).href;
    const database = (globalThis.database ??= await (async () => {
      const made = new duckdb.AsyncDuckDB(new duckdb.VoidLogger(), new Worker(dist + "duckdb-browser-eh.worker.js"));
      await made.instantiate(dist + "duckdb-eh.wasm");
      return made;
    })());
    const connection = await database.connect();
    const valuesOf = (table) => table.toArray().map((row) => row.toJSON());`;

  it("runs SQL over an Arrow stream of the server", async () => {
    const got = await inPage<object[]>(`${START}
      const answer = await fetch(server.url + "/api/v1/datasets/orders/export?format=arrow");
      await connection.insertArrowFromIPCStream(new Uint8Array(await answer.arrayBuffer()), { name: "orders" });
      return valuesOf(await connection.query(
        "SELECT country, count(*)::INTEGER AS n, sum(half)::DOUBLE AS total FROM orders GROUP BY ALL ORDER BY ALL"));`);
    expect(got).toEqual([
      { country: "Chile", n: 125000, total: 15625000000 },
      { country: "Kenya", n: 125000, total: 15624937500 },
      { country: "Malta", n: 125000, total: 15624875000 },
      { country: null, n: 125000, total: 15625062500 },
    ]);
  });

  it("reads a served Parquet file by ranges", async () => {
    const got = await inPage<{ rows: object[]; bytes: number }>(`${START}
      await database.registerFileURL("orders.parquet", file.url, duckdb.DuckDBDataProtocol.HTTP, false);
      const rows = valuesOf(await connection.query(
        "SELECT id::INTEGER AS id, country FROM 'orders.parquet' WHERE id BETWEEN 300000 AND 300002 ORDER BY id"));
      return { rows, bytes: file.bytes };`);
    expect(got.rows).toEqual([
      { id: 300000, country: "Malta" },
      { id: 300001, country: "Kenya" },
      { id: 300002, country: "Chile" },
    ]);
    expect(traffic.some(({ status }) => status === 206)).toBe(true);
  });
});
