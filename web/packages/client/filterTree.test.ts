import { describe, expect, it } from "vitest";

import type { Filter } from "./api/schema";
import { type FilterNode, filterOf, groupOf, nodeOf, wordsOf } from "./filterTree";
import { describe as words, parseFilter, toFilter } from "./filters";

const NESTED = {
  or: [
    { country: { op: "eq", value: "Malta" } },
    { and: [{ id: { op: "ge", value: "5" } }, { not: { or: [{ a: { op: "is_null", value: true } }, { b: "x" }] } }] },
  ],
} as Filter;

describe("filters with groups", () => {
  it("come back as they went", () => {
    const node = nodeOf(NESTED) as FilterNode;
    const filter = filterOf(node) as Filter;
    expect(nodeOf(filter)).toEqual(node);
    expect(JSON.stringify(filter)).toBe(JSON.stringify(NESTED).replace('{"b":"x"}', '{"b":{"op":"eq","value":"x"}}'));
  });

  it("are told in words, in their chip too", () => {
    const told = "country = Malta or (id ≥ 5 and not (a is NULL or b = x))";
    expect(wordsOf(nodeOf(NESTED) as FilterNode)).toBe(told);
    expect(parseFilter(JSON.stringify(NESTED)).map(words)).toEqual([told]);
  });

  it("leave out empty groups", () => {
    const empty: FilterNode = { kind: "group", join: "or", parts: [{ kind: "group", join: "none", parts: [] }] };
    expect(filterOf(empty)).toBeUndefined();
    expect(groupOf(undefined)).toEqual({ kind: "group", join: "and", parts: [] });
  });

  it("keep out of the form what it has no form for", () => {
    expect(groupOf({ a: { op: "soundslike", value: "x" } } as unknown as Filter)).toBeNull();
    expect(groupOf({ a: "1", not: { b: "2" } } as Filter)).toMatchObject({
      join: "and",
      parts: [{}, { join: "none" }],
    });
  });

  it("are the same in the list of conditions when they are only joined by and", () => {
    const flat = toFilter(parseFilter('{"a":"1","b":{"op":"gt","value":"2"}}')) as Filter;
    expect(filterOf(groupOf(flat) as FilterNode)).toEqual(flat);
  });
});
