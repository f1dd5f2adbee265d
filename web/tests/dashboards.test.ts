/** Dashboards of a marketplace: numbers against SQL, filters, periods, files, and what axe finds. */
import { readFileSync } from "node:fs";
import type { Download, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { rowCount, seriousFindings } from "./support/pages";
import { type World, complaints, makeMarketplace, makeWorld } from "./support/world";

let world: World;
let page: Page;

const NAME = "shop";
const YAML = `title: Shop
metrics:
  source: orders
  time: created_at
  timezone: Europe/Berlin
  dimensions:
    - country
    - category
    - {name: hour, part: hour}
    - {name: weekday, part: weekday}
    - {name: price, column: unit_price, bins: [0, 20, 50, 100, 1000]}
  measures:
    - {name: revenue, agg: sum, of: amount, format: currency, currency: EUR, scale: 2}
    - {name: orders, agg: count}
    - {name: paid, agg: count, of: paid_at}
period: {from: 2025-01-01, to: 2025-04-01}
compare: previous_period
filters: [country, category]
tiles:
  - {type: card, measure: revenue, width: 6}
  - {type: card, measure: orders, width: 6}
  - {type: line, measure: revenue, grain: day, title: Revenue by day}
  - {type: table, measures: [revenue, orders], by: category, limit: 5, width: 6}
  - {type: bar, measure: orders, by: country, limit: 10, width: 6}
  - {type: heatmap, measure: orders, x: hour, y: weekday, width: 6}
  - {type: histogram, measure: orders, by: price, width: 6}
  - {type: funnel, measures: [orders, paid], width: 6}
  - {type: pivot, measure: revenue, rows: category, columns: country, width: 6}
  - {type: text, text: "Amounts are *before* refunds."}
`;
/** The period in UTC: Berlin is an hour ahead at its beginning, and two at its end. */
const FROM = "TIMESTAMP '2024-12-31 23:00:00'";
const TO = "TIMESTAMP '2025-03-31 22:00:00'";
/** When the clocks of Berlin are put forward. */
const SUMMER = "TIMESTAMP '2025-03-30 01:00:00'";
const WITHIN = `created_at >= ${FROM} AND created_at < ${TO}`;
const PATH = `/dashboards/${NAME}`;

beforeAll(async () => {
  world = await makeWorld(
    (folder) => makeMarketplace(folder, 20_000),
    () => [],
  );
  await put(NAME, YAML);
});
afterAll(() => world.end());
afterEach(() => page.close());

async function put(name: string, yaml: string): Promise<void> {
  const response = await fetch(`${world.url}/api/v1/dashboards/${name}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ yaml }),
  });
  if (!response.ok) throw new Error(await response.text());
}

async function sql(statement: string): Promise<string[][]> {
  const response = await fetch(`${world.url}/api/v1/query?format=csv`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sql: statement }),
  });
  if (!response.ok) throw new Error(await response.text());
  const [, ...lines] = (await response.text()).trim().split(/\r?\n/);
  return lines.map((line) => line.split(","));
}

const euro = (digits: string): string =>
  new Intl.NumberFormat("en", { style: "currency", currency: "EUR" }).format(digits as `${number}`);
const count = (digits: string): string => Number(digits).toLocaleString("en");

const tile = (title: string): Locator =>
  page.locator(".dash-tile").and(page.getByRole("group", { name: title, exact: true }));
const chart = (title: string): Locator => tile(title).locator('[aria-roledescription="chart"]');
/** The figure of a card in full, which its title has. */
const figure = (title: string): Locator => tile(title).locator(".chart-card-figure");

async function expectFigure(title: string, text: string): Promise<void> {
  await expect.poll(() => figure(title).getAttribute("title")).toBe(text);
}

async function chosen(title: string, entry: string): Promise<Download> {
  await tile(title)
    .getByRole("button", { name: `${title}: options` })
    .click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: entry }).click(),
  ]);
  return download;
}

describe("numbers", () => {
  it("are those of SQL, to the cent", async () => {
    page = await world.page(PATH);
    const found = complaints(page);
    const [[revenue = "", orders = ""] = []] = await sql(`SELECT sum(amount), count(*) FROM orders WHERE ${WITHIN}`);
    await expectFigure("Revenue", euro(revenue));
    await expectFigure("Orders", count(orders));
    const rows = await sql(
      `SELECT category, sum(amount) AS revenue, count(*) FROM orders WHERE ${WITHIN}
       GROUP BY ALL ORDER BY revenue DESC LIMIT 5`,
    );
    const cells = tile("Revenue, Orders by category").locator("tbody tr");
    await expect.poll(() => cells.count()).toBe(5);
    for (const [at, [category = "", sum = "", number = ""]] of rows.entries()) {
      const text = await cells.nth(at).textContent();
      expect(text).toContain(category);
      expect(text).toContain(euro(sum));
      expect(text).toContain(count(number));
    }
    expect(found).toEqual([]);
  });

  it("of a line are a CSV with every day of the time zone", async () => {
    page = await world.page(PATH);
    await chart("Revenue by day").waitFor();
    const download = await chosen("Revenue by day", "Download as CSV");
    expect(download.suggestedFilename()).toBe("revenue-by-day.csv");
    const lines = readFileSync(await download.path(), "utf8")
      .replace("\ufeff", "")
      .trim()
      .split("\r\n");
    expect(lines).toHaveLength(91);
    const byDay = await sql(
      `SELECT (created_at + INTERVAL 1 HOUR * (CASE WHEN created_at < ${SUMMER} THEN 1 ELSE 2 END))::DATE AS day,
              sum(amount)
       FROM orders WHERE ${WITHIN} GROUP BY ALL ORDER BY day`,
    );
    const own = lines.slice(1).map((line) => line.split(",").slice(0, 2));
    expect(own.filter(([, sum]) => sum !== "0")).toEqual(byDay);
  });

  it("of a chart are a picture", async () => {
    page = await world.page(PATH);
    await chart("Revenue by day").waitFor();
    const bytes = readFileSync(await (await chosen("Revenue by day", "Download as PNG")).path());
    expect(bytes.subarray(1, 4).toString()).toBe("PNG");
    expect(bytes.length).toBeGreaterThan(5000);
  });

  it("lead to the rows behind them", async () => {
    page = await world.page(`${PATH}?filter=${encodeURIComponent('{"country":["DE"]}')}`);
    await figure("Orders").getByRole("button").waitFor();
    const text = await figure("Orders").textContent();
    await figure("Orders").getByRole("button").click();
    await page.waitForURL(/\/datasets\/orders\?filter=/);
    await expect.poll(async () => (await rowCount(page)).toLocaleString("en")).toBe(text);
  });
});

describe("a filter", () => {
  const DE = "country = 'DE'";

  it("is set by a click, stands in the address, and is taken back by the same click", async () => {
    page = await world.page(PATH);
    const bars = chart("Orders by country");
    await bars.focus();
    await page.keyboard.press("Home");
    const spoken = await bars.getByRole("status").textContent();
    const country = (spoken ?? "").split(",")[0] ?? "";
    await page.keyboard.press("Enter");
    await page.waitForURL(/filter=/);
    const [[revenue = ""] = []] = await sql(
      `SELECT sum(amount) FROM orders WHERE ${WITHIN} AND country = '${country}'`,
    );
    await expectFigure("Revenue", euro(revenue));
    await page.reload();
    await expectFigure("Revenue", euro(revenue));
    await page.goBack();
    const [[all = ""] = []] = await sql(`SELECT sum(amount) FROM orders WHERE ${WITHIN}`);
    await expectFigure("Revenue", euro(all));
  });

  it("is chosen from values that are found by their text", async () => {
    page = await world.page(PATH);
    await page.getByRole("button", { name: "Country", exact: true }).click();
    await page.getByRole("searchbox", { name: "Find country" }).fill("DE");
    await page.getByRole("checkbox", { name: /^DE/ }).check();
    await page.keyboard.press("Escape");
    const [[revenue = ""] = []] = await sql(`SELECT sum(amount) FROM orders WHERE ${WITHIN} AND ${DE}`);
    await expectFigure("Revenue", euro(revenue));
    await page.getByRole("button", { name: "Remove filter Country: DE" }).click();
    await page.waitForURL((url) => !url.searchParams.has("filter"));
  });

  it("does not ask for what did not change", async () => {
    page = await world.page(PATH);
    await figure("Orders").waitFor();
    await chart("Orders to paid").waitFor();
    const [request] = await Promise.all([
      page.waitForRequest(/dashboards\/query/),
      page.getByRole("button", { name: "Refresh" }).click(),
    ]);
    const { known } = request.postDataJSON() as { known: string[] };
    expect(known.length).toBeGreaterThan(3);
    const answers = (await (await request.response())?.json()) as { tiles: { answer?: object; key?: string }[] };
    expect(answers.tiles.length).toBeGreaterThan(3);
    expect(answers.tiles.filter(({ answer }) => answer !== undefined)).toEqual([]);
    expect(await figure("Orders").textContent()).toMatch(/\d/);
  });
});

describe("a period", () => {
  it("is chosen from a list, and by days", async () => {
    page = await world.page(PATH);
    await page.getByRole("button", { name: /^Period/ }).click();
    await page.getByLabel("From", { exact: true }).fill("2025-02-01");
    await page.getByLabel("To", { exact: true }).fill("2025-02-28");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.waitForURL(/period=2025-02-01\.\.2025-03-01/);
    const [[orders = ""] = []] = await sql(
      `SELECT count(*) FROM orders
       WHERE created_at >= TIMESTAMP '2025-01-31 23:00:00' AND created_at < TIMESTAMP '2025-02-28 23:00:00'`,
    );
    await expectFigure("Orders", count(orders));
    await page.getByRole("button", { name: /^Period/ }).click();
    await page.getByRole("button", { name: "All time" }).click();
    await expectFigure("Orders", "20,000");
  });

  it("is marked in a chart by keyboard and by pointer", async () => {
    page = await world.page(PATH);
    const line = chart("Revenue by day");
    await line.focus();
    await page.keyboard.press("Home");
    await expect.poll(() => line.getByRole("status").textContent()).toContain("Wed, 1 Jan 2025");
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Enter");
    await page.waitForURL(/period=2025-01-01\.\.2025-01-03/);
    await page.goBack();
    await page.waitForURL((url) => !url.searchParams.has("period"));
    await expect.poll(() => tile("Revenue by day").getAttribute("aria-busy")).toBe("false");
    const box = await line.locator("svg").boundingBox();
    if (!box) throw new Error("no chart");
    await page.mouse.move(box.x + box.width * 0.3, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/period=2025-0/);
  });

  it("is compared with the one before", async () => {
    page = await world.page(PATH);
    const [[before = ""] = []] = await sql(
      `SELECT count(*) FROM orders
       WHERE created_at >= TIMESTAMP '2024-09-30 22:00:00' AND created_at < ${FROM}`,
    );
    await expect.poll(() => tile("Orders").textContent()).toContain(`from ${count(before)}, previous period`);
    await page.getByRole("combobox", { name: "Compare with" }).selectOption("none");
    await expect.poll(() => tile("Orders").textContent()).not.toContain("from ");
  });
});

it("a table is sorted and turned by pages", async () => {
  page = await world.page(PATH);
  const table = tile("Revenue, Orders by category");
  await table.getByRole("button", { name: "Next" }).click();
  await expect.poll(() => table.locator("tbody tr td").first().textContent()).toBe("6");
  await table.getByRole("button", { name: "Category", exact: true }).click();
  await expect.poll(() => table.locator("th[aria-sort]").getAttribute("aria-sort")).toBe("ascending");
  const [[first = ""] = []] = await sql(`SELECT min(category) FROM orders WHERE ${WITHIN}`);
  await expect.poll(() => table.locator("tbody th").first().textContent()).toBe(first);
});

describe("a file", () => {
  async function write(from: string, to: string): Promise<void> {
    const text = await page.locator(".cm-content").evaluate((node) => (node as HTMLElement).innerText);
    await page.locator(".cm-content").focus();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(text.replace(from, to));
  }

  it("is checked where it is wrong, shown while it is typed, and saved", async () => {
    await put("edited", YAML);
    page = await world.page("/dashboards/edited?edit=1");
    await page.locator(".cm-content", { hasText: "title" }).waitFor();
    await write("of: amount", "of: amuont");
    const problem = page.getByRole("list", { name: "Problems" }).getByRole("button").first();
    await expect.poll(() => problem.textContent()).toMatch(/^13:\d+.*amount/);
    await page.locator(".cm-lintRange-error").first().waitFor();
    expect(await page.getByRole("button", { name: "Save", exact: true }).isDisabled()).toBe(true);
    await write("of: amuont", "of: fee");
    const [[fees = ""] = []] = await sql(`SELECT sum(fee) FROM orders WHERE ${WITHIN}`);
    await expectFigure("Revenue", euro(fees));
    await page.keyboard.press("Control+s");
    await page.getByRole("status").getByText("Saved").waitFor();
    await page.reload();
    await page.locator(".cm-content", { hasText: "fee" }).waitFor();
  });

  it("that someone else saved meanwhile is not overwritten", async () => {
    await put("shared", YAML);
    page = await world.page("/dashboards/shared?edit=1");
    await page.locator(".cm-content", { hasText: "title" }).waitFor();
    await put("shared", YAML.replace("title: Shop", "title: Theirs"));
    await write("title: Shop", "title: Mine");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("changed by someone else").waitFor();
    const { title } = (await (await fetch(`${world.url}/api/v1/dashboards/shared`)).json()) as { title: string };
    expect(title).toBe("Theirs");
  });

  it("is duplicated and deleted", async () => {
    page = await world.page("/dashboards");
    const row = page
      .getByRole("row")
      .filter({ has: page.getByRole("link", { name: "Shop", exact: true }) })
      .first();
    await row.getByRole("button", { name: "Actions of Shop" }).click();
    await page.getByRole("menuitem", { name: "Duplicate" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("copied");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await page.waitForURL(/\/dashboards\/copied/);
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.waitForURL(/\/dashboards$/);
    expect((await fetch(`${world.url}/api/v1/dashboards/copied`)).status).toBe(404);
  });
});

describe("Explore", () => {
  it("shows a dataset that nobody wrote a dashboard of, and saves it as one", async () => {
    page = await world.page("/datasets/orders?tab=explore");
    const found = complaints(page);
    await page.locator(".chart-card-figure").first().waitFor();
    await page.getByRole("group", { name: "Pivot" }).locator("tbody td").first().waitFor();
    await page.getByRole("button", { name: "Save as dashboard" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("explored");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await page.waitForURL(/\/dashboards\/explored/);
    await page.locator(".chart-card-figure").first().waitFor();
    expect(found).toEqual([]);
  });
});

describe("axe finds nothing serious", () => {
  const pages = ["/dashboards", PATH, `${PATH}?edit=1`, "/datasets/orders?tab=explore"];
  for (const scheme of ["light", "dark"] as const) {
    for (const [width, height] of [
      [1440, 900],
      [390, 844],
    ] as const) {
      it.each(pages)(`on %s, ${scheme}, ${width} pixels wide`, async (path) => {
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

  it("on any dashboard of the program, and none of its tiles fails", async () => {
    const { dashboards } = (await (await fetch(`${world.url}/api/v1/dashboards`)).json()) as {
      dashboards: { name: string; origin: string }[];
    };
    const own = dashboards.filter(({ origin }) => origin === "program");
    expect(own.length).toBeGreaterThanOrEqual(13);
    page = await world.context.newPage();
    const found = complaints(page);
    for (const { name } of own) {
      await page.goto(`${world.url}/dashboards/${name}`);
      await page.waitForLoadState("networkidle");
      await expect.poll(() => page.locator(".dash-waiting").count(), { message: name }).toBe(0);
      expect(await page.locator(".dash-problem").allTextContents(), name).toEqual([]);
      expect(await seriousFindings(page), name).toEqual([]);
    }
    expect(found).toEqual([]);
  });
});
