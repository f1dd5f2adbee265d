import { describe, expect, it } from "vitest";

import { curlOfGroups, curlOfRows, pythonLiteral, pythonOfGroups, pythonOfRows } from "./copyAs";

const view = {
  origin: "http://h:1",
  dataset: "a b",
  columns: ["x", "y,z"],
  filter: { x: { op: "eq", value: "it's" } } as never,
  sort: [{ column: "y,z", descending: true }],
  sql: "SELECT 1",
};

describe("a view as a command", () => {
  it("quotes for the shell and for the API", () => {
    expect(curlOfRows(view)).toBe(
      [
        `curl -fsSG 'http://h:1/api/v1/datasets/a%20b/export'`,
        "-d format=csv",
        `--data-urlencode 'columns=x,"y,z"'`,
        `--data-urlencode 'filter={"x":{"op":"eq","value":"it'\\''s"}}'`,
        `--data-urlencode 'sort=-"y,z"'`,
        "-o -",
      ].join(" \\\n  "),
    );
  });

  it("is Python", () => {
    expect(pythonLiteral({ a: [null, true, "x\n"], b: 1.5 })).toBe('{"a": [None, True, "x\\n"], "b": 1.5}');
    expect(pythonOfRows(view)).toContain(
      'client["a b"]\n    .filter({"x": {"op": "eq", "value": "it\'s"}})\n    .select("x", "y,z")\n    .sort("-y,z")',
    );
    // A name that Python's sort would take for a direction.
    expect(pythonOfRows({ ...view, sort: [{ column: "-x", descending: false }] })).toContain("client.sql(");
  });

  it("is a statement where one request does not give it", () => {
    const groups = { origin: "http://h:1", dataset: "d", request: null, sql: "SELECT '1'" };
    expect(curlOfGroups(groups)).toContain(`'{"sql":"SELECT '\\''1'\\''","format":"csv"}'`);
    expect(pythonOfGroups(groups)).toContain(`client.sql("""\nSELECT '1'\n""")`);
  });
});
