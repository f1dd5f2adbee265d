/** What new users tripped over, each defect once. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { cell, focusOn, grid, header, loaded, rowCount, seriousFindings } from "./support/pages";
import { type World, makeParquet, makeWorld } from "./support/world";

let world: World;
let page: Page;

const DEEP = Array.from({ length: 60 }, (_, i) => `field_number_${i} := ${i}`).join(", ");

function european(folder: string): string {
  const path = join(folder, "european.csv");
  writeFileSync(path, "zip;price\n01234;1,50\n99999;n/a\n");
  return path;
}

beforeAll(async () => {
  world = await makeWorld((folder) => [
    european(folder),
    makeParquet(folder, "deep", `SELECT struct_pack(${DEEP}) AS "a long name of a column", 1 AS id`),
  ]);
});
afterAll(() => world.end());
afterEach(() => page.close());

const shot = (name: string): Promise<Buffer> =>
  page.screenshot({ path: `${process.env.SHOTS ?? world.folder}/${name}.png` });

async function run(sql: string): Promise<void> {
  const editor = page.getByRole("textbox", { name: "SQL statement" }).filter({ visible: true });
  await editor.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(sql);
  await page.keyboard.press("Control+Enter");
}

const result = () => page.getByRole("grid").filter({ visible: true });

describe("SQL", () => {
  const SERIES_SQL =
    "SELECT DATE '2025-01-01' + CAST(i // 3 AS INTEGER) AS day, ['red', 'green', NULL][i % 3 + 1] AS colour, " +
    "i AS amount FROM range(30) t(i)";

  it("draws three series as three lines, not as a zigzag", async () => {
    page = await world.page("/sql");
    await run(SERIES_SQL);
    await loaded(page);
    await page.getByText("chart", { exact: true }).click();
    await expect.poll(() => page.getByLabel("Series", { exact: true }).first().inputValue()).toBe("colour");
    const chart = page.getByRole("img", { name: "amount by day, a series for each colour" });
    await chart.locator("canvas").waitFor();
    await shot("series");
    await page.getByLabel("Series", { exact: true }).first().click();
    await page.getByRole("option", { name: "none" }).click();
    await expect.poll(() => page.getByLabel("Rows with the same X").first().inputValue()).toBe("sum");
    await shot("aggregated");
  });

  it("completes columns of the table that is named", async () => {
    page = await world.page("/sql");
    await page.getByText("orders", { exact: true }).first().waitFor();
    await page.getByRole("textbox", { name: "SQL statement" }).click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText("SELECT * FROM orders WHERE ");
    await page.keyboard.type("coun");
    const first = page.locator(".cm-tooltip-autocomplete li").first();
    await first.waitFor();
    expect(await first.textContent()).toContain("country");
    await shot("completion");
    await page.keyboard.press("Enter");
    expect(await page.getByRole("textbox", { name: "SQL statement" }).textContent()).toContain("WHERE country");
  });

  it("keeps results while another tab is in sight, and over a reload", async () => {
    page = await world.page("/sql");
    await run("SELECT 41 + 1 AS answer");
    await loaded(page);
    await expect.poll(() => cell(page, 0, 0).filter({ visible: true }).textContent()).toBe("42");
    await page.locator(".sql-clock").filter({ visible: true }).waitFor();
    await page.getByRole("button", { name: "New query" }).click();
    await run("SELECT 'other' AS word");
    await expect.poll(() => cell(page, 0, 0).filter({ visible: true }).textContent()).toBe("other");
    await page.locator(".sql-tab").nth(-2).getByRole("button").first().click();
    expect(await cell(page, 0, 0).filter({ visible: true }).textContent()).toBe("42");
    await page.reload();
    await expect.poll(() => cell(page, 0, 0).filter({ visible: true }).textContent()).toBe("42");
    await result().focus();
    expect(await page.getByText("< 1 ms").count()).toBeGreaterThanOrEqual(0);
  });

  it("says how long a statement has been running", async () => {
    page = await world.page("/sql");
    await run("SELECT count(*) FROM range(3000000000) a(i) WHERE hash(i) % 7 = 1");
    const clock = page.locator(".sql-clock").filter({ visible: true });
    await expect.poll(() => clock.textContent()).toMatch(/^[1-9][\d.]* s$/);
    await page.getByRole("button", { name: "Cancel" }).filter({ visible: true }).click();
  });

  it("shows an error of several lines as it was written", async () => {
    page = await world.page("/sql");
    await run("SELECT nothing FROM orders");
    const text = page.locator(".problem-text").filter({ visible: true });
    await text.waitFor();
    const button = page.getByRole("alert").filter({ visible: true }).getByRole("button");
    const clipped = await button.evaluate((element) => element.scrollWidth > element.clientWidth);
    expect(clipped).toBe(false);
    await shot("error");
  });
});

describe("names of great length", () => {
  const inside = async (box: { x: number; width: number } | null): Promise<boolean> =>
    box !== null && box.x >= 0 && box.x + box.width <= (page.viewportSize()?.width ?? 0);

  it("leave the buttons of a panel where they can be reached", async () => {
    page = await world.page("/datasets/deep");
    await loaded(page);
    await focusOn(page, 0);
    await grid(page).press("Enter");
    const close = page.getByRole("dialog").getByRole("button", { name: "Close" });
    await close.waitFor();
    await page.getByLabel("Value").waitFor();
    await expect.poll(async () => inside(await close.boundingBox())).toBe(true);
    // The panel may still be sliding in: both are looked at until they stand.
    const row = page.getByRole("dialog").getByText("row 1", { exact: true });
    const isLeftOfClose = async (): Promise<boolean> => {
      const box = await row.boundingBox();
      const edge = (await close.boundingBox())?.x ?? 0;
      return box !== null && box.x + box.width <= edge;
    };
    await expect.poll(isLeftOfClose).toBe(true);
    await shot("viewer");
    await close.click();
    await header(page, "a long name of a column").getByRole("button", { name: "column menu" }).click();
    const menu = page.getByRole("dialog", { name: "Column a long name of a column" });
    const edge = async (): Promise<number> => {
      const box = await menu.boundingBox();
      return (box?.x ?? 0) + (box?.width ?? 0);
    };
    for (const button of ["Descending", "Hide", "Apply"]) {
      const box = await menu.getByRole("button", { name: button }).first().boundingBox();
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(await edge());
    }
    await shot("column-menu");
  });

  it("leave column names to be read in profiles and beside the editor", async () => {
    page = await world.page("/datasets/deep?tab=profile");
    const card = page.getByRole("region", { name: "a long name of a column" });
    await card.waitFor();
    const heading = card.getByRole("heading");
    expect(await heading.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(0);
    expect(await inside(await card.locator(".tag").boundingBox())).toBe(true);
    await shot("profile-card");
    await page.goto(`${world.url}/sql`);
    await page.locator("summary", { hasText: "deep" }).click();
    const name = page.locator(".sql-column span", { hasText: "a long name" });
    await name.waitFor();
    expect(await name.evaluate((element) => element.clientWidth)).toBeGreaterThan(100);
    await shot("sql-side");
  });
});

describe("pages", () => {
  it("name the browser's tab", async () => {
    page = await world.page("/datasets/orders");
    await expect.poll(() => page.title()).toBe("orders · Canvasback");
    for (const [path, title] of [
      ["/", "Datasets"],
      ["/sql", "SQL"],
      ["/jobs", "Jobs"],
      ["/system", "System"],
      ["/collections/events", "events"],
    ] as const) {
      await page.goto(world.url + path);
      await expect.poll(() => page.title()).toBe(`${title} · Canvasback`);
    }
  });

  it("take a filter back with Back, not the page", async () => {
    page = await world.page("/datasets/orders");
    await loaded(page);
    await cell(page, 0, 3).click({ button: "right" });
    await page.getByRole("menuitem", { name: "Filter to Malta" }).click();
    await expect.poll(() => rowCount(page)).toBe(4000);
    await header(page, "amount").locator(".cg-name").click();
    await expect.poll(() => new URL(page.url()).searchParams.get("sort")).toBe("amount");
    await page.goBack();
    await expect.poll(() => new URL(page.url()).searchParams.get("sort")).toBeNull();
    await expect.poll(() => rowCount(page)).toBe(4000);
    await page.goBack();
    await expect.poll(() => rowCount(page)).toBe(20_000);
    expect(new URL(page.url()).pathname).toBe("/datasets/orders");
  });

  it("that were not loaded yet wait for the server instead of taking the app's place", async () => {
    page = await world.page("/datasets/orders");
    await loaded(page);
    await world.server.stop();
    await page.getByText("Connection lost. Reconnecting…").waitFor();
    await page.getByRole("link", { name: "System" }).click();
    await expect.poll(() => new URL(page.url()).pathname).toBe("/system");
    expect(await page.getByText("Failed to fetch").count()).toBe(0);
    await page.getByRole("navigation").waitFor();
    await world.server.start();
    await page.getByRole("heading", { name: "System" }).waitFor();
    expect(await page.getByText("Failed to fetch").count()).toBe(0);
  });
});

it("shows how a CSV file is read, and reads it as it is told", async () => {
  page = await world.page("/datasets/european?tab=schema");
  const reading = page.getByRole("region", { name: "How this file is read" });
  await reading.getByRole("cell", { name: /line 2 has "01234"/ }).waitFor();
  const typeOf = (column: string) => reading.getByRole("row", { name: new RegExp(`^${column} `) }).locator(".tag");
  await expect.poll(() => typeOf("price").textContent()).toBe("VARCHAR");
  expect(await seriousFindings(page)).toEqual([]);
  await shot("reading");
  await reading.getByLabel("Decimal separator").first().click();
  await page.getByRole("option", { name: ",", exact: true }).click();
  await reading.getByRole("textbox", { name: "NULL values" }).fill("n/a");
  await reading.getByRole("button", { name: "Apply" }).click();
  await reading.getByText("settings applied").waitFor();
  await expect.poll(() => typeOf("price").textContent()).toBe("DECIMAL(18,2)");
  await reading.getByLabel("Type of zip").first().click();
  await page.getByRole("option", { name: "BOOLEAN" }).click();
  await reading.getByRole("button", { name: "Apply" }).click();
  await reading.getByRole("alert").getByText("01234").waitFor();
  await reading.getByRole("button", { name: "Reset" }).click();
  await expect.poll(() => typeOf("price").textContent()).toBe("VARCHAR");
  expect(await reading.getByRole("button", { name: "Reset" }).isDisabled()).toBe(true);
});
