/** The TypeScript client as the package it is published as, in pages of another origin: vectors, documents, example. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { type Browser, type Page, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type FileServer, serveFiles } from "./support/files";
import { CHROMIUM, FLAGS, ORDERS_SQL, Server, complaints, freePort, makeParquet } from "./support/world";

interface Vector {
  name: string;
  call?: object;
  result?: object;
  error?: object;
}
interface VectorFile {
  datasets: Record<string, { file: string; text: string }>;
  vectors: Vector[];
}

const folderOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const ROOT = folderOf("../..");
const VECTORS = join(ROOT, "protocol/vectors");
const PACKAGE = join(ROOT, "build/typescript-client");
const FILES = Object.fromEntries(
  readdirSync(VECTORS).map((name) => [name, JSON.parse(readFileSync(join(VECTORS, name), "utf8")) as VectorFile]),
);

const folder = mkdtempSync(join(tmpdir(), "canvasback-client-"));
const servers = new Map<string, Server>();
let browser: Browser;
let files: FileServer;

async function start(name: string, served: string[]): Promise<Server> {
  const data = join(folder, `${name}-data`);
  const server = new Server(await freePort(), [...served, "--data", data, "--workers", "2", "--origins", files.url]);
  await server.start();
  servers.set(name, server);
  return server;
}

async function open(path: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(files.url + path);
  return page;
}

beforeAll(async () => {
  execFileSync("node", [folderOf("../scripts/client.mjs")], { stdio: "inherit" });
  files = await serveFiles({ "/client/": PACKAGE, "/support/": folderOf("support") });
  browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
  await start("orders", [makeParquet(folder, "orders", ORDERS_SQL)]);
});
afterAll(async () => {
  await browser.close();
  await files.end();
  for (const server of servers.values()) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(Object.entries(FILES))("the vectors of %s", (name, file) => {
  let page: Page;
  let url: string;

  beforeAll(async () => {
    mkdirSync(join(folder, name));
    const served = Object.entries(file.datasets).map(([dataset, given]) => {
      const path = join(folder, name, given.file);
      writeFileSync(path, given.text);
      return `${dataset}=${path}`;
    });
    ({ url } = await start(name, served));
    page = await open("/support/blank.html");
    await page.addScriptTag({ url: "/support/vectorCalls.js", type: "module" });
  });

  it.each(file.vectors.filter((vector) => vector.call))("$name", async ({ call, result, error }) => {
    const run = `runVector(${JSON.stringify(url)}, ${JSON.stringify(call)})`;
    const got = await page.evaluate<object>(run);
    expect(got).toMatchObject(error ? { error } : { result });
  });
});

describe("docs/typescript.md", () => {
  const text = readFileSync(join(ROOT, "docs/typescript.md"), "utf8");
  const [shared = "", ...examples] = Array.from(text.matchAll(/^```ts\n(.*?)^```/gms), ([, block = ""]) => block);

  it("has examples that the package's types accept", () => {
    const bodies = examples.map((example) => `async () => {\n${example}},\n`).join("");
    writeFileSync(join(folder, "examples.ts"), `${shared}export const examples = [\n${bodies}];\n`);
    const compilerOptions = {
      target: "ES2023",
      lib: ["ES2023", "DOM", "DOM.Iterable", "ESNext.Disposable"],
      module: "ESNext",
      moduleResolution: "Bundler",
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      types: [],
      paths: {
        "@canvasback/client": [join(PACKAGE, "types/client/index.d.ts")],
        "apache-arrow": [folderOf("../node_modules/apache-arrow")],
      },
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["examples.ts"] }));
    const tsc = folderOf("../node_modules/.bin/tsc");
    try {
      execFileSync(tsc, ["-p", folder], { encoding: "utf8" });
    } catch (error) {
      expect((error as { stdout: string }).stdout).toBe("");
    }
  });

  it.each(examples.map((example, number) => ({ number, example })))(
    "example $number does what it says",
    async (one) => {
      const page = await open("/support/blank.html");
      const said: string[] = [];
      await page.exposeFunction("say", (line: string) => said.push(line));
      const server = JSON.stringify(servers.get("orders")?.url);
      // The examples are TypeScript without types, but for `!`.
      const code = one.example.replace(/!(?=[),;])/g, "").replace(/\]!/g, "]");
      await page.evaluate(`(async () => {
      const { ApiError, Canvasback, cellOf } = await import("/client/index.js");
      const server = new Canvasback(${server});
      const console = { log: (...values) => say(values.map((value) => JSON.stringify(value)).join(" ")) };
      ${code}
    })()`);
      const wanted = Array.from(one.example.matchAll(/console\.log\(.*\); \/\/ → (.*)$/gm), ([, line]) => line);
      expect(wanted.length).toBeGreaterThan(0);
      for (const line of wanted) expect(said).toContain(line);
      await page.close();
    },
  );
});

describe("the package", () => {
  it("has what npm would publish", () => {
    const [packed] = JSON.parse(
      execFileSync("npm", ["pack", "--dry-run", "--json", "--offline"], { cwd: PACKAGE, encoding: "utf8" }),
    ) as [{ files: { path: string }[] }];
    const names = packed.files.map(({ path }) => path);
    expect(names).toEqual(expect.arrayContaining(["index.js", "types/client/index.d.ts", "README.md", "LICENSE"]));
    expect(names.some((name) => name.startsWith("assets/decoder.worker"))).toBe(true);
    expect(readFileSync(join(PACKAGE, "index.js"), "utf8")).not.toMatch(/react/i);
  });

  it("stops the server's work when a stream is left or aborted", async () => {
    const page = await open("/support/blank.html");
    const server = JSON.stringify(servers.get("orders")?.url);
    const ended = await page.evaluate(`(async () => {
      const { Canvasback } = await import("/client/index.js");
      const server = new Canvasback(${server});
      const slow = "SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)";
      const running = async () => (await server.call("health", {})).tasks.running;
      const until = async (wanted) => {
        for (const start = Date.now(); Date.now() < start + 30_000; ) {
          if ((await running()) === wanted) return true;
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        return false;
      };
      const controller = new AbortController();
      const asked = server.query(slow, { signal: controller.signal }).catch((error) => error.name);
      const began = await until(1);
      controller.abort();
      const aborted = [began, await asked, await until(0)];
      const stream = await server.queryStream("SELECT i FROM range(100000000000) t(i)");
      for await (const batch of stream) if (batch.numRows > 0) break;
      return [...aborted, await until(0)];
    })()`);
    expect(ended).toEqual([true, "AbortError", true, true]);
    await page.close();
  });
});

describe("the example page", () => {
  it("shows any row of a dataset without React", async () => {
    const page = await browser.newPage();
    const found = complaints(page);
    const server = encodeURIComponent(servers.get("orders")?.url ?? "");
    await page.goto(`${files.url}/client/example.html?server=${server}&dataset=orders`);
    const status = page.locator("#status");
    await expect.poll(() => status.textContent()).toBe("rows 1 to 19 of 20000");
    await page.locator("#late").click();
    await expect.poll(() => status.textContent()).toBe("rows 19982 to 20000 of 20000");
    expect(await page.locator("tbody tr:last-child td:first-child").textContent()).toBe("19999");
    await page.locator("#sort").selectOption("id");
    await expect.poll(() => page.locator("tbody tr:last-child td:first-child").textContent()).toBe("0");
    if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, "example.png") });
    expect(found.filter((line) => !line.includes("favicon") && !line.includes("404"))).toEqual([]);
    await page.close();
  });
});
