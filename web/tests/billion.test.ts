/** A billion rows: a hundred hard links of one file of ten million as one dataset, and its exact last row. */
import { linkSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Browser, type Page, chromium } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

import { cell, grid, loaded, rowCount, text } from "./support/pages";
import { CHROMIUM, FLAGS, Server, freePort, makeParquet } from "./support/world";

const FILES = 100;
const FILE_ROWS = 10_000_000;
const ROWS = FILES * FILE_ROWS;

const folder = mkdtempSync(join(tmpdir(), "canvasback-billion-"));
let server: Server;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  const file = makeParquet(folder, "one", `SELECT i AS id, i % 97 AS n FROM range(${FILE_ROWS}) t(i)`);
  mkdirSync(join(folder, "links"));
  for (let i = 0; i < FILES; ++i) linkSync(file, join(folder, "links", `part-${String(i).padStart(3, "0")}.parquet`));
  server = new Server(await freePort(), [`billion=${folder}/links/*.parquet`, "--data", join(folder, "data")]);
  await server.start();
  // With scroll bars, which a browser without a window leaves out.
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: FLAGS,
    ignoreDefaultArgs: ["--hide-scrollbars"],
  });
});
afterEach(() => page.close());
afterAll(async () => {
  await browser.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function open(): Promise<void> {
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(`${server.url}/datasets/billion`);
  await loaded(page);
  await expect.poll(() => rowCount(page)).toBe(ROWS);
}

/** The focused row's place in its file, as the status line tells it. */
async function expectOrigin(file: number, row: number): Promise<void> {
  const origin = page.getByTestId("origin");
  await expect.poll(() => origin.getAttribute("data-file")).toBe(String(file));
  await expect.poll(() => origin.getAttribute("data-row")).toBe(String(row));
}

async function expectLastRow(): Promise<void> {
  await cell(page, ROWS - 1, 0).waitFor();
  await loaded(page);
  expect(await text(page, ROWS - 1, 0)).toBe(String(FILE_ROWS - 1));
}

it("reaches the exact last row by the End key", async () => {
  await open();
  await grid(page).focus();
  await grid(page).press("End");
  await expectLastRow();
  await expectOrigin(FILES - 1, FILE_ROWS - 1);
});

it("reaches the exact last row by dragging the thumb", async () => {
  await open();
  const box = await grid(page).boundingBox();
  if (!box) throw new Error("no grid");
  const bar = await grid(page).evaluate((element: HTMLElement) => element.offsetWidth - element.clientWidth);
  expect(bar, "there is a scroll bar").toBeGreaterThan(5);
  // The thumb of so many rows is as short as a thumb can be; it stands below the bar's upper arrow, if there is one.
  const x = box.x + box.width - bar / 2;
  await page.mouse.move(x, box.y + bar + 4);
  await page.mouse.down();
  for (const share of [0.1, 0.4, 0.7, 1]) await page.mouse.move(x, box.y + box.height * share, { steps: 4 });
  await page.mouse.move(x, box.y + box.height + 200);
  await page.mouse.up();
  await expectLastRow();
  await cell(page, ROWS - 1, 0).click();
  await expectOrigin(FILES - 1, FILE_ROWS - 1);
});

it("jumps to exact rows, and a notch of the wheel moves a few", async () => {
  await open();
  for (const [row, file] of [
    [ROWS, FILES - 1],
    [123_456_789, 12],
    [500_000_001, 50],
  ] as const) {
    await grid(page).focus();
    await grid(page).press("Control+g");
    await page.getByRole("textbox", { name: "Row" }).fill(String(row));
    await page.keyboard.press("Enter");
    await cell(page, row - 1, 0).waitFor();
    await loaded(page);
    const inFile = (row - 1) % FILE_ROWS;
    expect(await text(page, row - 1, 0)).toBe(String(inFile));
    await expectOrigin(file, inFile);
  }
  const first = (): Promise<number> =>
    page
      .locator(".cg-row[aria-rowindex]")
      .evaluateAll((rows) => Math.min(...rows.map((row) => Number(row.getAttribute("aria-rowindex")))));
  const before = await first();
  await cell(page, 500_000_000, 0).hover();
  await page.mouse.wheel(0, 112);
  await expect.poll(async () => (await first()) - before).toBe(4);
});
