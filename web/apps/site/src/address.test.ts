import { expect, it } from "vitest";

import { hashOf, placeOf } from "./address";

it("what is shown comes back from its address", () => {
  const state = {
    period: { from: "2025-01-01", to: null },
    compare: "none" as const,
    filters: { country: ["DE", null], "a & b": { not: ["x=1", "100 %"] } },
    tiles: { 3: { sort: "-orders", offset: 50 } },
  };
  expect(placeOf(hashOf("my board", state))).toEqual({ name: "my board", state });
});

it("an address without anything is the first dashboard, and nonsense is nothing", () => {
  const nothing = { filters: {}, tiles: {} };
  for (const hash of ["", "#", "#/", "#/?", "#/?period=7&filter={"])
    expect(placeOf(hash)).toEqual({ name: null, state: nothing });
  expect(placeOf("#/%E0%A4%A")).toEqual({ name: null, state: nothing });
  expect(hashOf("orders", nothing)).toBe("#/orders");
});
