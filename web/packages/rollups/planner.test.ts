import { describe, expect, it } from "vitest";

import type { Answer } from "@canvasback/dashboards/source";
import { choose, tiles } from "./choose";
import type { SitePage } from "./contract";
import { parseDay } from "./days";
import { needsOf } from "./measures";
import { type Order, type PageOptions, answersTo, pageOf, plannerOf, question, read } from "./testSupport";

const order = (day: string, country: string | null, amount: bigint | null, more: Partial<Order> = {}): Order => ({
  day,
  country,
  status: "paid",
  amount,
  customer: 1,
  ...more,
});

const ORDERS = [
  order("2025-01-30", "DE", 29n),
  order("2025-01-30", "FR", 115n, { customer: 2 }),
  order("2025-01-31", "DE", -1n, { customer: 3 }),
  order("2025-02-01", "DE", 9007199254740993n, { customer: 2, status: "refunded" }),
  order("2025-02-02", null, 1000n, { customer: 3 }),
  order("2025-02-03", "US", null, { customer: 4 }),
];

const EVERYTHING: PageOptions["parts"] = [
  {},
  { dimensions: ["country"] },
  { dimensions: ["country", "status"], grain: "month" },
  { kind: "distinct" },
  { kind: "distinct", dimensions: ["country"] },
];

const page = (tile: object, more: Partial<PageOptions> = {}): SitePage =>
  pageOf({ orders: ORDERS, parts: EVERYTHING, tiles: [tile], ...more });

async function answer(tile: object, asked = question(), more: Partial<PageOptions> = {}): Promise<Answer> {
  const { tiles: found } = await answersTo(page(tile, more), asked);
  if (!found[0]?.answer) throw new Error(JSON.stringify(found[0]?.error));
  return found[0].answer;
}

const rows = async (tile: object, asked = question(), more: Partial<PageOptions> = {}) =>
  (await answer(tile, asked, more)).rows;
const card = (measure: string) => ({ type: "card", measure, spark: false });

describe("held values", () => {
  it("a sum is exact to the last digit", async () => {
    const few = ORDERS.filter(({ amount }) => amount !== 1000n);
    expect(await rows(card("revenue"), question(), { orders: few })).toEqual([["90071992547411.36"]]);
  });

  it("buyers of two days are counted once", async () => {
    const orders = [1, 2, 3].map((customer) => order("2025-01-01", "DE", 1n, { customer }));
    orders.push(...[2, 3, 4].map((customer) => order("2025-01-02", "DE", 1n, { customer })));
    const found = await answer(card("buyers"), question(), { orders });
    expect(found.rows).toEqual([[4]]);
    expect(found.columns[0]).toMatchObject({ exact: false, error: 0.0163 });
  });

  it("an average is a sum by a count", async () => {
    const orders = [10_000n, 1000n, 1000n, 1000n].map((amount, at) =>
      order(`2025-01-0${at < 1 ? 1 : 2}`, "DE", amount),
    );
    expect(await rows(card("average"), question(), { orders })).toEqual([[32.5]]);
  });
});

describe("a period", () => {
  it("is that of the data's last day, with the one before", async () => {
    const { models, tiles: found } = await answersTo(
      page({ ...card("orders"), compare: "previous_period" }),
      question({ period: "last_2_days" }),
    );
    expect(models).toEqual([
      {
        name: "", dataset: "orders", timezone: "UTC", newest: "2025-02-03T12:00:00Z",
        period: { from: "2025-02-02", to: "2025-02-04" }, compare: { from: "2025-01-31", to: "2025-02-02" },
      },
    ]); // prettier-ignore
    expect(found[0]?.answer?.rows).toEqual([[2, 2]]);
  });

  it("without rows has a count of zero and no sum", async () => {
    const asked = question({ period: { from: "2020-01-01", to: "2020-02-01" } });
    expect(await rows({ type: "funnel", measures: ["orders", "revenue", "average", "buyers"] }, asked)).toEqual([
      [0, null, null, 0],
    ]);
    const empty = await answer({ type: "table", measures: ["orders"], by: "country" }, asked);
    expect(empty).toMatchObject({ rows: [], groups: 0, total: [0] });
  });

  it("has weeks that begin as the model says", async () => {
    const weeks = async (weekStart: "monday" | "sunday" | "saturday") =>
      rows({ type: "line", measure: "orders", grain: "week" }, question(), { weekStart });
    expect(await weeks("monday")).toEqual([["2025-01-27", 5], ["2025-02-03", 1]]); // prettier-ignore
    expect(await weeks("sunday")).toEqual([["2025-01-26", 4], ["2025-02-02", 2]]); // prettier-ignore
    expect(await weeks("saturday")).toEqual([["2025-01-25", 3], ["2025-02-01", 3]]); // prettier-ignore
  });
});

