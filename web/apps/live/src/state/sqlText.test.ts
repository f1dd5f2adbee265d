import { describe, expect, it } from "vitest";

import { parseFilter } from "@canvasback/client/filters";
import { duplicatesSql, wrapSql } from "./sqlText";

describe("the SQL of a selection", () => {
  it("writes the grid's selection around a statement", () => {
    const sql = wrapSql("SELECT 1 AS a;", {
      columns: ["a"],
      conditions: [{ column: 'q"', kind: "in", values: ["it's", null] }],
      sort: [{ column: "a", descending: true }],
    });
    expect(sql).toBe(
      `SELECT "a" FROM (\nSELECT 1 AS a\n) WHERE ("q""" IN ('it''s') OR "q""" IS NULL) ORDER BY "a" DESC NULLS LAST`,
    );
    expect(wrapSql("SELECT 1;", { conditions: [], sort: [] })).toBe("SELECT 1");
  });

  it("finds duplicate rows, of a filter where there is one", () => {
    expect(duplicatesSql("a-b", [])).toBe(
      'SELECT *, count(*) AS copies\nFROM "a-b"\nGROUP BY ALL\nHAVING count(*) > 1\nORDER BY count(*) DESC',
    );
    expect(duplicatesSql("t", parseFilter('{"a": "1"}'))).toContain(`\nFROM "t"\nWHERE "a" = '1'\nGROUP BY ALL`);
  });

  it("writes groups of conditions", () => {
    const conditions = parseFilter(
      '{"or": [{"a": "1"}, {"not": {"or": [{"b": null}, {"c": {"op": "gt", "value": 5}}]}}]}',
    );
    expect(wrapSql("SELECT 1", { conditions, sort: [] })).toBe(
      `SELECT * FROM (\nSELECT 1\n) WHERE ("a" = '1' OR NOT COALESCE("b" IS NULL OR "c" > '5', false))`,
    );
  });
});
