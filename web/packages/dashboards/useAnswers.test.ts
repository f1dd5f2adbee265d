import { describe, expect, it } from "vitest";

import { MODEL } from "./testSupport";
import { type Slot, openQuestions, withModels } from "./useAnswers";

const slot = (asked: string): Slot => ({ asked, key: "k", answer: null, error: null });

describe("what is asked", () => {
  const questionOf = (tile: number): string => `q${tile}`;

  it("is what is in sight and neither answered nor being asked", () => {
    const slots = new Map([
      [0, slot("q0")],
      [1, slot("an earlier filter")],
    ]);
    const asking = [{ tiles: new Map([[2, "q2"]]), abort: new AbortController() }];
    expect([...openQuestions([0, 1, 2, 3], questionOf, slots, asking)]).toEqual([
      [1, "q1"],
      [3, "q3"],
    ]);
  });

  it("is asked again where something else is being asked of the tile", () => {
    const asking = [{ tiles: new Map([[2, "an earlier filter"]]), abort: new AbortController() }];
    expect([...openQuestions([2], questionOf, new Map(), asking).keys()]).toEqual([2]);
  });
});

it("what is known of metrics stays when others are asked for", () => {
  const [orders, offers] = [
    { ...MODEL, name: "orders" },
    { ...MODEL, name: "offers" },
  ];
  const newer = { ...offers, newest: "2025-02-01T00:00:00Z" };
  expect(withModels([orders, offers], [newer])).toEqual([orders, newer]);
  expect(withModels([], [orders])).toEqual([orders]);
});
