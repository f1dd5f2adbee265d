/** What the tests of pages run on: a server with data that is hard to show, and Chromium. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { type BrowserContext, type Page, chromium } from "playwright-core";

import { useDist } from "./dist";
import { HARD_SQL } from "./hardTable";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
export const PROGRAM =
  process.env.CANVASBACK ?? process.env.CANVASBACK_BIN ?? join(ROOT, "build/release/bin/canvasback");
export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function until<T>(look: () => Promise<T | null>, what: string, timeoutMs = 60_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await look().catch(() => null);
    if (found !== null) return found;
    if (Date.now() > end) throw new Error(`${what} did not happen within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export class Server {
  readonly port: number;
  private readonly args: string[];
  private process: ChildProcess | null = null;

  constructor(port: number, args: string[]) {
    this.port = port;
    this.args = args;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const args = ["serve", ...this.args, "--listen", `127.0.0.1:${this.port}`];
    this.process = spawn(PROGRAM, args, { stdio: "ignore" });
    await until(async () => ((await fetch(`${this.url}/health`)).ok ? true : null), "The server's start");
  }

  async stop(): Promise<void> {
    const { process: child } = this;
    this.process = null;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }
}

export interface World {
  url: string;
  /** Where the files of the datasets are. */
  folder: string;
  server: Server;
  context: BrowserContext;
  page(path: string): Promise<Page>;
  end(): Promise<void>;
}

/** Makes a Parquet file of a statement, which may read the files of `from`. */
export function makeParquet(folder: string, name: string, sql: string, from: string[] = []): string {
  const file = join(folder, `${name}.parquet`);
  execFileSync(PROGRAM, ["query", sql, ...from, "--format", "parquet", "--out", file], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return file;
}

export const ORDERS_SQL = `
  SELECT i AS id, TIMESTAMP '2021-01-01' + INTERVAL (i) MINUTE AS at, 'seller_' || (i * 7 % 50) AS seller,
         ['Malta', 'Kenya', 'Chile', NULL, ''][i % 5 + 1] AS country, ((i * 37) % 10007) / 100.0 AS amount
  FROM range(20000) t(i)`;

const WIDE_SQL = `
  SELECT i AS id, repeat('x', CASE WHEN i = 3 THEN 1000000 ELSE 3 END) AS long, range(1000) AS list,
         ${Array.from({ length: 500 }, (_, c) => `i * ${c + 1} AS c${c}`).join(", ")}
  FROM range(200) t(i)`;

/** A collection whose key "value" has two types. */
const EVENTS = Array.from({ length: 300 }, (_, i) =>
  JSON.stringify({
    id: `event_${i}`,
    kind: ["click", "view", "purchase"][i % 3],
    value: i === 250 ? "many" : i,
    timestamp: new Date(Date.UTC(2025, 0, 1 + i)).toISOString(),
  }),
).join("\n");

/** Names that pages may come under besides that of the machine: as from another one, without a secure context. */
export const OTHER_HOST = "grid.test";
const ARGS = ["--hosts", OTHER_HOST];

const usual = (folder: string): string[] => [
  makeParquet(folder, "hard", HARD_SQL),
  makeParquet(folder, "orders", ORDERS_SQL),
  makeParquet(folder, "wide", WIDE_SQL),
];

/** Orders, offers, sellers and customers of a marketplace. */
export function makeMarketplace(folder: string, orders: number): string[] {
  const shop = join(folder, "shop");
  execFileSync(PROGRAM, ["generate", "--type", "marketplace", "--orders", String(orders), "--out", shop]);
  return ["orders", "offers", "sellers", "customers"].map((name) => join(shop, `${name}.parquet`));
}

/** `more` makes further files in the folder; `base` those that most tests look at. */
export async function makeWorld(more?: (folder: string) => string[], base = usual): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "canvasback-web-"));
  const files = [...base(folder), ...(more?.(folder) ?? [])];
  const server = new Server(await freePort(), [...files, "--data", join(folder, "data"), "--workers", "2", ...ARGS]);
  await server.start();
  const { url } = server;
  const made = await fetch(`${url}/ingest?collection=events`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: EVENTS,
  });
  if (!made.ok) throw new Error(await made.text());
  const context = await chromium.launchPersistentContext(join(folder, "profile"), {
    executablePath: CHROMIUM,
    headless: true,
    args: [...FLAGS, `--host-resolver-rules=MAP ${OTHER_HOST} 127.0.0.1`],
    viewport: { width: 1440, height: 900 },
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await useDist(context);
  return {
    url,
    folder,
    server,
    context,
    page: async (path) => {
      const page = await context.newPage();
      await page.goto(url + path);
      return page;
    },
    end: async () => {
      await context.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Errors of a page: of its scripts, and what its Content-Security-Policy refused. */
export function complaints(page: Page): string[] {
  const found: string[] = [];
  page.on("pageerror", (error) => found.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") found.push(message.text());
  });
  return found;
}
