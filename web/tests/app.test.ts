/** The pages: statements, exports, a server that goes away, the keyboard alone, and what axe finds. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import type { Job } from "@canvasback/client/api/schema";
import { HARDEST_SQL, HARD_ROWS } from "./support/hardTable";
import { cell, copy, focusOn, grid, loaded, rowCount, seriousFindings, text } from "./support/pages";
import { type World, complaints, makeWorld } from "./support/world";

let world: World;
let page: Page;

beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.end());
afterEach(() => page.close());

const PYTHON = fileURLToPath(new URL("../../.deps/venv/bin/python", import.meta.url));
const CELLS = `
import datetime, json, sys, openpyxl
def text(value):
    if isinstance(value, datetime.datetime): return value.isoformat()
    if isinstance(value, float) and value.is_integer(): return str(int(value))
    return "" if value is None else str(value)
sheet = openpyxl.load_workbook(open(sys.argv[1], "rb"), read_only=True).active
print(json.dumps([[text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]))`;

/** The cells of a workbook as another reader has them. */
function readWorkbook(file: string): string[][] {
  const out = execFileSync(PYTHON, ["-c", CELLS, file], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(out) as string[][];
}

async function write(text: string): Promise<void> {
  // Not by a click, which a list of completions may stand in the way of.
  await page.locator(".cm-content").filter({ visible: true }).focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
}

describe("statements", () => {
  it("run, are shown in the grid, and can be sorted there", async () => {
    page = await world.page("/sql");
    const found = complaints(page);
    await write("SELECT country, count(*) AS n FROM orders GROUP BY ALL ORDER BY country NULLS LAST");
    await page.keyboard.press("Control+Enter");
    await loaded(page);
    await expect.poll(() => rowCount(page)).toBe(5);
    await expect.poll(() => text(page, 1, 0)).toBe("Chile");
    await page.locator(".cg-name", { hasText: "country" }).click();
    await page.locator(".cg-name", { hasText: "country" }).click();
    await expect.poll(() => text(page, 0, 0)).toBe("Malta");
    expect(found).toEqual([]);
  });

  it("take parameters", async () => {
    page = await world.page("/sql");
    await write("SELECT * FROM orders WHERE id < $1");
    await page.getByRole("textbox", { name: "Parameter $1" }).fill("7");
    await page.getByRole("button", { name: "Run" }).click();
    await loaded(page);
    await expect.poll(() => rowCount(page)).toBe(7);
  });

  it("run alone when selected, and are remembered", async () => {
    page = await world.page("/sql");
    await write("SELECT 1 AS first; SELECT 2 AS second");
    await page.keyboard.press("Control+End");
    for (let i = 0; i < "SELECT 2 AS second".length; ++i) await page.keyboard.press("Shift+ArrowLeft");
    await page.keyboard.press("Control+Enter");
    await loaded(page);
    await expect.poll(() => page.locator(".cg-label").allTextContents()).toEqual(["second"]);
    await page.reload();
    await page.getByRole("button", { name: "Query history" }).click();
    await page.locator(".history-entry", { hasText: "SELECT 2 AS second" }).waitFor();
  });

  it("say what is wrong with them, and the next one runs", async () => {
    page = await world.page("/sql");
    await write("SELECT nosuch FROM orders");
    await page.keyboard.press("Control+Enter");
    await page
      .getByRole("alert")
      .getByText(/nosuch/)
      .waitFor();
    await write("SELECT 5 AS five");
    await page.keyboard.press("Control+Enter");
    await loaded(page);
    await expect.poll(() => text(page, 0, 0)).toBe("5");
  });

  it("keep their text over a reload, in tabs", async () => {
    page = await world.page("/sql");
    await page.getByRole("button", { name: "New query" }).click();
    await write("SELECT 'kept' AS a");
    await page.reload();
    await page.locator(".cm-content", { hasText: "'kept'" }).waitFor();
    await page
      .getByRole("button", { name: /^Close Query/ })
      .last()
      .click();
  });

  it("are saved as views, which others name like tables", async () => {
    page = await world.page("/sql");
    await write("SELECT country, count(*) AS n FROM orders GROUP BY ALL");
    await page.getByRole("button", { name: "Save as view" }).click();
    await page.getByRole("textbox", { name: "View name" }).fill("by_country");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await write("SELECT sum(n) AS total FROM by_country");
    await page.keyboard.press("Control+Enter");
    await loaded(page);
    await expect.poll(() => text(page, 0, 0)).toBe("20000");
    await page.reload();
    const view = page.locator(".sql-side details", { hasText: "by_country" });
    await view.locator("summary").click();
    await view.getByRole("button", { name: "Delete view" }).click();
    await view.waitFor({ state: "detached" });
  });

  it("give results that are filtered by what is displayed, of types that no file has", async () => {
    page = await world.page("/sql");
    await write(`SELECT huge, -huge AS less FROM (${HARDEST_SQL})`);
    await page.keyboard.press("Control+Enter");
    await loaded(page);
    await expect.poll(() => rowCount(page)).toBe(HARD_ROWS);
    for (const place of [0, 1]) {
      await focusOn(page, place);
      const before = await copy(page);
      await grid(page).press("Shift+F10");
      await page.getByRole("menuitem", { name: /^Filter to / }).click();
      const found = async (): Promise<boolean> => (await rowCount(page)) > 0 && (await rowCount(page)) < HARD_ROWS;
      await expect.poll(found, { message: `column ${place}: ${before}` }).toBe(true);
      await loaded(page);
      await grid(page).focus();
      expect(await copy(page)).toBe(before);
      await page.getByRole("button", { name: /Remove filter/ }).click();
      await expect.poll(() => rowCount(page)).toBe(HARD_ROWS);
      await loaded(page);
    }
  });

  it("are drawn as a chart", async () => {
    page = await world.page("/sql");
    await write("SELECT country, count(*) AS n FROM orders GROUP BY ALL");
    await page.keyboard.press("Control+Enter");
    await loaded(page);
    await page.locator("label", { hasText: /^chart$/ }).click();
    await page.getByRole("img", { name: "n by country" }).locator("canvas").waitFor();
  });
});

describe("an export", () => {
  it("is of exactly the grid's rows, in its order and columns, and outlives a reload", async () => {
    page = await world.page(
      `/datasets/orders?hide=at&sort=-amount&filter=${encodeURIComponent('{"country":{"op":"eq","value":"Kenya"}}')}`,
    );
    await loaded(page);
    await page.getByRole("button", { name: "Export" }).click();
    await page.getByText("4,000 rows, where country = Kenya, sorted by amount ↓.").waitFor();
    await page.getByRole("combobox", { name: "Format" }).click();
    await page.getByRole("option", { name: "CSV" }).click();
    await page.getByRole("textbox", { name: "File name" }).fill("kenya");
    await page.getByRole("dialog").getByRole("button", { name: "Export" }).click();
    await page.waitForURL(/export=(?!new)/);
    await page.reload();
    await page.locator('[data-testid="job"][data-state="done"]').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("kenya.csv");
    const lines = readFileSync(await download.path(), "utf8")
      .trim()
      .split("\n");
    expect(lines[0]).toBe("id,seller,country,amount");
    expect(lines).toHaveLength(4001);
    const amounts = lines.slice(1).map((line) => Number(line.split(",")[3]));
    expect(amounts).toEqual([...amounts].sort((a, b) => b - a));
  });

  it("as a workbook has every cell of the view", async () => {
    const filter = encodeURIComponent('{"country":{"op":"in","value":["Malta",null]}}');
    page = await world.page(`/datasets/orders?sort=-amount,id&filter=${filter}`);
    await loaded(page);
    await grid(page).focus();
    await grid(page).press("Control+a");
    const view = (await copy(page, "Control+Shift+c")).split("\n").map((line) => line.split("\t"));
    await page.getByRole("button", { name: "Export" }).click();
    await page.getByRole("combobox", { name: "Format" }).click();
    await page.getByRole("option", { name: /xlsx|Excel/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Export" }).click();
    await page.locator('[data-testid="job"][data-state="done"]').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download" }).click(),
    ]);
    // A number of a workbook has no trailing ".0".
    const numbers = view.map((line) => line.map((cell) => cell.replace(/^(-?\d+)\.0$/, "$1")));
    expect(readWorkbook(await download.path())).toEqual(numbers);
    expect(view).toHaveLength(8001);
  });

  it("goes on over a reload, and can be cancelled", async () => {
    page = await world.page("/sql");
    // Long enough under way for a page to be loaded meanwhile, on a busy machine too.
    const hash = "md5(".repeat(10) + "i::VARCHAR" + ")".repeat(10);
    await write(`SELECT i, ${hash} AS hash FROM range(5000000) t(i)`);
    await page.keyboard.press("Control+Enter");
    await expect.poll(() => rowCount(page)).toBe(5_000_000);
    await page.getByRole("button", { name: "Export" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Export" }).click();
    const dialog = page.getByRole("dialog");
    const rows = async (): Promise<number> => {
      const { jobs } = (await (await fetch(`${world.url}/api/v1/jobs`)).json()) as { jobs: Job[] };
      return jobs.find((job) => job.state === "running")?.rows_done ?? 0;
    };
    await expect.poll(rows).toBeGreaterThan(0);
    const before = await rows();
    await page.reload();
    await dialog.getByRole("progressbar").waitFor();
    await expect.poll(rows).toBeGreaterThan(before);
    await dialog.getByRole("button", { name: "Cancel job" }).click();
    await dialog.getByText(/^(Cancelled|This job is no longer available)/).waitFor();
    await expect.poll(rows).toBe(0);
    await dialog.getByRole("button", { name: "Close", exact: true }).last().click();
    await dialog.waitFor({ state: "detached" });
  });

  it("of a statement is of its result", async () => {
    page = await world.page("/sql");
    await write("SELECT id, seller FROM orders WHERE id < 3");
    await page.keyboard.press("Control+Enter");
    await loaded(page);
    await page.getByRole("button", { name: "Export" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Export" }).click();
    await page.locator('[data-testid="job"][data-state="done"]').waitFor();
    await page.getByRole("dialog").getByText("3", { exact: true }).waitFor();
    // What is open is open again on the next visit.
    await page.getByRole("dialog").getByRole("button", { name: "Close", exact: true }).last().click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
  });

  it("stands among the jobs, and can be forgotten", async () => {
    page = await world.page("/jobs");
    await page.locator("tr", { hasText: "kenya.csv" }).getByRole("button", { name: "Remove" }).click();
    await page.locator("tr", { hasText: "kenya.csv" }).waitFor({ state: "detached" });
  });
});

it("goes on by itself when the server comes back, with what was typed", async () => {
  page = await world.page("/sql");
  await write("SELECT * FROM orders");
  await page.keyboard.press("Control+Enter");
  await expect.poll(() => rowCount(page)).toBe(20_000);
  await loaded(page);
  await page.keyboard.press("Control+End");
  await page.keyboard.insertText(" -- not lost");
  await world.server.stop();
  await page.getByText("Connection lost.").waitFor();
  await expect.poll(() => text(page, 0, 0)).toBe("0");
  await world.server.start();
  await page.getByText("Connection lost.").waitFor({ state: "hidden" });
  await grid(page).focus();
  await grid(page).press("End");
  await cell(page, 19_999, 0).waitFor();
  await loaded(page);
  await expect.poll(() => text(page, 19_999, 0)).toBe("19999");
  expect(await page.locator(".cm-content").filter({ visible: true }).textContent()).toContain("-- not lost");
});

it("is used with the keyboard alone", async () => {
  page = await world.page("/");
  await page.getByRole("link", { name: "orders", exact: true }).waitFor();
  const focusOn = async (name: string): Promise<void> => {
    for (let i = 0; i < 40; ++i) {
      await page.keyboard.press("Tab");
      const focused = await page.evaluate(() => document.activeElement?.textContent ?? "");
      const label = await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? "");
      if (focused === name || label === name) return;
    }
    throw new Error(`Tab does not lead to ${name}`);
  };
  await focusOn("orders");
  await page.keyboard.press("Enter");
  await loaded(page);
  await focusOn("Rows of orders");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("s");
  await page.waitForURL(/sort=at/);
  await loaded(page);
  await page.keyboard.press("f");
  await page.getByRole("textbox", { name: "From" }).waitFor();
  await page.keyboard.insertText("2021-01-10");
  await page.keyboard.press("Enter");
  await page.waitForURL(/filter=/);
});

describe("axe finds nothing serious", () => {
  const pages = [
    "/",
    "/datasets/orders",
    "/datasets/orders?tab=profile",
    "/datasets/orders?tab=quality",
    "/datasets/orders?tab=charts",
    "/datasets/orders?tab=map",
  ];
  const others = [
    "/datasets/orders?tab=schema",
    "/datasets/hard?tab=sample",
    "/datasets/orders?export=new",
    "/collections/events",
    "/collections/events?tab=add",
    "/collections/events?tab=find",
    "/collections/events?tab=schema",
    "/collections/events?tab=files",
    "/sql",
    "/jobs",
    "/system",
  ];
  for (const scheme of ["light", "dark"] as const) {
    for (const [width, height] of [
      [1440, 900],
      [390, 844],
    ] as const) {
      it.each([...pages, ...others])(`on %s, ${scheme}, ${width} pixels wide`, async (path) => {
        page = await world.context.newPage();
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
        await page.setViewportSize({ width, height });
        await page.goto(world.url + path);
        await page.waitForLoadState("networkidle");
        expect(await seriousFindings(page)).toEqual([]);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(wider, "nothing is wider than the window").toBeLessThanOrEqual(0);
      });
    }
  }
});

describe("hardly anything moves while a page loads", () => {
  const pages = [
    "/",
    "/datasets/orders",
    "/datasets/orders?tab=profile",
    "/datasets/orders?tab=quality",
    "/sql",
    "/jobs",
  ];
  const others = ["/system", "/collections/events?tab=find", "/datasets/orders?tab=schema"];
  it.each([...pages, ...others])("%s", async (path) => {
    page = await world.context.newPage();
    await page.addInitScript(() => {
      const shifts: string[] = [];
      Object.assign(window, { shifts, shifted: 0 });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as (PerformanceEntry & {
          value: number;
          sources: { node?: Node }[];
        })[]) {
          const nodes = entry.sources.map(({ node }) => (node instanceof Element ? node.className : node?.nodeName));
          shifts.push(`${entry.value.toFixed(4)} ${nodes.join(" | ")}`);
          Object.assign(window, { shifted: (window as unknown as { shifted: number }).shifted + entry.value });
        }
      }).observe({ type: "layout-shift", buffered: true });
    });
    await page.goto(world.url + path);
    await page.waitForLoadState("networkidle");
    const { shifts, shifted } = await page.evaluate(() => {
      const { shifts, shifted } = window as unknown as { shifts: string[]; shifted: number };
      return { shifts, shifted };
    });
    // Up to 0.1 counts as good.
    expect(shifted, shifts.join("\n")).toBeLessThan(0.02);
  });
});

it("loads no more than 450 KB of script at first, and all of it from the server", async () => {
  page = await world.context.newPage();
  const scripts = new Map<string, number>();
  const foreign: string[] = [];
  page.on("response", (response) => {
    if (!response.url().startsWith(world.url)) foreign.push(response.url());
    const path = new URL(response.url()).pathname;
    if (!path.endsWith(".js")) return;
    const file = new URL(`../dist${path}.br`, import.meta.url);
    try {
      scripts.set(path, readFileSync(file).length);
    } catch {
      scripts.set(path, Number(response.headers()["content-length"] ?? 0));
    }
  });
  await page.goto(`${world.url}/datasets/orders`);
  await loaded(page);
  const total = [...scripts.values()].reduce((sum, size) => sum + size, 0);
  expect(scripts.size).toBeGreaterThan(3);
  expect(total).toBeGreaterThan(100_000);
  expect(total).toBeLessThanOrEqual(450_000);
  expect(foreign).toEqual([]);
});

it("draws two columns against each other, and tells what is under the pointer", async () => {
  page = await world.context.newPage();
  const found = complaints(page);
  await page.goto(`${world.url}/datasets/orders?tab=map&x=id&y=amount`);
  const picture = page.getByRole("img", { name: "Density of amount over id" });
  await picture.waitFor();
  const box = await page.getByRole("application").boundingBox();
  if (!box) throw new Error("no map");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.getByText(/\d+ rows? here/).waitFor();
  const before = await picture.getAttribute("src");
  await page.mouse.wheel(0, -400);
  // The old picture stays, stretched, until the new one is there.
  expect(await picture.count()).toBe(1);
  await page.waitForFunction((src) => document.querySelector(".map-view img")?.getAttribute("src") !== src, before);
  expect(found).toEqual([]);
});
