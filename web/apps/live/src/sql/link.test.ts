import { expect, it } from "vitest";

import { linkOf, tabOf } from "./link";

const ORIGIN = "http://example.test:8080";

const roundTrip = (link: string | null) => tabOf(Object.fromEntries(new URL(link ?? "").searchParams));

it("brings a query to another browser as it was written", () => {
  const sql = "SELECT 'ä & b=c + 100 %' AS \"#x\"\nFROM orders -- ?";
  const link = linkOf(ORIGIN, { name: "Query 12", sql, parameters: {} }, []);
  expect(roundTrip(link)).toEqual({ sql, parameters: {} });
});

it("brings its name and the values of its parameters", () => {
  const tab = {
    name: "late ones",
    sql: "SELECT * FROM flights WHERE delay > $1",
    parameters: { "1": "60", old: "x" },
  };
  expect(roundTrip(linkOf(ORIGIN, tab, []))).toEqual({ ...tab, parameters: { "1": "60" } });
});

it("brings the views that it names", () => {
  const views = [{ name: "cheap", sql: "SELECT * FROM orders WHERE amount < 5;" }];
  const tab = { name: "Query 1", sql: "SELECT count(*) FROM cheap; SELECT 1", parameters: {} };
  const { sql } = roundTrip(linkOf(ORIGIN, tab, views)) ?? { sql: "" };
  expect(sql).toBe(
    'WITH "cheap" AS (\nSELECT * FROM orders WHERE amount < 5\n) SELECT count(*) FROM cheap;\n\nSELECT 1',
  );
});

it("is none where an address would be too long, and takes nonsense for nothing", () => {
  expect(linkOf(ORIGIN, { name: "Query 1", sql: `SELECT '${"x".repeat(9000)}'`, parameters: {} }, [])).toBeNull();
  expect(tabOf({})).toBeNull();
  expect(tabOf({ sql: "SELECT 1", values: "[1" })).toEqual({ sql: "SELECT 1", parameters: {} });
  expect(tabOf({ sql: "SELECT 1", values: '{"a":1,"b":"2"}' })).toEqual({ sql: "SELECT 1", parameters: { b: "2" } });
});
