import { describe as group, expect, it } from "vitest";

import { characterAt, parameterNames, parameterValues } from "../sql/parameters";
import { indented } from "../panel/indented";
import { type Condition, describe, parseFilter, toFilter, withCondition } from "@canvasback/client/filters";
import { joinNames, joinSort, joinWidths, splitNames, splitSort, splitWidths, toggledSort } from "./gridState";
import { latency, parseMetrics, sumOf } from "@canvasback/client/metrics";
import { wrapSql } from "./sqlText";
import { withViews } from "../sql/views";

group("filters", () => {
  const all: Condition[] = [
    { column: "amount", kind: "between", from: "9007199254740993", to: "1e3" },
    { column: "country", kind: "in", values: ["Malta", "", null] },
    { column: "note", kind: "contains", value: "50%" },
    { column: "note", kind: "null", isNull: false },
    { column: "id", kind: "compare", op: "ne", value: "NaN" },
  ];

  it("come back from the address as they went", () => {
    expect(parseFilter(JSON.stringify(toFilter(all)))).toEqual(all);
    for (const one of all) expect(parseFilter(JSON.stringify(toFilter([one])))).toEqual([one]);
  });

  it("keep what they have no form for", () => {
    const other = { or: [{ a: "1" }, { not: { b: "2" } }] };
    expect(toFilter(parseFilter(JSON.stringify(other)))).toEqual({ and: [other] });
    expect(parseFilter(JSON.stringify({ and: [other] }))).toHaveLength(1);
  });

  it("read what people write by hand", () => {
    expect(parseFilter('{"a": 5, "b": null, "c": {"op": "gt", "value": 2}}')).toEqual([
      { column: "a", kind: "compare", op: "eq", value: "5" },
      { column: "b", kind: "null", isNull: true },
      { column: "c", kind: "compare", op: "gt", value: "2" },
    ]);
    expect(parseFilter("{")).toEqual([]);
    expect(parseFilter("[]")).toEqual([]);
    expect(toFilter([])).toBeUndefined();
  });

  it("replace a column's condition in its place", () => {
    const changed = withCondition(all, "country", { column: "country", kind: "null", isNull: true });
    expect(changed.map(describe)).toEqual([
      "amount 9007199254740993 … 1e3",
      "country is NULL",
      "note contains “50%”",
      "note is not NULL",
      "id ≠ NaN",
    ]);
    expect(withCondition(all, "note", null)).toHaveLength(3);
  });
});

group("the grid's state", () => {
  const odd = ["a,b", "50%", "x:y", "-minus", "plain"];

  it("survives odd names", () => {
    expect(splitNames(joinNames(odd))).toEqual(odd);
    expect(splitWidths(joinWidths(new Map([["x:y", 120.4]])))).toEqual(new Map([["x:y", 120]]));
    const keys = [
      { column: "a,b", descending: true },
      { column: "x", descending: false },
    ];
    expect(splitSort(joinSort(keys))).toEqual(keys);
    expect(joinNames([])).toBeUndefined();
    expect(splitNames(undefined)).toEqual([]);
  });

  it("turns ascending, descending, unsorted, and adds keys", () => {
    const up = toggledSort([], "a", false);
    expect(up).toEqual([{ column: "a", descending: false }]);
    expect(toggledSort(toggledSort(up, "a", false), "a", false)).toEqual([]);
    const two = toggledSort(up, "b", true);
    expect(joinSort(toggledSort(two, "b", true))).toBe("a,-b");
    expect(joinSort(toggledSort(two, "c", false))).toBe("c");
  });
});

group("statements", () => {
  it("finds parameters outside of texts, names and comments", () => {
    expect(parameterNames(`SELECT '$1', "$2", $3 -- $4\n/* $5 */ WHERE a > $1`)).toEqual(["1", "3"]);
    expect(parameterNames("SELECT $low, $low, $high")).toEqual(["low", "high"]);
    expect(parameterValues("SELECT $2, $1", { 1: "007", 2: "60" })).toEqual(["007", 60]);
    expect(parameterValues("SELECT $a", { a: "9007199254740993" })).toEqual({ a: "9007199254740993" });
    expect(parameterValues("SELECT 1", {})).toBeUndefined();
  });

  it("finds the place of a byte", () => {
    expect(characterAt("SELECT 'ü', x", 12)).toBe(11);
  });

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

  it("writes groups of conditions", () => {
    const conditions = parseFilter(
      '{"or": [{"a": "1"}, {"not": {"or": [{"b": null}, {"c": {"op": "gt", "value": 5}}]}}]}',
    );
    expect(wrapSql("SELECT 1", { conditions, sort: [] })).toBe(
      `SELECT * FROM (\nSELECT 1\n) WHERE ("a" = '1' OR NOT COALESCE("b" IS NULL OR "c" > '5', false))`,
    );
  });

  it("puts saved views before a statement that names them, and those that they name", () => {
    const views = [
      { name: "cheap", sql: "SELECT * FROM orders WHERE amount < 5;" },
      { name: "cheap_here", sql: "SELECT * FROM cheap WHERE country = 'Malta'" },
      { name: "unused", sql: "SELECT 1" },
    ];
    const both =
      'WITH "cheap" AS (\nSELECT * FROM orders WHERE amount < 5\n), ' +
      "\"cheap_here\" AS (\nSELECT * FROM cheap WHERE country = 'Malta'\n)";
    const plain = withViews("SELECT * FROM Cheap_here", views);
    expect(plain.sql).toBe(`${both} SELECT * FROM Cheap_here`);
    expect(plain.from(plain.sql.length)).toBe("SELECT * FROM Cheap_here".length);
    const joined = withViews("WITH x AS (SELECT * FROM cheap_here) FROM x", views);
    expect(joined.sql).toBe(`${both}, x AS (SELECT * FROM cheap_here) FROM x`);
    const other = "SELECT 'cheap', \"unused\".a -- cheap_here";
    expect(withViews(other, views.slice(0, 2))).toMatchObject({ sql: other });
    expect(withViews(other, views).sql).toContain('WITH "unused"');
    expect(withViews("SELECT * FROM a", [{ name: "a", sql: "SELECT * FROM a" }]).sql).toContain('WITH "a"');
  });
});

group("indented", () => {
  it("lays JSON out without touching its numbers", () => {
    expect(indented('{"a":9007199254740993.10,"b":[],"c":[1,"x,{}"]}')).toBe(
      '{\n  "a": 9007199254740993.10,\n  "b": [],\n  "c": [\n    1,\n    "x,{}"\n  ]\n}',
    );
  });
});

group("metrics", () => {
  const metrics = parseMetrics(
    [
      "# TYPE x counter",
      'x{route="/a\\"b",status="200"} 5',
      'x{route="/c",status="404"} 2',
      'canvasback_request_seconds_bucket{route="/c",le="0.1"} 1',
      'canvasback_request_seconds_bucket{route="/c",le="+Inf"} 2',
      "y 1e3",
      "",
    ].join("\n"),
  );

  it("reads names, labels and values", () => {
    expect(metrics[0]).toEqual({ name: "x", labels: { route: '/a"b', status: "200" }, value: 5 });
    expect(sumOf(metrics, "x", (labels) => Number(labels.status) >= 400)).toBe(2);
    expect(latency(metrics, "/c", 0.5)).toBe(0.1);
    expect(latency(metrics, "/c", 0.99)).toBe(Infinity);
  });
});
