import { describe as group, expect, it } from "vitest";

import {
  type Condition,
  describe,
  filterProblem,
  hasElement,
  isOn,
  parseFilter,
  toFilter,
  valuesOf,
  withAlternative,
  withCondition,
  withConditions,
  withValue,
} from "./filters";

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

group("filters of one column", () => {
  const before = parseFilter('{"a": {"op": "ge", "value": "1"}, "b": "x"}');

  it("take the place of all that is on it", () => {
    const added = parseFilter('{"a": {"op": "between", "value": ["5", "6"]}}');
    expect(toFilter(withConditions(before, "a", added))).toEqual({
      and: [{ a: { op: "between", value: ["5", "6"] } }, { b: { op: "eq", value: "x" } }],
    });
  });

  it("become alternatives, as many as there are, and stay so over the address", () => {
    const range = (from: string, to: string) => [
      { column: "a", kind: "compare" as const, op: "ge" as const, value: from },
      { column: "a", kind: "compare" as const, op: "lt" as const, value: to },
    ];
    let now = withAlternative([], "a", range("1", "2"));
    expect(now).toEqual(range("1", "2"));
    for (const from of ["3", "5"]) {
      now = withAlternative(parseFilter(JSON.stringify(toFilter(now))), "a", range(from, `${from}.5`));
    }
    expect(now).toHaveLength(1);
    expect(describe(now[0]!)).toBe("(a ≥ 1 and a < 2) or (a ≥ 3 and a < 3.5) or (a ≥ 5 and a < 5.5)");
    expect(isOn(now[0]!, "a")).toBe(true);
    expect(isOn(now[0]!, "b")).toBe(false);
  });

  it("are values, one by one", () => {
    let now = withValue(before, "b", "y", false);
    expect(valuesOf(now, "b")).toEqual(["y"]);
    now = withValue(now, "b", null, true);
    expect(valuesOf(now, "b")).toEqual(["y", null]);
    now = withValue(now, "b", "y", true);
    expect(valuesOf(now, "b")).toEqual([null]);
    expect(valuesOf(withValue(now, "b", null, true), "b")).toEqual([]);
    expect(valuesOf(now, "a")).toEqual([]);
  });
});

group("elements of lists", () => {
  it("are found by the list's JSON text, wherever they stand, and are told in words", () => {
    const condition = hasElement("tags", '"a"', true);
    expect(toFilter([condition])).toEqual({
      and: [
        {
          or: ['["a"]', '["a",%', '%,"a",%', '%,"a"]'].map((value) => ({ tags: { op: "like", value } })),
        },
      ],
    });
    const again = parseFilter(JSON.stringify(toFilter([condition])));
    expect(again.map(describe)).toEqual(['tags has "a"']);
    expect(parseFilter(JSON.stringify(toFilter([hasElement("tags", "2", false)]))).map(describe)).toEqual([
      "tags has no 2",
    ]);
  });
});