describe("a table", () => {
  const tile = { type: "table", measures: ["revenue", "orders"], by: "country" };

  it("is ordered by its first measure, nulls last, with a total", async () => {
    expect(await answer(tile)).toMatchObject({
      rows: [["DE", "90071992547410.21", 3], [null, "10.00", 1], ["FR", "1.15", 1], ["US", null, 1]],
      total: ["90071992547421.36", 6],
      groups: 4,
    }); // prettier-ignore
  });

  it("is sorted, cut and searched; ties are in the order of values", async () => {
    const change = (more: object) => question({ tiles: [{ tile: 0, ...more }] });
    const names = async (more: object) => (await rows(tile, change(more))).map(([name]) => name);
    expect(await names({ sort: "-orders" })).toEqual(["DE", "FR", "US", null]);
    expect(await names({ sort: "country" })).toEqual(["DE", "FR", "US", null]);
    expect(await names({ sort: "-country" })).toEqual(["US", "FR", "DE", null]);
    expect(await names({ sort: "revenue", limit: 2, offset: 1 })).toEqual([null, "DE"]);
    const found = await answer(tile, change({ search: "d" }));
    expect([found.rows.map(([name]) => name), found.groups, found.total]).toEqual([
      ["DE"],
      1,
      ["90071992547421.36", 6],
    ]);
  });

  it("has what is beyond a dimension's top as one, and groups that only the other period has in none", async () => {
    const dimensions = [{ name: "country", top: 2 }, "status"];
    const asked = question({ period: "last_3_days", compare: "previous_period" });
    const found = await answer({ ...tile, measures: ["orders"] }, asked, { dimensions });
    expect(found.rows).toEqual([["DE", 1, 2], ["US", 1, 0]]); // prettier-ignore
    expect(found.other).toEqual([[null, 1, 1]]);
    expect(found.groups).toBe(3);
    expect(found.total).toEqual([3, 3]);
  });
});

describe("a chart", () => {
  it("has its top series, and the others together", async () => {
    const found = await answer({ type: "line", measure: "orders", by: "country", grain: "month", limit: 1 });
    expect(found.rows).toEqual([["2025-01-01", "DE", 2], ["2025-02-01", "DE", 1]]); // prettier-ignore
    expect(found.other).toEqual([["2025-01-01", null, 1], ["2025-02-01", null, 2]]); // prettier-ignore
  });

  it("has the other period beside it, with times of that one", async () => {
    const tile = { type: "line", measure: "orders", grain: "day", compare: "previous_period" };
    const found = await answer(tile, question({ period: "last_2_days" }));
    expect(found.rows).toEqual([["2025-02-02", 1], ["2025-02-03", 1]]); // prettier-ignore
    expect(found.compare).toEqual([["2025-01-31", 1], ["2025-02-01", 1]]); // prettier-ignore
  });

  it("of a card is as long as the period", async () => {
    const found = await answer({ type: "card", measure: "orders" }, question({ period: "last_2_days" }));
    expect(found.spark).toEqual({ grain: "day", rows: [["2025-02-02", 1], ["2025-02-03", 1]] }); // prettier-ignore
  });
});

