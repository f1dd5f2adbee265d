import { describe, expect, it } from "vitest";

import { PHYSICAL_HEIGHT_MAX, ScrollScale, offsetAfterScroll } from "./scrollScale";

const ROW = 28;
const BILLION = 1_000_000_000;
const VIEWPORT = 800;

describe("ScrollScale", () => {
  it("is the identity while the rows fit", () => {
    const scale = new ScrollScale(1000 * ROW, VIEWPORT);
    expect(scale.scaled).toBe(false);
    expect(scale.physicalHeight).toBe(28_000);
    expect(scale.toOffset(1234)).toBe(1234);
    expect(scale.toPhysical(1234)).toBe(1234);
  });

  it("has ends that are the ends of a billion rows", () => {
    const scale = new ScrollScale(BILLION * ROW, VIEWPORT);
    expect(scale.physicalHeight).toBe(PHYSICAL_HEIGHT_MAX);
    expect(scale.toOffset(0)).toBe(0);
    expect(scale.toOffset(scale.physicalEnd)).toBe(BILLION * ROW - VIEWPORT);
    expect(scale.toPhysical(scale.end)).toBe(scale.physicalEnd);
  });

  it("goes there and back without losing a row", () => {
    const scale = new ScrollScale(BILLION * ROW, VIEWPORT);
    for (const row of [0, 1, 5000, 123_456_789, 500_000_000, 999_000_000, BILLION - 40]) {
      const offset = row * ROW;
      expect(Math.abs(scale.toOffset(scale.toPhysical(offset)) - offset)).toBeLessThan(1);
    }
  });

  it("never goes backwards", () => {
    const scale = new ScrollScale(BILLION * ROW, VIEWPORT);
    let last = -1;
    for (let at = 0; at <= scale.physicalEnd; at += 9973) {
      const offset = scale.toOffset(at);
      expect(offset).toBeGreaterThan(last);
      last = offset;
    }
  });
});

describe("offsetAfterScroll", () => {
  const scale = new ScrollScale(BILLION * ROW, VIEWPORT);

  it("moves a notch by its pixels, not by the stretch", () => {
    const offset = 400_000_000 * ROW;
    const at = scale.toPhysical(offset);
    expect(offsetAfterScroll(scale, offset, at, at + 100)).toBe(offset + 100);
    expect(offsetAfterScroll(scale, offset, at, at - 100)).toBe(offset - 100);
  });

  it("follows the thumb", () => {
    expect(offsetAfterScroll(scale, 0, 0, 4_000_000)).toBe(scale.toOffset(4_000_000));
    expect(offsetAfterScroll(scale, 0, 0, scale.physicalEnd)).toBe(scale.end);
    expect(offsetAfterScroll(scale, scale.end, scale.physicalEnd, 0)).toBe(0);
  });

  it("does not take the thumb's end for the rows' end when they are far", () => {
    const offset = 500_000 * ROW;
    // A touch moved the thumb to its very top while half a million rows are still above.
    expect(offsetAfterScroll(scale, offset, 300, 0)).toBe(offset - 300);
    expect(offsetAfterScroll(scale, 400, 300, 0)).toBe(0);
  });
});
