/** What other grids were found to do wrong, a test for each kind. */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { cell, copy, focusOn, grid, header, loaded, rowCount, text } from "./support/pages";
import { OTHER_HOST, type World, makeParquet, makeWorld } from "./support/world";

let world: World;
let page: Page;

const SHRINKS = 200_000;
const TWELVE = Array.from({ length: 12 }, (_, c) => `i * ${c + 1} AS column_${c}`).join(", ");
/** Too long for a statement on a command line. */
const MANY = ["c", ""].map((letter) => Array.from({ length: 16_384 }, (_, c) => `${letter}${c}`).join()).join("\n");
const CITY = "struct_pack(name := 'Valletta', districts := [struct_pack(code := 'A', names := ['x', 'y'])])";

beforeAll(async () => {
  world = await makeWorld((folder) => {
    const many = join(folder, "many.csv");
    writeFileSync(many, `${MANY}\n`);
    return [
      makeParquet(folder, "signs", `SELECT i AS x, -i AS "-x", i * 7 % 10 AS "a,b" FROM range(100) t(i)`),
      makeParquet(
        folder,
        "unseen",
        `SELECT unnest([chr(65279) || 'bom', chr(8203), ' ', '', 'NULL', NULL, 'plain']) AS word, ${CITY} AS city`,
      ),
      makeParquet(folder, "shrinks", `SELECT i AS id FROM range(${SHRINKS}) t(i)`),
      makeParquet(folder, "leaves", "SELECT i AS id FROM range(1000) t(i)"),
      makeParquet(folder, "twelve", `SELECT ${TWELVE} FROM range(1000) t(i)`),
      makeParquet(folder, "many", "SELECT * FROM many", [many]),
    ];
  });
});
afterAll(() => world.end());
afterEach(() => page.close());

async function open(path: string): Promise<void> {
  page = await world.page(path);
  await loaded(page);
}

const search = (name: string): string | null => new URL(page.url()).searchParams.get(name);