describe("filters", () => {
  it("are of any value, of none of some, and of null", async () => {
    const orders = async (filter: never) =>
      (await rows(card("orders"), question({ filters: { country: filter } })))[0]?.[0];
    expect(await orders(["DE", null] as never)).toBe(4);
    expect(await orders({ not: ["DE"] } as never)).toBe(3);
    expect(await orders({ not: [null] } as never)).toBe(5);
    expect(await orders({ from: "E", to: "US" } as never)).toBe(1);
  });

  it("that the metrics do not have are named", async () => {
    const found = await answer(card("orders"), question({ filters: { planet: ["Mars"] } }));
    expect(found.unused_filters).toEqual(["planet"]);
  });
});

describe("what the site does not have", () => {
  it("is an error that says what it has, never a number", async () => {
    const tile = { type: "table", measures: ["orders"], by: "country" };
    const asked = question({ period: "last_2_days", filters: { status: ["paid"] } });
    const { tiles: found } = await answersTo(page(tile), asked);
    expect(found[0]?.answer).toBeUndefined();
    expect(found[0]?.error).toMatchObject({ isUnavailable: true });
    expect(found[0]?.error?.detail).toMatch(
      /country and status.*over its budget.*There is: .*whole months.*fewer filters/,
    );
    const whole = question({ period: "this_month", filters: { status: ["paid"] } });
    expect(await rows(tile, whole)).toEqual([["US", 1], [null, 1]]); // prettier-ignore
  });

  it("is said of one tile, not of the others", async () => {
    const both = pageOf({ orders: ORDERS, parts: [{}], tiles: [card("orders"), card("buyers")] });
    const { tiles: found } = await answersTo(both, question({ tiles: [0, 1] }));
    expect(found.map(({ answer: of, error }) => [of?.rows, error?.isUnavailable])).toEqual([
      [[[6]], undefined],
      [undefined, true],
    ]);
  });
});

describe("rollups", () => {
  it("are the smallest that have it", async () => {
    read.length = 0;
    const made = page(card("orders"));
    await plannerOf(made).ask(question(), new AbortController().signal);
    expect(read).toEqual([made.models[0]!.rollups[0]!.file]);
  });

  it("tile days exactly, or are not used", () => {
    const { models } = page(card("orders"), {
      parts: [{ grain: "month" }, { grain: "none" }, { from: "2025-02-01" }],
    });
    const [monthly, whole, late] = models[0]!.rollups;
    const fits = (rollup: typeof monthly, from: string, to: string, grain: string | null = null): boolean =>
      tiles(rollup!, models[0]!, { grain, days: { from: parseDay(from)!, to: parseDay(to)! } });
    // The data begins on 30 January and ends on 3 February: no rows are missing from these months.
    expect(fits(monthly, "2025-01-30", "2025-02-01")).toBe(true);
    expect(fits(monthly, "2025-01-31", "2025-02-01")).toBe(false);
    expect(fits(monthly, "2025-02-01", "2025-02-04", "month")).toBe(true);
    expect(fits(monthly, "2025-02-01", "2025-02-03")).toBe(false);
    expect(fits(monthly, "2025-01-30", "2025-02-04", "week")).toBe(false);
    expect(fits(whole, "2025-01-30", "2025-02-04")).toBe(true);
    expect(fits(whole, "2025-01-30", "2025-02-03")).toBe(false);
    expect(fits(late, "2025-02-01", "2025-02-04", "day")).toBe(true);
    expect(fits(late, "2025-01-31", "2025-02-04")).toBe(false);
  });

  it("are put together where none has all leaves", () => {
    const { models } = page(card("orders"), { parts: [{ leaves: [0] }, { leaves: [1] }] });
    const days = { from: parseDay("2025-01-30")!, to: parseDay("2025-02-04")! };
    const asked = { dimensions: [], grain: null, days, needs: needsOf(models[0]!, ["per_order"]) };
    expect(choose(models[0]!, asked, ({ bytes }) => bytes)?.map(({ leaves }) => leaves)).toEqual([[0], [1]]);
  });
});

it("a tile whose answer is known comes without it", async () => {
  const planner = plannerOf(page(card("orders")));
  const { signal } = new AbortController();
  const { tiles: found } = await planner.ask(question(), signal);
  const again = await planner.ask(question({ known: [found[0]!.key!] }), signal);
  expect(again.tiles).toEqual([{ tile: 0, key: found[0]!.key }]);
});
