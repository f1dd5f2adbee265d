/** The grid on a dataset: reaching rows, order, filters, columns, copying; with mouse and keyboard. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { cell, copy, focusOn, grid, header, loaded, rowCount, text } from "./support/pages";
import { HARD_ROWS } from "./support/hardTable";
import { type World, complaints, makeWorld } from "./support/world";

let world: World;
let page: Page;

beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.end());
afterEach(() => page.close());

const ORDERS = 20_000;

async function open(path: string): Promise<void> {
  page = await world.page(path);
  await loaded(page);
}

describe("rows", () => {
  it("shows the first rows without a complaint of the browser", async () => {
    page = await world.context.newPage();
    const found = complaints(page);
    await page.goto(`${world.url}/datasets/orders`);
    await loaded(page);
    await expect.poll(() => text(page, 0, 0)).toBe("0");
    await expect.poll(() => text(page, 7, 1)).toBe("2021-01-01T00:07:00");
    await expect.poll(() => rowCount(page)).toBe(ORDERS);
    expect(found).toEqual([]);
  });

  it("reaches the last row by End, by its number, and by the scroll bar", async () => {
    await open("/datasets/orders");
    await grid(page).focus();
    await grid(page).press("End");
    await loaded(page);
    await expect.poll(() => text(page, ORDERS - 1, 0)).toBe(String(ORDERS - 1));
    await grid(page).press("Control+Home");
    await loaded(page);
    await grid(page).press("Control+g");
    await page.getByRole("textbox", { name: "Row" }).fill("12346");
    await page.keyboard.press("Enter");
    await loaded(page);
    await expect.poll(() => text(page, 12_345, 0)).toBe("12345");
    await grid(page).evaluate((element) => (element.scrollTop = element.scrollHeight));
    await cell(page, ORDERS - 1, 0).waitFor();
    await loaded(page);
    await expect.poll(() => text(page, ORDERS - 1, 0)).toBe(String(ORDERS - 1));
  });

  it("moves by a few rows at a notch of the wheel", async () => {
    await open("/datasets/orders");
    await cell(page, 5, 0).hover();
    await page.mouse.wheel(0, 100);
    await page.waitForFunction(() => Number(document.querySelector(".cg-scroller")?.scrollTop) === 100);
  });

  it("asks for the rows at which a dragged thumb comes to rest, not for all that it passes", async () => {
    page = await world.context.newPage();
    const asked: string[] = [];
    const held: (string | Buffer)[] = [];
    let holds = false;
    let release = (): void => undefined;
    await page.routeWebSocket(/\/api\/v1\/stream/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((message) => {
        if (String(message).includes('"window"')) asked.push(String(message));
        server.send(message);
      });
      server.onMessage((message) => (holds ? held.push(message) : socket.send(message)));
      release = () => {
        holds = false;
        for (const message of held) socket.send(message);
      };
    });
    await page.goto(`${world.url}/datasets/orders`);
    await loaded(page);
    await page.waitForTimeout(300); // what is read ahead has come
    holds = true;
    asked.length = 0;
    await grid(page).evaluate(async (element) => {
      for (let step = 1; step <= 20; ++step) {
        element.scrollTop = (element.scrollHeight * step) / 20;
        await new Promise(requestAnimationFrame);
      }
      for (let frame = 0; frame < 3; ++frame) await new Promise(requestAnimationFrame);
    });
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.length).toBeLessThan(6);
    release();
    await expect.poll(() => text(page, ORDERS - 1, 0)).toBe(String(ORDERS - 1));
  });

  it("tells NULL from the empty text", async () => {
    await open("/datasets/orders");
    await expect.poll(() => cell(page, 3, 3).getAttribute("class")).toContain("is-null");
    await expect.poll(() => cell(page, 4, 3).getAttribute("class")).toContain("is-empty");
    await expect.poll(() => text(page, 4, 3)).toBe("");
  });
});

describe("order and filters", () => {
  it("sorts by the header, by several with shift, and writes it into the address", async () => {
    await open("/datasets/orders");
    await header(page, "amount").locator(".cg-name").click();
    await header(page, "amount").locator(".cg-name").click();
    await page.waitForURL(/sort=-amount/);
    await loaded(page);
    await expect.poll(() => text(page, 0, 4)).toBe("100.06");
    await header(page, "id")
      .locator(".cg-name")
      .click({ modifiers: ["Shift"] });
    await page.waitForURL(/sort=-amount%2Cid/);
    await expect.poll(() => header(page, "amount").getAttribute("aria-sort")).toBe("descending");
    await page.reload();
    await loaded(page);
    await expect.poll(() => text(page, 0, 4)).toBe("100.06");
  });

  it("filters by a list with counts", async () => {
    await open("/datasets/orders");
    await header(page, "country").locator(".cg-more").click();
    const row = page.locator(".value-row", { hasText: "Kenya" });
    await row.getByRole("checkbox").check();
    await expect.poll(() => row.locator("small").textContent()).toBe("4K");
    await page.getByRole("button", { name: "Show 1 selected" }).click();
    await page.waitForURL(/filter=/);
    await loaded(page);
    await expect.poll(() => rowCount(page)).toBe(ORDERS / 5);
    await expect.poll(() => text(page, 0, 3)).toBe("Kenya");
    await page.getByRole("button", { name: /Remove filter/ }).click();
    await page.waitForFunction((count) => document.querySelector(".status strong")?.textContent === count, "20,000");
  });

  it("filters by a range and by text", async () => {
    const range = { id: { op: "between", value: ["100", "200"] } };
    const text = { seller: { op: "contains", value: "R_7" } };
    await open(`/datasets/orders?filter=${encodeURIComponent(JSON.stringify({ and: [range, text] }))}`);
    await expect.poll(() => rowCount(page)).toBe(2);
    await expect.poll(() => page.locator(".chip").count()).toBe(2);
  });

  it("searches all columns", async () => {
    await open("/datasets/orders");
    await page.getByRole("textbox", { name: "Search all columns" }).fill("SELLER_49");
    await page.waitForURL(/search=SELLER_49/);
    await loaded(page);
    await expect.poll(() => rowCount(page)).toBe(ORDERS / 50);
  });

  it("says so where no row is left, and how to get back", async () => {
    page = await world.page('/datasets/orders?filter={"id":"-5"}');
    await page.getByRole("button", { name: "Remove filters and search" }).click();
    await page.waitForFunction(() => document.querySelector(".status strong")?.textContent === "20,000");
  });

  it("searches for times and numbers as they are displayed", async () => {
    await open("/datasets/hard");
    const search = page.getByRole("textbox", { name: "Search all columns" });
    const times = ["1969-12-31T23:59:59.999999", "2024-03-10T10:30:00Z", "23:59:59.999999"];
    const nested = ['[1,null,"9223372036854775807"]', '{"a":"9007199254740993","b":"x\\"y"}', '{"k":1,"a \\"q\\"":'];
    const shown = [...times, ...nested, "AP+A", "1.1000000000", "-Infinity"];
    for (const text of shown) {
      await search.fill(text);
      await search.press("Enter");
      await expect.poll(() => new URL(page.url()).searchParams.get("search")).toBe(text);
      // The search before has found some rows, too: what stands there until this one's are known is stale.
      const fresh = page.locator('.grid-host:not([data-stale="true"])');
      await expect
        .poll(
          async () => {
            const count = await rowCount(page);
            return (await fresh.count()) === 1 && count > 0 && count < HARD_ROWS;
          },
          { message: text },
        )
        .toBe(true);
    }
  });

  it("finds what is displayed, for every type", async () => {
    await open("/datasets/hard");
    const count = Number(await grid(page).getAttribute("aria-colcount")) - 1;
    expect(count).toBe(19);
    await focusOn(page, 1);
    for (let place = 1; place < count; ++place) {
      const before = await copy(page);
      await grid(page).press("Shift+F10");
      await page.getByRole("menuitem", { name: /^Filter to / }).click();
      await page.waitForURL(/filter=/);
      const found = async (): Promise<boolean> => (await rowCount(page)) > 0 && (await rowCount(page)) < HARD_ROWS;
      await expect.poll(found, { message: `column ${place}: ${before}` }).toBe(true);
      await loaded(page);
      // The focus is in the first row now, in its column still.
      await grid(page).focus();
      expect(await copy(page), `column ${place}`).toBe(before);
      await page.getByRole("button", { name: /Remove filter/ }).click();
      await expect.poll(() => rowCount(page)).toBe(HARD_ROWS);
      await loaded(page);
      await grid(page).focus();
      await grid(page).press("ArrowRight");
    }
  });

  it("joins conditions in groups, and tells them in words", async () => {
    await open("/datasets/orders");
    await page.getByRole("button", { name: "Advanced filters" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Group", exact: true }).click();
    const group = dialog.getByRole("group", { name: "Any of these" });
    await group.getByRole("textbox", { name: "Value of id" }).fill("7");
    await group.getByRole("button", { name: "Condition", exact: true }).click();
    const second = group.locator(".filter-term").nth(1);
    await second.getByRole("combobox", { name: "Comparison of id" }).click();
    await page.getByRole("option", { name: "≥", exact: true }).click();
    await second.getByRole("textbox", { name: "Value of id" }).fill("19998");
    await dialog.getByText("id = 7 or id ≥ 19998").waitFor();
    await dialog.getByRole("button", { name: "Apply" }).click();
    await expect.poll(() => rowCount(page)).toBe(3);
    await page.locator(".chip", { hasText: "id = 7 or id ≥ 19998" }).waitFor();
    await page.getByRole("button", { name: "Advanced filters" }).click();
    await dialog.getByRole("combobox", { name: "Combine conditions" }).first().click();
    await page.getByRole("option", { name: "None of these" }).click();
    await dialog.getByRole("button", { name: "Apply" }).click();
    await expect.poll(() => rowCount(page)).toBe(ORDERS - 3);
    await expect.poll(() => text(page, 7, 0)).toBe("8");
  });
});

describe("columns", () => {
  it("hides, pins and moves them, and keeps that in the address", async () => {
    await open("/datasets/orders");
    await header(page, "amount").locator(".cg-more").click();
    await page.getByRole("button", { name: "Pin to the left" }).click();
    await page.waitForURL(/pin=amount/);
    await header(page, "seller").locator(".cg-more").click();
    await page.getByRole("button", { name: "Hide" }).click();
    await page.waitForURL(/hide=seller/);
    await header(page, "id").locator(".cg-name").focus();
    await page.keyboard.press("Alt+ArrowRight");
    await page.waitForURL(/order=/);
    await page.reload();
    await loaded(page);
    const order = (): Promise<unknown> =>
      page.locator(".cg-head").evaluateAll((heads) =>
        heads
          .map((head) => ({
            at: Number(head.getAttribute("aria-colindex")),
            name: head.querySelector(".cg-label")?.textContent,
          }))
          .sort((a, b) => a.at - b.at)
          .map((head) => head.name),
      );
    await expect.poll(order).toEqual(["amount", "at", "id", "country"]);
  });

  it("resizes with the mouse and with keys", async () => {
    await open("/datasets/orders");
    const width = async (): Promise<number> => (await header(page, "at").boundingBox())?.width ?? 0;
    const before = await width();
    const box = await header(page, "at").locator(".cg-grip").boundingBox();
    if (!box) throw new Error("no grip");
    await page.mouse.move(box.x + 3, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + 63, box.y + 10, { steps: 4 });
    await page.mouse.up();
    await expect.poll(width).toBeCloseTo(before + 60, 0);
    await header(page, "at").locator(".cg-name").focus();
    await page.keyboard.press("Shift+ArrowLeft");
    await page.waitForURL(/widths=/);
    await expect.poll(width).toBeCloseTo(before + 44, 0);
  });

  it("shows 500 columns, a megabyte in a cell, and lists of a thousand", async () => {
    await open("/datasets/wide");
    await grid(page).focus();
    await grid(page).press("Control+ArrowRight");
    await loaded(page);
    await expect.poll(() => text(page, 2, 502)).toBe(String(2 * 500));
    await grid(page).press("Control+Home");
    for (let step = 0; step < 3; ++step) await grid(page).press("ArrowDown");
    await grid(page).press("ArrowRight");
    await grid(page).press("Enter");
    await page.getByText("1,000,000 characters").waitFor();
    await expect.poll(async () => (await page.locator("pre.value").textContent())?.length).toBe(1_000_000);
  });
});

describe("copying", () => {
  it("takes 100,000 cells that were never loaded, exactly", async () => {
    await open("/datasets/orders");
    await grid(page).focus();
    await grid(page).press("Control+a");
    const text = await copy(page);
    const lines = text.split("\n");
    expect(lines).toHaveLength(ORDERS);
    expect(lines[12_345]).toBe("12345\t2021-01-09T13:45:00\tseller_15\tMalta\t64.5");
    expect(lines[3]).toBe("3\t2021-01-01T00:03:00\tseller_21\t\t1.11");
  });

  it("takes a single value bare, and headers when asked", async () => {
    await open("/datasets/hard");
    await grid(page).focus();
    await grid(page).press("Control+Home");
    await grid(page).press("ArrowRight");
    expect(await copy(page)).toBe("9223372036854775807");
    await grid(page).press("Shift+ArrowRight");
    await grid(page).press("Shift+ArrowDown");
    expect(await copy(page, "Control+Shift+c")).toBe(
      "big\tubig\n9223372036854775807\t18446744073709551615\n-9223372036854775808\t0",
    );
  });
});
