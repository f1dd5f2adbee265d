import { describe, expect, it } from "vitest";

import { characterAt, parameterNames, parameterValues } from "./parameters";

describe("parameters of statements", () => {
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
});
