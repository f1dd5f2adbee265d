import { describe, expect, it } from "vitest";

import { csvOf, csvOfTime, fileName } from "./csv";
import { METRICS, MODEL, answer, dimension, measure, time } from "./testSupport";
import { timeShapeOf } from "./timeShape";

describe("a tile as CSV", () => {
  it("has every digit, tells NULL from the empty text, and is no formula", () => {
    const found = answer(
      [dimension("country"), measure("revenue"), measure("revenue", { role: "compare" })],
      [
        ["DE", "90071992547411.36", "-1.50"],
        [null, null, null],
        ["", "1", "2"],
        ['a "b", c', "1", "2"],
        ["=1+1", "1", "2"],
      ],
    );
    expect(csvOf(found, "year before").split("\r\n")).toEqual([
      "country,revenue,revenue (year before)",
      "DE,90071992547411.36,-1.50",
      ",,",
      '"",1,2',
      '"a ""b"", c",1,2',
      "'=1+1,1,2",
      "",
    ]);
  });

  it("over time has a column for each series", () => {
    const rows = [
      ["2025-01-01", "DE", "1.00"],
      ["2025-01-02", "FR", "2.00"],
    ];
    const columns = [time(), dimension("country"), measure("revenue")];
    const model = { ...MODEL, newest: "2025-01-02T10:00:00Z" };
    const shape = timeShapeOf(answer(columns, rows, { grain: "day" }), { metrics: METRICS, model, compareName: "" });
    expect(shape && csvOfTime(shape)).toBe("time,FR,DE\r\n2025-01-01,0,1.00\r\n2025-01-02,2.00,0\r\n");
  });

  it("has a file's name of its title", () => {
    expect(fileName("Revenue by country & category", "csv")).toBe("revenue-by-country-category.csv");
    expect(fileName("…", "png")).toBe("tile.png");
  });
});
