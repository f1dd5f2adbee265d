/** Rows in groups: by keyboard and mouse, with totals, a pivot, files, and back to the rows of a group. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { copy, focusOn, grid, header, loaded, rowCount, seriousFindings, text } from "./support/pages";
import { type World, complaints, makeWorld } from "./support/world";

let world: World;
let page: Page;

beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.end());
afterEach(() => page.close());

const addressOf = (name: string): string | null => new URL(page.url()).searchParams.get(name);
const groups = (): Promise<void> => page.getByRole("grid", { name: "Groups of orders" }).waitFor();
const total = (place: number): Promise<string | null> => page.locator(".group-total").nth(place).textContent();

/** What the server's own SQL says of the same. */
async function sql(statement: string): Promise<unknown[][]> {
  const body = JSON.stringify({ sql: statement, numbers: "plain" });
  const response = await fetch(`${world.url}/api/v1/query`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  return ((await response.json()) as { rows: unknown[][] }).rows;
}

/** The cells of the grid as they are copied. */
async function table(): Promise<string[][]> {
  await grid(page).focus();
  await grid(page).press("Control+a");
  return (await copy(page)).split("\n").map((line) => line.split("\t"));
}

async function pick(label: string, option: string): Promise<void> {
  await page.getByRole("combobox", { name: label }).click();
  await page.getByRole("option", { name: option, exact: true }).click();
}

describe("groups", () => {
  it("are made from a header's menu, with totals that are right", async () => {
    page = await world.page("/datasets/orders");
    const found = complaints(page);
    await loaded(page);
    await header(page, "country").hover();
    await header(page, "country").getByRole("button", { name: "country column menu" }).click();
    await page.getByRole("button", { name: "Group by country" }).click();
    await groups();
    await loaded(page);
    expect(addressOf("group")).toBe("country");
    await pick("Column of the measure", "amount");
    await expect.poll(() => addressOf("measures")).toBe("sum:amount");
    await loaded(page);
    await expect.poll(() => total(2)).not.toBeNull();
    const rows = await sql(
      "SELECT country, count(*), fsum(amount) FROM orders GROUP BY 1 ORDER BY 2 DESC, 1 NULLS LAST",
    );
    expect(await table()).toEqual(rows.map((row) => row.map((cell) => (cell === null ? "" : String(cell)))));
    const [all] = await sql("SELECT count(*), fsum(amount) FROM orders");
    expect([await total(1), await total(2)]).toEqual(all?.map(String));
    expect(found).toEqual([]);
  });

  it("are made, sorted, opened and left by the keyboard alone", async () => {
    page = await world.page("/datasets/orders");
    await loaded(page);
    await focusOn(page, 2);
    await grid(page).press("g");
    await groups();
    await loaded(page);
    expect(addressOf("group")).toBe("seller");
    await expect.poll(() => rowCount(page)).toBe(50);
    await grid(page).focus();
    await grid(page).press("Control+Home");
    await grid(page).press("s");
    await expect.poll(() => addressOf("gsort")).toBe("seller");
    await loaded(page);
    await expect.poll(() => text(page, 1, 0)).toBe("seller_1");
    await grid(page).focus();
    await grid(page).press("ArrowDown");
    await grid(page).press("Enter");
    await page.getByRole("grid", { name: "Rows of orders" }).waitFor();
    await loaded(page);
    await expect.poll(() => rowCount(page)).toBe(400);
    expect(addressOf("filter")).toContain("seller_1");
    // Back takes the groups back, as they were.
    await page.goBack();
    await groups();
    await loaded(page);
    expect(addressOf("gsort")).toBe("seller");
    await grid(page).focus();
    await grid(page).press("ArrowDown");
    await grid(page).press("Backspace");
    await page.getByRole("grid", { name: "Rows of orders" }).waitFor();
    expect(addressOf("group")).toBeNull();
  });

  it("come by several keys, cut times, and under filter and search", async () => {
    const filter = encodeURIComponent('{"amount":{"op":"lt","value":"50"}}');
    page = await world.page(
      `/datasets/orders?group=at:day,country&measures=mean:amount,distinct:seller&filter=${filter}&search=seller_1`,
    );
    await groups();
    await loaded(page);
    const rows = await sql(
      "SELECT date_trunc('day', \"at\"), country, count(*), avg(amount), count(DISTINCT seller) FROM orders " +
        "WHERE amount < 50 AND contains(seller, 'seller_1') GROUP BY 1, 2 ORDER BY 1, 2 NULLS LAST",
    );
    // The engine's own average is not compensated: its last digits are others.
    const rounded = (cell: unknown): string =>
      /^\d+\.\d+$/.test(String(cell)) ? Number(cell).toPrecision(12) : cell === null ? "" : String(cell);
    expect((await table()).map((row) => row.map(rounded))).toEqual(rows.map((row) => row.map(rounded)));
    // The rows of a day: a span of time beside the filter.
    await grid(page).focus();
    await grid(page).press("Control+Home");
    await grid(page).press("Enter");
    await page.getByRole("grid", { name: "Rows of orders" }).waitFor();
    await loaded(page);
    await expect.poll(() => rowCount(page)).toBe(Number(rows[0]?.[2]));
  });

  it("are thousands, of which those in sight are asked for", async () => {
    page = await world.page("/datasets/orders?group=id&gsort=id");
    await groups();
    await loaded(page);
    await expect.poll(() => text(page, 3, 0)).toBe("3");
    for (let i = 0; i < 4; ++i) {
      await grid(page).focus();
      await grid(page).press("Control+End");
      await loaded(page);
    }
    await expect.poll(() => rowCount(page)).toBe(20_000);
    await grid(page).press("Control+End");
    await loaded(page);
    await expect.poll(() => text(page, 19_999, 0)).toBe("19999");
  });
});

describe("a pivot", () => {
  it("has the most frequent values as columns and the others together", async () => {
    page = await world.page("/datasets/orders?group=country&measures=sum:amount");
    await groups();
    await pick("Column whose values become columns", "seller");
    await pick("Number of pivot columns", "Top 5");
    await expect.poll(() => addressOf("top")).toBe("5");
    await header(page, "All others").waitFor();
    await loaded(page);
    const named = (await page.locator(".cg-label").allTextContents()).slice(3, 8);
    const cells = named.map((name) => `fsum(amount) FILTER (WHERE seller = '${name}')`);
    const rest = `fsum(amount) FILTER (WHERE seller NOT IN (${named.map((name) => `'${name}'`).join(", ")}))`;
    const select = `count(*), fsum(amount), ${cells.join(", ")}, ${rest} FROM orders`;
    const rows = await sql(`SELECT country, ${select} GROUP BY 1 ORDER BY 2 DESC, 1 NULLS LAST`);
    const near = (shown: string[], wanted: unknown[]): void =>
      wanted.forEach((value, at) => {
        if (typeof value === "number") expect(Number(shown[at])).toBeCloseTo(value, 4);
        else expect(shown[at]).toBe(value ?? "");
      });
    const shown = await table();
    expect(shown).toHaveLength(rows.length);
    rows.forEach((row, at) => near(shown[at] ?? [], row));
    const [all] = await sql(`SELECT 'Total', ${select}`);
    near(await page.locator(".group-total").allTextContents(), all ?? []);
    // A cell's rows are those of its group and its column.
    await focusOn(page, 8);
    await grid(page).press("Enter");
    await page.getByRole("grid", { name: "Rows of orders" }).waitFor();
    await loaded(page);
    const not = named.map((name) => `'${name}'`).join(", ");
    const [[count] = []] = await sql(`SELECT count(*) FROM orders WHERE country = '' AND seller NOT IN (${not})`);
    await expect.poll(() => rowCount(page)).toBe(count);
  });

  it("is exported as it stands", async () => {
    page = await world.page("/datasets/orders?group=country&pivot=seller&top=5");
    await groups();
    await loaded(page);
    const shown = await table();
    await page.getByRole("button", { name: "Export" }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: "CSV" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("orders by country.csv");
    const lines = readFileSync(await download.path(), "utf8")
      .trim()
      .split(/\r?\n/);
    expect(lines[0]).toMatch(/^country,Rows,seller_/);
    expect(lines.slice(1).map((line) => line.split(",").map((cell) => cell.replace('""', "")))).toEqual(shown);
  });
});

it("grouped tables have nothing that axe finds, light and dark, wide and narrow", async () => {
  page = await world.page("/datasets/orders?group=country,at:month&measures=sum:amount&pivot=seller");
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1440, 390]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 844 });
      await groups();
      await loaded(page);
      expect(await seriousFindings(page)).toEqual([]);
    }
  }
});