describe("names and bytes", () => {
  it("sorts by a column named -x, up and down", async () => {
    await open("/datasets/signs");
    await header(page, "-x").locator(".cg-name").click();
    await loaded(page);
    await expect.poll(() => text(page, 0, 1)).toBe("-99");
    expect(search("sort")).toBe("+-x");
    await header(page, "-x").locator(".cg-name").click();
    await loaded(page);
    await expect.poll(() => text(page, 0, 1)).toBe("0");
    expect(search("sort")).toBe("--x");
    await page.reload();
    await loaded(page);
    await expect.poll(() => text(page, 0, 1)).toBe("0");
  });

  it("profiles a column whose name has a comma", async () => {
    page = await world.page("/datasets/signs?tab=profile");
    const facts = page.getByRole("region", { name: "a,b", exact: true }).locator(".facts");
    await expect.poll(() => facts.textContent()).toContain("Distinct10");
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  it("keeps a leading byte order mark, and marks what cannot be seen", async () => {
    await open("/datasets/unseen");
    const shown = await Promise.all([0, 1, 2, 3, 4, 5, 6].map((row) => text(page, row, 0)));
    expect(shown).toEqual(["[U+FEFF]bom", "[U+200B]", "␠", "", "NULL", "NULL", "plain"]);
    await focusOn(page, 0);
    expect(await copy(page)).toBe("\ufeffbom");
    await cell(page, 0, 0).click({ button: "right" });
    await page.getByRole("menuitem", { name: "Filter to [U+FEFF]bom" }).click();
    await expect.poll(() => rowCount(page)).toBe(1);
    expect(search("filter")).toContain("\ufeffbom");
  });
});

describe("state ends with what it is about", () => {
  it("a selection, when its rows are gone", async () => {
    await open("/datasets/shrinks");
    await grid(page).focus();
    await grid(page).press("End");
    for (let i = 0; i < 4; ++i) await grid(page).press("Shift+ArrowUp");
    await page.getByText("5 × 1 selected").waitFor();
    const file = join(world.folder, "shrinks.parquet");
    renameSync(makeParquet(world.folder, "shorter", "SELECT i AS id FROM range(150000) t(i)"), file);
    await expect.poll(() => rowCount(page)).toBe(150_000);
    await expect.poll(() => page.getByTestId("focus-row").textContent()).toBe("150,000");
    expect(await page.getByText("selected").count()).toBe(0);
    await loaded(page);
    expect(await copy(page)).toBe("149999");
    await page.locator(".status", { hasText: "Copied 1 cell" }).waitFor();
    await page.locator(".dataset-head", { hasText: "150,000 rows" }).waitFor();
  });

  it("an error, when its file is back", async () => {
    await open("/datasets/leaves");
    const file = join(world.folder, "leaves.parquet");
    renameSync(file, `${file}.away`);
    await page.getByRole("alert").waitFor();
    renameSync(`${file}.away`, file);
    await page.getByRole("alert").waitFor({ state: "detached" });
    await loaded(page);
    await expect.poll(() => rowCount(page)).toBe(1000);
    rmSync(file);
    await page.getByRole("alert").waitFor();
    makeParquet(world.folder, "leaves", "SELECT 'new' AS other, i AS id FROM range(500) t(i)");
    await page.getByRole("alert").waitFor({ state: "detached" });
    await loaded(page);
    await expect.poll(() => text(page, 0, 0)).toBe("new");
    await expect.poll(() => rowCount(page)).toBe(500);
  });

  it("the bar, when the order failed", async () => {
    page = await world.context.newPage();
    let fail = (): void => undefined;
    await page.routeWebSocket(/\/api\/v1\/stream/, (socket) => {
      const server = socket.connectToServer();
      let sorted = -1;
      socket.onMessage((message) => {
        const { id, open: spec } = JSON.parse(String(message)) as { id: number; open?: { sort?: unknown } };
        if (spec?.sort) sorted = id;
        server.send(message);
      });
      server.onMessage((message) => {
        const told = typeof message === "string" ? (JSON.parse(message) as { id: number; view?: object }) : null;
        const view = told?.view as { columns?: unknown; rows?: number | null } | undefined;
        if (told?.id !== sorted || !view?.columns || view.rows === null) return socket.send(message);
        socket.send(JSON.stringify({ id: sorted, view: { ...view, state: "building", share: 0.4 } }));
        const error = {
          status: 507,
          code: "MemoryLimit",
          title: "Too little memory",
          detail: "The order takes more.",
        };
        fail = () => socket.send(JSON.stringify({ id: sorted, error }));
      });
    });
    await page.goto(`${world.url}/datasets/orders?sort=-amount`);
    await page.getByText("sorting 40 %").waitFor();
    fail();
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("progressbar").count()).toBe(0);
    expect(await page.getByText(/sorting/).count()).toBe(0);
    expect(await page.locator(".cg-bars").evaluate((bars) => getComputedStyle(bars).display)).toBe("none");
  });

  it("elements and listeners, when their page is left", async () => {
    page = await world.page("/");
    const session = await world.context.newCDPSession(page);
    await session.send("Performance.enable");
    const visit = async (times: number): Promise<void> => {
      for (let i = 0; i < times; ++i) {
        await page.getByRole("link", { name: "orders" }).click();
        await loaded(page);
        await page.getByRole("navigation").getByRole("link", { name: "Datasets" }).click();
        await page.getByRole("heading", { name: "Datasets" }).waitFor();
      }
    };
    const counts = async (): Promise<{ nodes: number; listeners: number }> => {
      await session.send("HeapProfiler.collectGarbage");
      const { metrics } = await session.send("Performance.getMetrics");
      const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? 0;
      return { nodes: of("Nodes"), listeners: of("JSEventListeners") };
    };
    await visit(5);
    const before = await counts();
    await visit(10);
    const after = await counts();
    expect(after.nodes - before.nodes).toBeLessThan(300);
    expect(after.listeners - before.listeners).toBeLessThan(30);
  });
});

describe("copying", () => {
  it("works on pages over plain HTTP from another host", async () => {
    page = await world.context.newPage();
    await page.goto(`http://${OTHER_HOST}:${world.server.port}/datasets/orders`);
    await loaded(page);
    expect(await page.evaluate(() => window.isSecureContext)).toBe(false);
    await focusOn(page, 2);
    await grid(page).press("Shift+ArrowRight");
    await grid(page).press("Shift+ArrowDown");
    await grid(page).press("Control+c");
    await page.locator(".status", { hasText: "Copied 4 cells" }).waitFor();
    await page.getByRole("textbox", { name: "Search all columns" }).focus();
    await page.keyboard.press("Control+v");
    expect(await page.getByRole("textbox", { name: "Search all columns" }).inputValue()).toBe(
      "seller_0\tMalta seller_7\tKenya",
    );
    expect(await grid(page).count()).toBe(1);
    // Statements get tabs with numbers that only a secure context makes.
    await page.goto(`http://${OTHER_HOST}:${world.server.port}/sql`);
    await page.getByRole("button", { name: "New query" }).click();
    await page.getByRole("button", { name: "Query 2", exact: true }).waitFor();
  });

  it("takes 16,384 columns within seconds", async () => {
    await open("/datasets/many");
    await focusOn(page, 0);
    await grid(page).press("Control+a");
    const begun = performance.now();
    const copied = (await copy(page)).split("\t");
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(copied).toHaveLength(16_384);
    expect(copied.at(-1)).toBe("16383");
  });
});

describe("columns within reach", () => {
  const inSight = (name: string): Promise<boolean> =>
    header(page, name).evaluate((element) => {
      const box = element.getBoundingClientRect();
      const { right } = element.closest(".cg-header")!.getBoundingClientRect();
      const over = document.elementFromPoint((Math.max(box.left, 0) + Math.min(box.right, right)) / 2, box.top + 12);
      return element.contains(over);
    });

  it("also where more is pinned than the view holds", async () => {
    const pins = Array.from({ length: 10 }, (_, c) => `column_${c}`).join(",");
    await open(`/datasets/twelve?pin=${pins}`);
    await page.setViewportSize({ width: 1200, height: 700 });
    await grid(page).focus();
    await grid(page).press("Control+End");
    await header(page, "column_11").waitFor();
    for (const name of ["column_9", "column_10", "column_11"]) await expect.poll(() => inSight(name)).toBe(true);
    await page.screenshot({ path: `${process.env.SHOTS ?? world.folder}/pinned.png` });
  });

  it("also where an address asks for 99,999,999 pixels", async () => {
    await open("/datasets/orders?widths=id:99999999,seller:1e999,country:-5");
    const width = await header(page, "id").evaluate((element) => element.getBoundingClientRect().width);
    expect(width).toBe(2000);
  });

  it("a header that is moved by keyboard keeps the keyboard", async () => {
    await open("/datasets/twelve");
    await page.setViewportSize({ width: 900, height: 700 });
    await header(page, "column_0").locator(".cg-name").focus();
    for (let i = 0; i < 11; ++i) {
      await page.keyboard.press("Alt+ArrowRight");
      await expect
        .poll(() => header(page, "column_0").getAttribute("aria-colindex"))
        .toBe(String(Math.min(13, i + 3)));
    }
    const focused = (): Promise<string | null | undefined> =>
      page.evaluate(() => document.activeElement?.querySelector(".cg-label")?.textContent);
    expect(await focused()).toBe("column_0");
    await expect.poll(() => inSight("column_0")).toBe(true);
    // And goes on to its neighbours, in sight or not.
    for (let i = 0; i < 11; ++i) await page.keyboard.press("ArrowLeft");
    await expect.poll(focused).toBe("column_1");
    await expect.poll(() => inSight("column_1")).toBe(true);
    // Scrolled out of sight by the wheel it keeps it too.
    await grid(page).evaluate((element) => (element.scrollLeft = 10_000));
    await expect.poll(() => inSight("column_0")).toBe(true);
    expect(await focused()).toBe("column_1");
  });

  it.each([
    [320, 256],
    [400, 266],
    [740, 360],
  ])("rows too, in a window of %i × %i", async (width, height) => {
    await open("/datasets/orders");
    await page.setViewportSize({ width, height });
    const host = page.locator(".grid-host");
    expect((await host.boundingBox())?.height).toBeGreaterThanOrEqual(200);
    await host.scrollIntoViewIfNeeded();
    await cell(page, 0, 0).scrollIntoViewIfNeeded();
    const at = await cell(page, 0, 0).boundingBox();
    expect(at?.y).toBeGreaterThanOrEqual(0);
    expect(at?.y).toBeLessThan(height - 28);
    await page.screenshot({ path: `${process.env.SHOTS ?? world.folder}/short-${width}.png` });
  });
});

describe("addresses with nonsense", () => {
  it("say that a filter is none, and show no rows as if they were filtered", async () => {
    page = await world.page("/datasets/orders?filter=notjson");
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").textContent()).toContain("not valid JSON");
    expect(await page.locator(".cg-row[aria-rowindex]").count()).toBe(0);
    await page.getByRole("tab", { name: "Quality" }).click();
    await page.getByRole("alert", { name: "" }).waitFor();
    await page.getByRole("tab", { name: "Rows" }).click();
    await page.getByRole("button", { name: "Remove filter" }).click();
    await loaded(page);
    expect(search("filter")).toBeNull();
  });

  it.each(["tab=nope", "row=abc", "row=-5", "widths=,,:::", "hide=nobody", "order=a,,b", "pin=%25", "export="])(
    "%s shows the rows",
    async (query) => {
      await open(`/datasets/orders?${query}`);
      await expect.poll(() => text(page, 0, 0)).toBe("0");
    },
  );

  it("a collection's tab that there is not shows the collection", async () => {
    page = await world.page("/collections/events?tab=nope");
    await page.getByRole("tab", { name: "Overview", selected: true }).waitFor();
    await page.getByText("300").first().waitFor();
  });
});
