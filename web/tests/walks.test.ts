/** Five walks of new users, each from an empty folder to a result that is right to the digit. */
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Browser, type Page, chromium } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

import { cell, clipboard, copy, grid, header, loaded, rowCount, text } from "./support/pages";
import { Walk } from "./support/walk";
import { sheetOf } from "./support/workbook";
import { CHROMIUM, FLAGS, ORDERS_SQL, makeParquet } from "./support/world";

/** 28 bytes each in a Parquet file: 72 million are 2 GB. */
const PARQUET_ROWS = Number(process.env.WALK_PARQUET_ROWS ?? 1_000_000);
/** Links of one file of ten million rows: 100 are the billion, which takes minutes where other work goes on. */
const BILLION_FILES = Number(process.env.WALK_BILLION_FILES ?? 10);
const FILE_ROWS = 10_000_000;

let browser: Browser;
let walk: Walk;
const files = mkdtempSync(join(tmpdir(), "canvasback-walks-"));

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
});
afterAll(async () => {
  await browser.close();
  rmSync(files, { recursive: true, force: true });
});
afterEach(async () => {
  await walk.end();
  expect(walk.complaints).toEqual([]);
});

const openMenu = async (column: string): Promise<void> => {
  await header(walk.page, column).hover();
  await walk.click(header(walk.page, column).getByRole("button", { name: `${column} column menu` }));
};

/** What a grid shows, as it is copied. */
async function cellsOf(page: Page): Promise<string[][]> {
  await loaded(page);
  await grid(page).filter({ visible: true }).focus();
  await page.keyboard.press("Control+a");
  return (await copy(page)).split("\n").map((line) => line.split("\t"));
}

const total = (place: number) => walk.page.locator(".group-total").nth(place);

// Euros and cents as a German spreadsheet writes them, in its encoding; the last line is torn off.
const COUNTRIES = ["Österreich", "Deutschland", "Frankreich", "Türkei"];
const SELLERS = ["Müller & Söhne", "Café; Zürich", 'Haus "Nord"'];
const SALES = Array.from({ length: 3000 }, (_, i) => ({
  day: new Date(Date.UTC(2024, 0, 1 + (i % 366))),
  seller: SELLERS[(i * 7) % SELLERS.length] as string,
  country: COUNTRIES[(i + (i >> 3)) % COUNTRIES.length] as string,
  paid: i % 5 !== 0,
  cents: i % 41 === 0 ? null : ((i * 7919) % 99_991) - 2000,
}));

function europeanCsv(): Buffer {
  const quoted = (value: string): string => (/[;"]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const lines = SALES.map(({ day, seller, country, paid, cents }) => {
    const [year, month, date] = day.toISOString().slice(0, 10).split("-");
    const amount = cents === null ? "k. A." : (cents / 100).toFixed(2).replace(".", ",");
    return [`${date}.${month}.${year}`, quoted(seller), country, paid ? "bezahlt" : "offen", amount].join(";");
  });
  const content = ["Datum;Händler;Land;Zustand;Betrag (€)", ...lines, ""].join("\r\n");
  return Buffer.from(content.replaceAll("€", "\x80"), "latin1");
}

/** Of what is paid, by country: rows, the sum, and the sum of each seller. */
function salesPivot(): Record<string, number>[] {
  const sum = (rows: typeof SALES): number => rows.reduce((all, { cents }) => all + (cents ?? 0), 0) / 100;
  return COUNTRIES.map((country) => {
    const rows = SALES.filter((sale) => sale.paid && sale.country === country);
    const sellers = SELLERS.map((seller) => [seller, sum(rows.filter((sale) => sale.seller === seller))]);
    return { Rows: rows.length, "sum of Betrag (€)": sum(rows), ...Object.fromEntries(sellers) };
  });
}

it("from a messy European CSV to a workbook with a filtered pivot", async () => {
  walk = new Walk("csv-to-excel", browser);
  writeFileSync(join(walk.folder, "verkäufe.csv"), europeanCsv());
  await walk.serve(join(walk.folder, "verkäufe.csv"));
  await walk.shot("datasets");
  const { page } = walk;
  await walk.click(page.getByRole("link", { name: /^verk/ }));
  // Its encoding is none that can be told with certainty: the page says so, and asks.
  const reading = page.getByRole("region", { name: "How this file is read" });
  await reading.waitFor();
  await walk.shot("unread");
  await walk.choose(reading.getByRole("combobox", { name: "Encoding" }), "windows-1252");
  await walk.choose(reading.getByRole("combobox", { name: "Decimal separator" }), ",");
  await walk.step(() => reading.getByRole("textbox", { name: "Date format" }).fill("%d.%m.%Y"));
  await walk.step(() => reading.getByRole("textbox", { name: "NULL values" }).fill("k. A."));
  await walk.click(reading.getByRole("button", { name: "Apply" }));
  await loaded(page);
  expect(await text(page, 1, 0)).toBe("2024-01-02");
  await walk.shot("rows");
  await walk.click(cell(page, 1, 3), { button: "right" });
  await walk.click(page.getByRole("menuitem", { name: "Filter to bezahlt" }));
  await openMenu("Land");
  await walk.click(page.getByRole("button", { name: "Group by Land" }));
  await walk.choose(page.getByRole("combobox", { name: "Column of the measure" }), "Betrag (€)");
  await walk.choose(page.getByRole("combobox", { name: "Column whose values become columns" }), "Händler");
  await loaded(page);
  await expect.poll(() => total(1).textContent()).toBe("2400");
  await walk.shot("pivot");
  await walk.click(page.getByRole("button", { name: "Export" }));
  const download = page.waitForEvent("download");
  await walk.click(page.getByRole("menuitem", { name: "Excel workbook" }));
  const file = await (await download).path();
  const [names, ...rows] = sheetOf(readFileSync(file));
  const cells = new Map(rows.map(([country, ...values]) => [country, values]));
  expect(names?.[0]).toBe("Land");
  expect([...cells.keys()].sort()).toEqual([...COUNTRIES].sort());
  const sheet = COUNTRIES.map((country) =>
    Object.fromEntries((cells.get(country) ?? []).map((value, i) => [names?.[i + 1], value])),
  );
  expect(sheet).toEqual(salesPivot());
});

