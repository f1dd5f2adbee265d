import { describe, expect, it } from "vitest";

import { indented } from "./indented";

describe("indented", () => {
  it("lays JSON out without touching its numbers", () => {
    expect(indented('{"a":9007199254740993.10,"b":[],"c":[1,"x,{}"]}')).toBe(
      '{\n  "a": 9007199254740993.10,\n  "b": [],\n  "c": [\n    1,\n    "x,{}"\n  ]\n}',
    );
  });
});
