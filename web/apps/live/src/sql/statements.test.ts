import { expect, it } from "vitest";

import { statementAt, statementsIn } from "./statements";

const texts = (text: string): string[] => statementsIn(text).map(({ sql }) => sql);

it("finds statements between semicolons", () => {
  expect(statementsIn("SELECT 1;\n\n SELECT 2 ;")).toEqual([
    { sql: "SELECT 1", from: 0 },
    { sql: "SELECT 2", from: 12 },
  ]);
  expect(texts("SELECT 1")).toEqual(["SELECT 1"]);
  expect(texts(" ;; -- nothing\n; /* ; */")).toEqual([]);
});

it("leaves semicolons of texts, names and comments alone", () => {
  for (const one of [
    "SELECT ';'",
    "SELECT 'it''s; here'",
    String.raw`SELECT E'\';' AS x`,
    'SELECT 1 AS ";"',
    "SELECT $$ ; $$",
    "SELECT $a$ ; $$ ; $a$",
    "-- first; second\nSELECT 1",
    "SELECT 1 /* ;\n; */ + 1",
    "SELECT 'not; closed",
    "SELECT $$ not; closed",
    "SELECT 1 /* not; closed",
    "SELECT $1 + $2",
  ]) {
    expect(texts(`${one}`), one).toEqual([one]);
  }
  expect(texts("SELECT $1; SELECT $2")).toEqual(["SELECT $1", "SELECT $2"]);
  expect(texts("SELECT lines'a'\n;SELECT 'b\n;c'")).toEqual(["SELECT lines'a'", "SELECT 'b\n;c'"]);
});

it("finds the statement at the cursor", () => {
  const text = "SELECT 1;  \nSELECT 2;\n-- and\nSELECT 3";
  const at = (place: number): string | undefined => statementAt(text, place)?.sql;
  expect(at(0)).toBe("SELECT 1");
  expect(at(9)).toBe("SELECT 1");
  expect(at(11)).toBe("SELECT 1");
  expect(at(12)).toBe("SELECT 2");
  expect(at(text.indexOf("-- and"))).toBe("-- and\nSELECT 3");
  expect(at(text.length)).toBe("-- and\nSELECT 3");
  expect(statementAt("SELECT 1;\n\n", 11)?.sql).toBe("SELECT 1");
  expect(statementAt("  ", 1)).toBeNull();
});
