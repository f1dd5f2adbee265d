import { describe, expect, it } from "vitest";

import { parseFilter, toFilter } from "@canvasback/client/filters";
import { groupingOf } from "../state/grouping";
import {
  conditionsOf,
  drilled,
  groupsRequest,
  namedRequest,
  nextPeriod,
  pivotValuesRequest,
  withinGroups,
} from "./requests";

describe("requests of a grouped table", () => {
  it("name results by number, whatever the columns are called", () => {
    const grouping = groupingOf({ group: "m0,at:month", measures: "distinct:k0", gsort: "-distinct:k0" })!;
    expect(groupsRequest(grouping, undefined, 10, 5)).toEqual({
      group_by: [
        { column: "m0", as: "k0" },
        { column: "at", granularity: "month", as: "k1" },
      ],
      measures: [
        { function: "count", as: "m0" },
        { function: "count_distinct", column: "k0", as: "m1" },
      ],
      sort: "-m1,k0,k1",
      offset: 10,
      limit: 5,
    });
  });

  it("have readable names in a file, each once", () => {
    const grouping = groupingOf({ group: "Rows", measures: "sum:a", pivot: "b" })!;
    const request = namedRequest(grouping, undefined);
    expect(request.group_by).toEqual([
      { column: "Rows", as: "Rows" },
      { column: "b", as: "b" },
    ]);
    expect(request.measures).toEqual([
      { function: "count", as: "Rows 2" },
      { function: "sum", column: "a", as: "sum of a" },
    ]);
    expect(request.sort).toBe('-"Rows 2","Rows"');
  });

  it("ask for one value of a pivot more than is shown", () => {
    const grouping = groupingOf({ group: "a", pivot: "b", top: "5" })!;
    expect(pivotValuesRequest(grouping, undefined)).toMatchObject({ sort: "-rows,p", limit: 6 });
  });
});

describe("the rows of a group", () => {
  it("are those of its values, in place of conditions on the same columns", () => {
    const before = parseFilter('{"a": {"op": "in", "value": ["x", "y"]}, "b": "1"}');
    const keys = groupingOf({ group: "a,c" })!.keys;
    expect(toFilter(drilled(before, keys, ["x", null]))).toEqual({
      and: [{ b: { op: "eq", value: "1" } }, { a: { op: "eq", value: "x" } }, { c: { op: "is_null", value: true } }],
    });
  });

  it("are a span of time where the key is one; conditions on that column stay", () => {
    const [key] = groupingOf({ group: "at:month" })!.keys;
    expect(conditionsOf(key!, "2021-12-01T00:00:00")).toEqual([
      { column: "at", kind: "compare", op: "ge", value: "2021-12-01T00:00:00" },
      { column: "at", kind: "compare", op: "lt", value: "2022-01-01T00:00:00" },
    ]);
    const before = parseFilter('{"at": {"op": "gt", "value": "2021-12-05"}}');
    expect(drilled(before, [key!], ["2021-12-01T00:00:00"])).toHaveLength(3);
  });

  it("know where a period ends", () => {
    expect(nextPeriod("2024-02-01", "month")).toBe("2024-03-01");
    expect(nextPeriod("2024-10-01", "quarter")).toBe("2025-01-01");
    expect(nextPeriod("2024-12-30", "week")).toBe("2025-01-06");
    expect(nextPeriod("2024-02-29T23:00:00Z", "hour")).toBe("2024-03-01T00:00:00Z");
    expect(nextPeriod("0001-01-01T00:00:00", "year")).toBe("0002-01-01T00:00:00");
    expect(nextPeriod("9999-01-01", "year")).toBeNull();
    expect(nextPeriod("+10000-01-01", "year")).toBeNull();
  });

  it("are narrowed to what can be said of many at once", () => {
    const keys = groupingOf({ group: "a,at:day" })!.keys;
    const found = withinGroups(keys, [
      ["x", "2021-01-01"],
      [null, "2021-01-02"],
      ["x", "2021-01-03"],
    ]);
    expect(found).toEqual({ and: [{ a: { op: "in", value: ["x", null] } }] });
  });
});
