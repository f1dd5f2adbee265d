/** Filters from header profiles and facets, rows whole, and views as commands that run. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { clipboard, copy, focusOn, grid, header, loaded, rowCount, seriousFindings, text } from "./support/pages";
import { type World, complaints, makeParquet, makeWorld } from "./support/world";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PYTHON = join(ROOT, ".deps/venv/bin/python");

const TAGGED_SQL = `
  SELECT i AS id, [['red', 'a"b'], ['red', 'blue'], [], NULL, ['blue', 'dark red', 'red']][i % 5 + 1] AS tags,
         [i % 3, 12] AS numbers, {'a': i, 'b': ['x', NULL]} AS record, i % 2 = 0 AS even,
         DATE '2024-01-01' + CAST(i % 100 AS INTEGER) AS day, (i % 1000) / 8.0 AS share
  FROM range(5000) t(i)`;

let world: World;
let page: Page;

beforeAll(async () => {
  world = await makeWorld((folder) => [makeParquet(folder, "tagged", TAGGED_SQL)]);
});
afterAll(() => world.end());
afterEach(() => page.close());

const addressOf = (name: string): string | null => new URL(page.url()).searchParams.get(name);

async function sql(statement: string): Promise<unknown[][]> {
  const response = await fetch(`${world.url}/api/v1/query`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sql: statement, numbers: "plain" }),
  });
  return ((await response.json()) as { rows: unknown[][] }).rows;
}

const counted = async (where: string, dataset = "orders"): Promise<number> =>
  Number((await sql(`SELECT count(*) FROM ${dataset} WHERE ${where}`))[0]?.[0]);

const chips = (): Promise<string[]> => page.locator(".chip > span").allTextContents();

describe("header profiles", () => {
  it("filter by a click on a bar, a drag over several, and Shift adds", async () => {
    page = await world.page("/datasets/tagged");
    await loaded(page);
    const bars = header(page, "id").locator(".brush-area");
    await bars.waitFor();
    const box = (await bars.boundingBox())!;
    const x = (share: number): number => box.x + box.width * share;
    await page.mouse.move(x(0.25), box.y + 10);
    await page.mouse.down();
    await page.mouse.move(x(0.4), box.y + 10, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => addressOf("filter")).not.toBeNull();
    const first = JSON.parse(addressOf("filter")!) as { id: { op: string; value: [string, string] } };
    expect(first.id.op).toBe("between");
    const [from, to] = first.id.value.map(Number) as [number, number];
    expect(from).toBeGreaterThan(900);
    expect(to).toBeLessThan(2300);
    await loaded(page);
    await expect.poll(() => rowCount(page)).toBe(await counted(`id BETWEEN ${from} AND ${to}`, "tagged"));
    // The profile is of these rows now: its first bar is the lowest of them.
    await page.locator(".cg-head .mini-foot", { hasText: "distinct" }).first().waitFor();
    await page.goBack();
    await loaded(page);
    await bars.waitFor();
    await page.mouse.click(x(0.99), box.y + 10);
    await expect.poll(() => addressOf("filter")).toContain("4999");
    await page.goBack();
    await expect.poll(() => addressOf("filter")).toBeNull();
  });

  it("filter to a value", async () => {
    page = await world.page("/datasets/orders");
    await loaded(page);
    const share = header(page, "country").locator(".mini-share").first();
    const name = await share.locator("span").textContent();
    await share.click();
    await expect.poll(chips).toEqual([`country = ${name}`]);
    await loaded(page);
    await expect.poll(() => rowCount(page)).toBe(4000);
  });

  it("are brushed by the keyboard in the column's menu", async () => {
    page = await world.page("/datasets/tagged");
    await loaded(page);
    await focusOn(page, 5);
    await grid(page).press("f");
    const slider = page.getByRole("slider", { name: /^Histogram of day/ });
    await slider.focus();
    await slider.press("ArrowRight");
    await slider.press("Shift+ArrowRight");
    expect(await slider.getAttribute("aria-valuetext")).toMatch(/^2024-01-01 … .*rows$/);
    await slider.press("Enter");
    await expect.poll(() => addressOf("filter")).toContain('"between","value":["2024-01-01"');
    const [from, to] = (JSON.parse(addressOf("filter")!) as { day: { value: string[] } }).day.value;
    await loaded(page);
    await expect.poll(() => rowCount(page)).toBe(await counted(`day BETWEEN '${from}' AND '${to}'`, "tagged"));
    // A second range beside the first.
    await focusOn(page, 5);
    await grid(page).press("f");
    await slider.focus();
    await slider.press("End");
    await slider.press("Shift+Enter");
    await expect.poll(async () => (await chips()).join()).toMatch(/ or /);
  });
});

describe("facets", () => {
  it("have counts under the other filters, and filter, exclude and search", async () => {
    page = await world.page("/datasets/orders");
    const found = complaints(page);
    await loaded(page);
    await page.getByRole("button", { name: "Facets" }).click();
    const facet = page.getByRole("region", { name: "Facet country" });
    await facet.locator(".facet-row", { hasText: "Malta" }).waitFor();
    expect(await facet.locator(".facet-row small").allTextContents()).toEqual(["4K", "4K", "4K", "4K", "4K"]);
    await facet.getByRole("checkbox", { name: /^Malta/ }).click();
    await expect.poll(chips).toEqual(["country = Malta"]);
    await facet.getByRole("checkbox", { name: /^NULL/ }).click();
    await expect.poll(chips).toEqual(["country is Malta or NULL"]);
    await loaded(page);
    await expect.poll(() => rowCount(page)).toBe(8000);
    // Of another column under this filter; a search finds what is not among the first.
    const seller = page.getByRole("region", { name: "Facet seller" });
    await seller.getByRole("textbox", { name: "Search seller" }).fill("seller_4");
    const where = "(country = 'Malta' OR country IS NULL) AND contains(seller, 'seller_4')";
    const wanted = await sql(`SELECT seller FROM orders WHERE ${where} GROUP BY 1 ORDER BY count(*) DESC, 1`);
    await expect
      .poll(() => seller.locator(".value-row > span").allTextContents())
      .toEqual(wanted.map(([name]) => name));
    await seller.getByRole("button", { name: `Exclude ${String(wanted[0]?.[0])}` }).click();
    await expect.poll(chips).toEqual(["country is Malta or NULL", `seller ≠ ${String(wanted[0]?.[0])}`]);
    await loaded(page);
    expect(addressOf("facets")).toContain("country");
    await page.reload();
    await page.getByRole("region", { name: "Facet country" }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    expect(found).toEqual([]);
  });

  it("are of the elements of lists too", async () => {
    page = await world.page("/datasets/tagged?facets=tags,numbers");
    await loaded(page);
    const facet = page.getByRole("region", { name: "Facet tags" });
    await facet.locator(".facet-row").first().waitFor();
    const rows = await facet.locator(".facet-row .value-row").allTextContents();
    expect(rows).toEqual(['"red"3K', '"blue"2K', '"a\\"b"1K', '"dark red"1K']);
    await facet.getByRole("checkbox", { name: /^"blue"/ }).click();
    await expect.poll(chips).toEqual(['tags has "blue"']);
    await loaded(page);
    await expect.poll(() => rowCount(page)).toBe(2000);
    await page.getByRole("region", { name: "Facet numbers" }).getByRole("checkbox", { name: /^2 / }).click();
    await loaded(page);
    await expect
      .poll(() => rowCount(page))
      .toBe(await counted("list_contains(tags, 'blue') AND list_contains(numbers, 2)", "tagged"));
    await facet.getByRole("button", { name: 'Exclude "dark red"' }).click();
    await loaded(page);
    await expect
      .poll(() => rowCount(page))
      .toBe(
        await counted(
          "list_contains(tags, 'blue') AND list_contains(numbers, 2) AND NOT list_contains(tags, 'dark red')",
          "tagged",
        ),
      );
  });
});

describe("a row", () => {
  it("is shown whole, with the next and the one before, and copied as JSON", async () => {
    page = await world.page("/datasets/tagged");
    await loaded(page);
    await focusOn(page, 1);
    await grid(page).press("ArrowDown");
    await grid(page).press("r");
    const dialog = page.getByRole("dialog", { name: "Row details" });
    const fields = dialog.locator(".row-fields");
    await fields.waitFor();
    expect(addressOf("details")).toBe("2");
    await expect.poll(() => fields.locator("dd").first().textContent()).toBe("1");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => fields.locator("dd").first().textContent()).toBe("3");
    await dialog.getByRole("button", { name: "Previous row" }).click();
    await expect.poll(() => fields.locator("dd").first().textContent()).toBe("2");
    expect(await seriousFindings(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Copy as JSON" }).click();
    await dialog.getByRole("button", { name: "Copied" }).waitFor();
    expect(JSON.parse(await clipboard(page))).toEqual({
      id: 2,
      tags: [],
      numbers: [2, 12],
      record: { a: 2, b: ["x", null] },
      even: true,
      day: "2024-01-03",
      share: 2 / 8,
    });
    await page.reload();
    await expect.poll(() => fields.locator("dd").first().textContent()).toBe("2");
    await page.keyboard.press("Escape");
    await expect.poll(() => addressOf("details")).toBeNull();
  });
});

describe("history", () => {
  it("goes through filters, sorts and groups, and not through rows that were looked at", async () => {
    page = await world.page("/datasets/orders");
    await loaded(page);
    await page.locator(".cg-name", { hasText: "amount" }).click();
    await expect.poll(() => addressOf("sort")).toBe("amount");
    await loaded(page);
    await focusOn(page, 3);
    await grid(page).press("Shift+F10");
    await page.getByRole("menuitem", { name: /^Filter to / }).click();
    await expect.poll(() => addressOf("filter")).not.toBeNull();
    await loaded(page);
    await focusOn(page, 2);
    await grid(page).press("r");
    await page.getByRole("dialog", { name: "Row details" }).locator(".row-fields").waitFor();
    await page.keyboard.press("Escape");
    await focusOn(page, 2);
    await grid(page).press("g");
    await expect.poll(() => addressOf("group")).toBe("seller");
    const state = (): (string | null)[] => ["sort", "filter", "group"].map((name) => addressOf(name) && name);
    await page.goBack();
    await expect.poll(state).toEqual(["sort", "filter", null]);
    await page.goBack();
    await expect.poll(state).toEqual(["sort", null, null]);
    await page.goBack();
    await expect.poll(state).toEqual([null, null, null]);
    for (let i = 0; i < 3; ++i) await page.goForward();
    await expect.poll(state).toEqual(["sort", "filter", "group"]);
  });
});

describe("a view as a command", () => {
  const copied = async (item: string): Promise<string> => {
    await page.evaluate(() => navigator.clipboard.writeText("(before the copy)"));
    await page.getByRole("button", { name: "Copy this view" }).click();
    await page.getByRole("menuitem", { name: item }).click();
    await expect.poll(() => clipboard(page)).not.toBe("(before the copy)");
    return clipboard(page);
  };
  const shell = (command: string): string =>
    execFileSync("bash", ["-c", command], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const python = (program: string): unknown => {
    const env = { ...process.env, PYTHONPATH: join(ROOT, "clients/python") };
    // What is printed is Python's own; JSON tells it to this test.
    const text = program.replace(/print\((.*)\)\n$/, "import json\nprint(json.dumps($1, default=str))\n");
    return JSON.parse(execFileSync(PYTHON, ["-c", text], { encoding: "utf8", env }));
  };
  /** The rows of CSV, without its head. */
  const csv = (text: string): string[] => text.trim().split(/\r?\n/).slice(1);

  it("gives the rows: link, curl, Python, SQL", async () => {
    const either = '{"or":[{"country":{"op":"in","value":["Malta",null]}},{"id":"7"}]}';
    const filter = encodeURIComponent(`{"and":[{"amount":{"op":"lt","value":"20.5"}},${either}]}`);
    page = await world.page(`/datasets/orders?filter=${filter}&sort=-amount,id&hide=at&search=seller_1`);
    await loaded(page);
    const rows = await rowCount(page);
    expect(rows).toBeGreaterThan(100);
    await grid(page).focus();
    await grid(page).press("Control+a");
    const shown = (await copy(page)).split("\n");
    expect(await copied("Copy link")).toBe(page.url());
    const fromCurl = csv(shell(await copied("Copy as curl"))).map((line) => line.replaceAll(",", "\t"));
    expect(fromCurl.map((line) => line.replaceAll('""', ""))).toEqual(shown);
    const fromPython = python(await copied("Copy as Python")) as Record<string, unknown>[];
    expect(fromPython.map(({ id }) => String(id))).toEqual(shown.map((line) => line.split("\t")[0]));
    expect(Object.keys(fromPython[0] ?? {})).toEqual(["id", "seller", "country", "amount"]);
    const fromSql = await sql(await copied("Copy as SQL"));
    expect(fromSql.map(([id]) => String(id))).toEqual(shown.map((line) => line.split("\t")[0]));
  });

  it("gives the groups, and a pivot", async () => {
    for (const more of ["", "&pivot=country&top=2"]) {
      page = await world.page(`/datasets/orders?group=at:day,seller&measures=max:amount,distinct:country${more}`);
      await page.getByRole("grid", { name: "Groups of orders" }).waitFor();
      await loaded(page);
      await grid(page).focus();
      await grid(page).press("Control+a");
      const shown = (await copy(page)).split("\n");
      const fromCurl = csv(shell(await copied("Copy as curl")));
      expect(fromCurl.map((line) => line.replaceAll('""', "").replaceAll(",", "\t"))).toEqual(shown);
      const fromPython = python(await copied("Copy as Python")) as Record<string, unknown>[];
      expect(fromPython.map((row) => String(row.Rows))).toEqual(shown.map((line) => line.split("\t")[2]));
      const fromSql = await sql(await copied("Copy as SQL"));
      expect(fromSql.map((row) => Number(row[3]))).toEqual(shown.map((line) => Number(line.split("\t")[3])));
      if (more === "") await page.close();
    }
  });

  it("filters in SQL as the grid does, whatever the type", async () => {
    page = await world.page("/datasets/hard");
    await loaded(page);
    const names = await page.evaluate(async () => {
      const detail = await (await fetch("/api/v1/datasets/hard")).json();
      return (detail as { columns: { name: string }[] }).columns.map(({ name }) => name);
    });
    for (const name of names) {
      await page.goto(`${world.url}/datasets/hard?pin=${name}`);
      await loaded(page);
      const value = await text(page, 1, 0);
      const isMarked = /NULL|empty|[↵⇥␠]/.test(value);
      if (isMarked) continue;
      for (const op of ["eq", "ne", "ge"]) {
        const filter = JSON.stringify({ [name]: { op, value } });
        const answer = await fetch(`${world.url}/api/v1/datasets/hard/aggregate`, {
          method: "POST",
          body: JSON.stringify({ measures: ["count"], filter: JSON.parse(filter), numbers: "plain" }),
        });
        if (!answer.ok) continue;
        const [[count] = []] = ((await answer.json()) as { rows: number[][] }).rows;
        await page.goto(`${world.url}/datasets/hard?pin=${name}&filter=${encodeURIComponent(filter)}`);
        if (count) await loaded(page);
        else await page.getByText("No matching rows").waitFor();
        const rows = await sql(await copied("Copy as SQL"));
        expect(rows.length, `${name} ${op} ${value}`).toBe(count);
      }
    }
  });
});
