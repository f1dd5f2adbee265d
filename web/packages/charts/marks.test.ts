import { describe, expect, it } from "vitest";

import { valueAxis } from "./axes";
import { toneOfChange } from "./FigureCard";
import { sharesOfFirst, strengths } from "./Heatmap";
import { nextSort } from "./RankTable";
import { type FigureSeries, toneOf } from "./shape";
import { rangeOf, reachOf, single, stacked } from "./stacks";
import { moved } from "./useCursor";

const series = (...figures: (string | null)[]): FigureSeries => ({ name: "a", figures, format: { kind: "number" } });

describe("bands of series", () => {
  it("lie above each other, negative ones below zero", () => {
    const bands = stacked([series("1", "2"), series("3", null), series("-4", "5")], 2);
    expect(bands).toEqual([
      [
        [0, 1],
        [0, 2],
      ],
      [
        [1, 4],
        [2, 2],
      ],
      [
        [0, -4],
        [2, 7],
      ],
    ]);
    expect(rangeOf(bands)).toEqual({ least: -4, most: 7 });
  });

  it("of lines reach only what they have", () => {
    expect(reachOf([single(series("5", null, "8"))])).toEqual({ least: 5, most: 8 });
  });
});

describe("an axis of values", () => {
  const axis = (least: number, most: number, hasZero = false) =>
    valueAxis({ least, most, height: 220, format: { kind: "number" }, hasZero });

  it("begins at zero for bars, and need not for lines that lie close together", () => {
    expect(axis(90, 100, true).ticks[0]?.label).toBe("0");
    expect(axis(90, 100).ticks[0]?.label).toBe("90");
    expect(axis(10, 100).ticks[0]?.label).toBe("0");
  });

  it("is there without values, and for one alone", () => {
    expect(axis(Infinity, -Infinity).ticks.length).toBeGreaterThan(1);
    expect(axis(0, 0, true).ticks.length).toBeGreaterThan(1);
    expect(axis(7, 7).ticks.length).toBeGreaterThan(1);
  });

  it("has no fractions of what is counted", () => {
    const { ticks } = valueAxis({ least: 0, most: 2, height: 220, format: { kind: "integer" }, hasZero: true });
    expect(ticks.map(({ label }) => label)).toEqual(["0", "1", "2"]);
  });
});

describe("a heat map", () => {
  it("is as dark as its figures are large", () => {
    expect(
      strengths([
        ["0", "5"],
        ["10", null],
      ]),
    ).toEqual([
      [0, 0.5],
      [1, null],
    ]);
    expect(strengths([["-10", "10"]])).toEqual([[0, 1]]);
    expect(strengths([["0", "0"]])).toEqual([[1, 1]]);
    expect(strengths([])).toEqual([]);
  });

  it("of cohorts has shares of the first cell", () => {
    expect(
      sharesOfFirst([
        ["200", "50", null],
        ["0", "1"],
      ]),
    ).toEqual([
      ["1", "0.25", null],
      [null, null],
    ]);
  });
});

describe("the keyboard", () => {
  it("moves through places and stays within them", () => {
    expect(moved("ArrowRight", null, { count: 3 })).toBe(0);
    expect(moved("ArrowLeft", null, { count: 3 })).toBe(2);
    expect(moved("ArrowRight", 2, { count: 3 })).toBe(2);
    expect(moved("End", 0, { count: 3 })).toBe(2);
    expect(moved("ArrowDown", 0, { count: 3 })).toBeNull();
    expect(moved("ArrowDown", 0, { count: 3, isVertical: true })).toBe(1);
    expect(moved("ArrowRight", 0, { count: 0 })).toBeNull();
  });

  it("moves through rows and columns of a heat map", () => {
    const options = { count: 12, columns: 4 };
    expect(moved("ArrowDown", 1, options)).toBe(5);
    expect(moved("ArrowDown", 9, options)).toBe(9);
    expect(moved("ArrowUp", 1, options)).toBe(1);
  });
});

it("sorting turns round, and begins with the largest of a measure, the first of a name", () => {
  expect(nextSort("-orders", "orders", true)).toBe("orders");
  expect(nextSort("orders", "orders", true)).toBe("-orders");
  expect(nextSort("-orders", "revenue", true)).toBe("-revenue");
  expect(nextSort("-orders", "country", false)).toBe("country");
});

it("a change is good or bad as the measure says", () => {
  expect(toneOfChange(0.1, "up")).toBe("good");
  expect(toneOfChange(0.1, "down")).toBe("bad");
  expect(toneOfChange(-0.1, "down")).toBe("good");
  expect(toneOfChange(-0.1, "neutral")).toBe("even");
  expect(toneOfChange(null, "up")).toBe("even");
});

it("series beyond the tones, and the others together, are grey", () => {
  expect(toneOf(0)).toBe("var(--chart-1)");
  expect(toneOf(8)).toBe("var(--chart-other)");
  expect(toneOf(2, { ...series("1"), isOther: true })).toBe("var(--chart-other)");
});