it("from a large Parquet file to its ten worst rows and their chart", async () => {
  // The worst are spread over the file; everything else is less.
  const SPREAD = 49_999;
  const file = makeParquet(
    files,
    "flights",
    `SELECT i AS id, DATE '2024-01-01' + CAST(i % 366 AS INTEGER) AS day,
            'F' || lpad((i % 7919)::VARCHAR, 4, '0') AS flight,
            ['JFK', 'SFO', 'ORD', 'ATL'][i % 4 + 1] AS origin, hash(i) AS ticket, md5(i::VARCHAR) AS trace,
            CASE WHEN i % ${SPREAD} = 77 THEN 5000 + i // ${SPREAD} ELSE (i * 37) % 900 END AS delay
     FROM range(${PARQUET_ROWS}) t(i)`,
  );
  walk = new Walk("worst-ten", browser);
  await walk.serve(file);
  const { page } = walk;
  await walk.click(page.getByRole("link", { name: "flights" }));
  await loaded(page);
  expect(await rowCount(page)).toBe(PARQUET_ROWS);
  await openMenu("delay");
  await walk.click(page.getByRole("button", { name: "Descending" }));
  await loaded(page);
  await expect.poll(() => text(page, 0, 6)).toMatch(/^5\d{3}$/);
  await walk.shot("sorted");
  await walk.click(page.getByRole("button", { name: "Copy this view" }));
  await walk.click(page.getByRole("menuitem", { name: "Open in SQL" }));
  await loaded(page);
  await walk.shot("in-sql");
  await walk.click(page.getByRole("textbox", { name: "SQL statement" }));
  await walk.press("Control+End");
  await walk.type(" LIMIT 10");
  await walk.press("Control+Enter");
  await expect.poll(() => rowCount(page)).toBe(10);
  const last = Math.floor((PARQUET_ROWS - 1 - 77) / SPREAD);
  const worst = Array.from({ length: 10 }, (_, i) => [(last - i) * SPREAD + 77, 5000 + last - i].map(String));
  expect((await cellsOf(page)).map((row) => [row[0], row[6]])).toEqual(worst);
  await walk.click(page.getByText("chart", { exact: true }));
  await walk.choose(page.getByRole("combobox", { name: "X axis" }), "flight");
  await page.getByRole("img", { name: "delay by flight" }).locator("canvas").waitFor();
  await walk.shot("chart");
});

// What an application sent in one year: an amount that became a text, a customer that became an object, a new field.
const ORDERS = Array.from({ length: 900 }, (_, i) => {
  const cents = ((i * 7919) % 50_000) + 100;
  const amount = (cents / 100).toFixed(2);
  const shop = ["Berlin", "Lyon", "Porto"][i % 3] as string;
  const at = new Date(Date.UTC(2024, 0, 1, i)).toISOString();
  if (i < 300) return { cents, shop, record: { id: `o${i}`, at, shop, amount: cents / 100, customer: `c${i % 17}` } };
  if (i < 600) return { cents, shop, record: { id: `o${i}`, at, shop, amount: amount.replace(".", ",") } };
  return { cents, shop, record: { id: `o${i}`, at, shop, amount: cents / 100, customer: { name: `c${i % 17}` } } };
});

