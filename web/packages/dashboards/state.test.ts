import { describe, expect, it } from "vitest";

import { EMPTY_STATE, stateFromText, stateToText, toggled, withChange, withFilter, withPeriod } from "./state";

describe("the state of a dashboard", () => {
  it("survives its way through an address", () => {
    const state = {
      period: { from: "2025-01-01", to: "2025-04-01" },
      compare: "year_before",
      filters: { country: ["DE", null, ""], price: { from: 10, to: 20 }, category: { not: ["a,b"] }, gift: [true] },
      tiles: { 3: { sort: "-orders", offset: 50 }, 4: { grain: "week" } },
    } as const;
    expect(stateFromText(stateToText(state) as Record<string, string>)).toEqual(state);
    expect(stateToText(EMPTY_STATE)).toEqual({});
    expect(stateFromText({})).toEqual(EMPTY_STATE);
    expect(stateFromText({ period: "last_90_days" }).period).toBe("last_90_days");
    expect(stateFromText({ period: "..2025-01-01" }).period).toEqual({ from: null, to: "2025-01-01" });
  });

  it("leaves out what it does not understand", () => {
    expect(
      stateFromText({
        period: "<b>",
        compare: "both",
        filter: '{"a": [], "b": "x", "c": [{}], "d": {}, "e": ["kept"]}',
        tiles: '{"x": {"sort": "a"}, "1": {"grain": 5, "other": 1}, "2": {"offset": -1, "limit": 10}}',
      }),
    ).toEqual({ filters: { e: ["kept"] }, tiles: { 2: { limit: 10 } } });
    for (const text of ["{", "[]", "null", "5"])
      expect(stateFromText({ filter: text, tiles: text })).toEqual(EMPTY_STATE);
  });

  it("filters by a click, and by the same click no longer", () => {
    const once = toggled(EMPTY_STATE, "country", "DE");
    expect(once.filters).toEqual({ country: ["DE"] });
    expect(toggled(once, "country", "DE").filters).toEqual({});
    expect(toggled(once, "country", null).filters).toEqual({ country: [null] });
    const two = withFilter(once, "country", ["DE", "FR"]);
    expect(toggled(two, "country", "DE").filters).toEqual({ country: ["DE"] });
  });

  it("begins tables anew where their groups may be others", () => {
    const paged = withChange(EMPTY_STATE, 2, { offset: 100, sort: "-orders" });
    expect(toggled(paged, "country", "DE").tiles).toEqual({ 2: { sort: "-orders" } });
    expect(withPeriod(paged, "all").tiles).toEqual({ 2: { sort: "-orders" } });
    expect(withChange(paged, 2, { offset: undefined, sort: undefined }).tiles).toEqual({});
  });
});
