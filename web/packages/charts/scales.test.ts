import { describe, expect, it } from "vitest";

import { bands, linear, roundTicks } from "./scales";

describe("scales", () => {
  it("are lines through two places", () => {
    expect(linear([0, 10], [100, 0])(2.5)).toBe(75);
    expect(linear([5, 5], [20, 40])(5)).toBe(20);
  });

  it("have round ticks", () => {
    expect(roundTicks(0, 97, 5)).toEqual({ domain: [0, 100], values: [0, 20, 40, 60, 80, 100] });
    expect(roundTicks(-3, 8, 3).domain).toEqual([-5, 10]);
  });

  it("have bands that fill their place, with gaps between them alone", () => {
    const { width, step, place } = bands(4, [10, 110], 0.2);
    expect(place(0)).toBe(10);
    expect(place(3) + width).toBeCloseTo(110);
    expect(width / step).toBeCloseTo(0.8);
    expect(bands(0, [0, 10], 0.2).width).toBeGreaterThan(0);
  });
});
