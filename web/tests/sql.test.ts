/** The SQL page: several statements in a tab, what of them outlives tabs and reloads, and links to them. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { cell, clipboard, loaded, seriousFindings } from "./support/pages";
import { type World, complaints, makeParquet, makeWorld } from "./support/world";

let world: World;
let page: Page;

beforeAll(async () => {
  world = await makeWorld(undefined, (folder) => [
    makeParquet(folder, "orders", "SELECT i AS id FROM range(50) t(i)"),
  ]);
});
afterAll(() => world.end());
afterEach(() => page.close());

const editor = () => page.getByRole("textbox", { name: "SQL statement" }).filter({ visible: true });
const first = () => cell(page, 0, 0).filter({ visible: true });
const results = () => page.getByRole("group", { name: "Results" }).filter({ visible: true }).getByRole("button");

async function write(sql: string): Promise<void> {
  await editor().click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(sql);
}

describe("several statements", () => {
  const THREE = "SELECT 1 AS one;\nSELECT 'a;b' AS two;\n\nSELECT count(*) AS three FROM orders";

  it("run one by one at the cursor, or as they are selected", async () => {
    page = await world.page("/sql");
    await write(THREE);
    await page.keyboard.press("Control+Enter");
    await expect.poll(() => first().textContent()).toBe("50");
    expect(await page.locator(".cm-statement").textContent()).toContain("three");
    await page.keyboard.press("Control+Home");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Control+Enter");
    await expect.poll(() => first().textContent()).toBe("a;b");
    expect(await results().count()).toBe(0);
    await page.keyboard.press("Control+Home");
    await page.keyboard.press("Shift+Control+End");
    await page.keyboard.press("Control+Enter");
    await expect.poll(() => results().count()).toBe(3);
  });

  it("have a result each, which another tab and a reload leave as they are", async () => {
    page = await world.page("/sql");
    const found = complaints(page);
    await write(THREE);
    await page.keyboard.press("Shift+Control+Enter");
    await expect.poll(() => results().count()).toBe(3);
    await expect.poll(() => first().textContent()).toBe("1");
    await results().nth(1).click();
    await expect.poll(() => first().textContent()).toBe("a;b");
    await results().nth(2).click();
    await expect.poll(() => first().textContent()).toBe("50");
    await page.getByText("chart", { exact: true }).filter({ visible: true }).click();
    await page.locator(".result-chart canvas").waitFor();
    await results().nth(0).click();
    await expect.poll(() => first().textContent()).toBe("1");
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole("button", { name: "New query" }).click();
    await page
      .getByRole("group", { name: "Queries" })
      .getByRole("button", { name: /^Query \d+$/ })
      .nth(-2)
      .click();
    await expect.poll(() => first().textContent()).toBe("1");
    await results().nth(2).click();
    await page.reload();
    await page.locator(".result-chart canvas").waitFor();
    await results().nth(1).click();
    await expect.poll(() => first().textContent()).toBe("a;b");
    expect(found).toEqual([]);
  });

  it("go on after one that fails, whose place is marked", async () => {
    page = await world.page("/sql");
    await write("SELECT 1 AS one;\nSELECT nothing FROM orders;\nSELECT 3 AS three");
    await page.keyboard.press("Shift+Control+Enter");
    await expect.poll(() => results().nth(1).textContent()).toContain("failed");
    await results().nth(2).click();
    await expect.poll(() => first().textContent()).toBe("3");
    expect(await page.locator(".cm-lintRange-error").textContent()).toBe("nothing");
  });

  it("stop where they are cancelled, and leave what is there", async () => {
    page = await world.page("/sql");
    await write("SELECT 1 AS one;\nSELECT count(*) FROM range(9000000000) a(i) WHERE hash(i) % 7 = 1;\nSELECT 3");
    await page.keyboard.press("Shift+Control+Enter");
    await expect.poll(() => results().nth(1).textContent()).toContain("running");
    expect(await results().nth(2).textContent()).toContain("waiting");
    await page.getByRole("button", { name: "Cancel" }).filter({ visible: true }).click();
    await expect.poll(() => results().count()).toBe(0);
    await expect.poll(() => first().textContent()).toBe("1");
  });
});

it("opens a link to a query elsewhere, with its views and parameters, and runs it", async () => {
  page = await world.page("/sql");
  await write("SELECT * FROM orders WHERE id > 40");
  await page.getByRole("button", { name: "Save as view" }).filter({ visible: true }).click();
  await page.getByRole("textbox", { name: "View name" }).fill("late");
  await page.keyboard.press("Enter");
  await page.getByRole("group", { name: "Queries" }).getByText("late").waitFor();
  await page.getByRole("button", { name: "New query" }).click();
  await write("SELECT min(id) AS least FROM late WHERE id <> $1");
  await page.getByLabel("Parameter $1").filter({ visible: true }).fill("41");
  await page.getByRole("button", { name: "Copy link to this query" }).filter({ visible: true }).click();
  await page.getByText("Link copied").filter({ visible: true }).waitFor();
  const link = await clipboard(page);
  // As another browser: without the views.
  await page.evaluate(() => localStorage.clear());
  await page.close();
  page = await world.context.newPage();
  await page.goto(link);
  await loaded(page);
  await expect.poll(() => first().textContent()).toBe("42");
  expect(new URL(page.url()).search).toBe("");
});

it("opens files that are dropped on a page as a collection", async () => {
  page = await world.page("/");
  await page.getByRole("link", { name: "orders" }).waitFor();
  const data = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(['{"id": 1}\n{"id": 2}'], "Orders.json"));
    return transfer;
  });
  await page.locator("main").dispatchEvent("dragover", { dataTransfer: data });
  await page.getByText("Drop to open as a new collection").waitFor();
  await page.locator("main").dispatchEvent("drop", { dataTransfer: data });
  // The name is taken: a dataset is not added to unasked.
  await page.waitForURL(/\/collections\/Orders_2\?tab=add/);
  await page.getByText("2 records saved").waitFor();
  expect(await page.getByText("Drop to open").count()).toBe(0);
});
