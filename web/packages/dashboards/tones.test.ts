import { describe, expect, it } from "vitest";

import { Tones } from "./tones";

describe("tones of values", () => {
  it("stay what they were when a filter leaves some", () => {
    const tones = new Tones();
    expect(tones.of("country", ["DE", "FR", null])).toEqual([0, 1, 2]);
    expect(tones.of("country", [null])).toEqual([2]);
    expect(tones.of("country", ["FR", "IT", "DE"])).toEqual([1, 2, 0]);
    expect(tones.of("category", ["FR"])).toEqual([0]);
  });

  it("differ within a chart, and are grey beyond eight", () => {
    const tones = new Tones();
    tones.of("a", ["x"]);
    tones.of("a", ["y"]);
    expect(new Set(tones.of("a", ["x", "y"])).size).toBe(2);
    const many = tones.of(
      "b",
      Array.from({ length: 10 }, (_, at) => String(at)),
    );
    expect(many).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 8]);
  });
});
