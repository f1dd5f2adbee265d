import { expect, it } from "vitest";

import { Pace } from "./pace";

it("takes in more cells a frame where they cost less, and fewer where they cost more", () => {
  const pace = new Pace();
  const first = pace.cellsAFrame;
  for (let i = 0; i < 40; ++i) pace.note(100, 2);
  const fast = pace.cellsAFrame;
  expect(fast).toBeGreaterThan(3 * first);
  for (let i = 0; i < 40; ++i) pace.note(100, 20);
  expect(pace.cellsAFrame).toBeLessThan(first);
  pace.close();
});

it("learns nothing from a few cells, and little from one frame that was held up", () => {
  const pace = new Pace();
  const first = pace.cellsAFrame;
  pace.note(14, 30);
  expect(pace.cellsAFrame).toBe(first);
  pace.note(100, 5000);
  expect(pace.cellsAFrame).toBeGreaterThan(first / 2);
  pace.close();
});
