import { expect, it } from "vitest";

import { moved, valueAt, zoomed } from "./picture";

const view = { x_min: 0, x_max: 100, y_min: -50, y_max: 50 };

it("zooms around the pointer: what is under it stays there", () => {
  const near = zoomed(view, { x: 0.25, y: 0.1 }, 4);
  expect(near.x_max - near.x_min).toBeCloseTo(25);
  expect(near.x_min + (near.x_max - near.x_min) * 0.25).toBeCloseTo(25);
  expect(near.y_max - (near.y_max - near.y_min) * 0.1).toBeCloseTo(40);
  const back = zoomed(near, { x: 0.25, y: 0.1 }, 1 / 4);
  expect(back.x_min).toBeCloseTo(0);
  expect(back.y_max).toBeCloseTo(50);
});

it("moves by shares of what is in sight", () => {
  expect(moved(view, 0.5, -0.1)).toEqual({ x_min: 50, x_max: 150, y_min: -60, y_max: 40 });
});

it("finds the cell under a place, rows counted from above", () => {
  const cells = { bounds: view, size: 10, byPlace: new Map([[2 * 10 + 7, { count: 5, value: 1.5 }]]) };
  expect(valueAt(cells, view, { x: 0.75, y: 0.25 })).toEqual({ count: 5, value: 1.5 });
  expect(valueAt(cells, view, { x: 0.05, y: 0.05 })).toEqual({ count: 0, value: 0 });
  // The view has moved on, the cells are still those of before.
  expect(valueAt(cells, moved(view, 2, 0), { x: 0.5, y: 0.5 })).toBeNull();
});
