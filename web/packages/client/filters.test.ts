import { describe as group, expect, it } from "vitest";

import { type Condition, describe, filterProblem, parseFilter, toFilter, withCondition } from "./filters";

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

  it("say what is wrong with an address", () => {
    expect(filterProblem(undefined)).toBeNull();
    expect(filterProblem('{"a": 1}')).toBeNull();
    expect(filterProblem("notjson")).toContain("not valid JSON");
    for (const nonsense of ["[]", "null", "5", '"a"'])
      expect(filterProblem(nonsense)).toContain("must be a JSON object");
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