it("from JSON with drift to a saved query with a link", async () => {
  walk = new Walk("json-to-link", browser);
  await walk.serve();
  await walk.shot("empty");
  const { page } = walk;
  await walk.drop("Orders 2024.ndjson", ORDERS.map(({ record }) => JSON.stringify(record)).join("\n"));
  await page.getByText("900 records saved").waitFor();
  await walk.shot("dropped");
  await walk.click(page.getByRole("tab", { name: "Schema" }));
  await page
    .getByRole("region", { name: "Type conflicts" })
    .getByRole("row", { name: /amount.*double.*string/ })
    .waitFor();
  await walk.shot("drift");
  await walk.click(page.getByRole("link", { name: "SQL" }));
  await walk.click(page.getByRole("textbox", { name: "SQL statement" }));
  await walk.type(
    "SELECT shop, count(*) AS orders, " +
      "sum(coalesce(amount::DECIMAL(18,2), replace(amount__string, ',', '.')::DECIMAL(18,2))) AS total " +
      "FROM Orders_2024 GROUP BY shop ORDER BY shop",
  );
  await walk.press("Control+Enter");
  const right = ["Berlin", "Lyon", "Porto"].map((shop) => {
    const cents = ORDERS.filter((order) => order.shop === shop).reduce((sum, order) => sum + order.cents, 0);
    return [shop, "300", (cents / 100).toFixed(2)];
  });
  await loaded(page);
  expect(await cellsOf(page)).toEqual(right);
  await walk.shot("result");
  await walk.click(page.getByRole("button", { name: "Save as view" }));
  await walk.type("shop_totals");
  await walk.press("Enter");
  await page.getByRole("group", { name: "Queries" }).getByText("shop_totals").waitFor();
  await walk.click(page.getByRole("button", { name: "Copy link to this query" }));
  await page.getByText("Link copied").waitFor();
  await walk.shot("saved");
  const link = await clipboard(page);
  const other = await walk.step(() => walk.open(link));
  await loaded(other);
  expect(await cellsOf(other)).toEqual(right);
  await other.getByRole("group", { name: "Queries" }).getByText("shop_totals").waitFor();
  await walk.shot("elsewhere", other);
});

/** By group its rows and the sum of its amounts, in one file. */
function groupsOfFile(groups: number): { rows: number; sum: number }[] {
  const found = Array.from({ length: groups }, () => ({ rows: 0, sum: 0 }));
  for (let i = 0; i < FILE_ROWS; ++i) {
    const group = found[i % groups] as { rows: number; sum: number };
    group.rows += 1;
    group.sum += (i * 7) % 1000;
  }
  return found;
}

it("to a grouped total of a billion rows", { timeout: 400_000 }, async () => {
  const GROUPS = 97;
  const sql = `SELECT i % ${GROUPS} AS shop, (i * 7) % 1000 AS amount FROM range(${FILE_ROWS}) t(i)`;
  const file = makeParquet(files, "part", sql);
  walk = new Walk("billion", browser);
  const links = join(walk.folder, "billion");
  mkdirSync(links);
  for (let i = 0; i < BILLION_FILES; ++i) linkSync(file, join(links, `part-${i}.parquet`));
  await walk.serve(links);
  const { page } = walk;
  await walk.click(page.getByRole("link", { name: "billion" }));
  await loaded(page);
  await expect.poll(() => rowCount(page)).toBe(FILE_ROWS * BILLION_FILES);
  await walk.shot("rows");
  await walk.click(cell(page, 0, 0));
  await walk.press("g");
  await walk.choose(page.getByRole("combobox", { name: "Column of the measure" }), "amount");
  // Of fewer rows it may be gone before anybody looks.
  if (BILLION_FILES >= 100) await page.getByRole("progressbar", { name: "Computing groups" }).waitFor();
  await walk.shot("computing");
  const right = groupsOfFile(GROUPS).map(({ rows, sum }, shop) =>
    [shop, rows * BILLION_FILES, sum * BILLION_FILES].map(String),
  );
  const sumOf = (column: number): string => String(right.reduce((all, row) => all + Number(row[column]), 0));
  // On a busy machine it takes minutes.
  const patient = { timeout: 300_000 };
  await expect.poll(() => total(2).textContent(), patient).toBe(sumOf(2));
  expect(await total(1).textContent()).toBe(sumOf(1));
  const byKey = (a: string[], b: string[]): number => Number(a[0]) - Number(b[0]);
  expect((await cellsOf(page)).sort(byKey)).toEqual(right);
  await walk.shot("groups");
});

it("from a view to a link that shows the same elsewhere", async () => {
  const file = makeParquet(files, "orders", ORDERS_SQL);
  walk = new Walk("shared-link", browser);
  await walk.serve(file);
  const { page } = walk;
  await walk.click(page.getByRole("link", { name: "orders" }));
  await loaded(page);
  await walk.click(cell(page, 0, 3), { button: "right" });
  await walk.click(page.getByRole("menuitem", { name: "Filter to Malta" }));
  await expect.poll(() => rowCount(page)).toBe(4000);
  await walk.click(header(page, "amount").locator(".cg-name"));
  await walk.click(header(page, "amount").locator(".cg-name"));
  await expect.poll(() => new URL(page.url()).searchParams.get("sort")).toBe("-amount");
  await walk.click(page.getByRole("button", { name: "Copy this view" }));
  await walk.click(page.getByRole("menuitem", { name: "Copy link" }));
  await page.getByText("Copied", { exact: true }).waitFor({ state: "attached" });
  const link = await clipboard(page);
  await walk.shot("here");
  const here = await cellsOf(page);
  const other = await walk.step(() => walk.open(link));
  expect(await cellsOf(other)).toEqual(here);
  expect(here).toHaveLength(4000);
  await walk.shot("elsewhere", other);
});
