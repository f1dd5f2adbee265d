import { describe, expect, it } from "vitest";

import { cardOf, matrixOf, placesOf, stepsOf, tableOf } from "./shapes";
import { METRICS, answer, dimension, measure } from "./testSupport";

const compare = (name: string) => measure(name, { role: "compare" });

describe("an answer as what a chart draws", () => {
  it("is a card with the figure before", () => {
    const card = cardOf(answer([measure("revenue"), compare("revenue")], [["90071992547411.36", "1.00"]]), METRICS);
    expect(card).toMatchObject({ digits: "90071992547411.36", before: "1.00", isApproximate: false });
    expect(cardOf(answer([measure("revenue")], [["1.00"]]), METRICS)?.before).toBeUndefined();
    expect(cardOf(answer([measure("buyers", { error: 0.016 })], [[3]]), METRICS)?.isApproximate).toBe(true);
  });

  it("is bars in the order of the answer, or in that of the dimension, with places for what has no rows", () => {
    const countries = placesOf(
      answer(
        [dimension("country"), measure("orders")],
        [
          ["FR", 9],
          [null, 4],
          ["", 2],
        ],
        { groups: 61 },
      ),
      METRICS,
      "",
    );
    expect(countries?.places.map(({ label }) => label)).toEqual(["FR", "NULL", "empty"]);
    expect(countries?.left).toBe(58);
    const weekdays = placesOf(
      answer(
        [dimension("weekday", "BIGINT"), measure("orders")],
        [
          [7, 1],
          [2, 5],
        ],
      ),
      METRICS,
      "",
    );
    expect(weekdays?.places.map(({ label }) => label)).toEqual(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]);
    expect(weekdays?.series.figures).toEqual([null, "5", null, null, null, null, "1"]);
    const bins = placesOf(
      answer(
        [dimension("price", "DOUBLE"), measure("orders")],
        [
          [10, 1],
          [null, 2],
        ],
      ),
      METRICS,
      "",
    );
    expect(bins?.places.map(({ key, label }) => [key, label])).toEqual([
      ["0", "0 – 10"],
      ["10", "10 – 20"],
      [null, "outside"],
    ]);
  });

  it("is a table with what it is compared with, and the total of all groups", () => {
    const table = tableOf(
      answer(
        [dimension("country"), measure("revenue"), measure("orders"), compare("revenue")],
        [["DE", "2.00", 1, null]],
        { total: ["5.00", 3] },
      ),
      METRICS,
    );
    expect(table.rows).toEqual([
      { groups: [{ key: "DE", label: "DE" }], figures: ["2.00", "1"], before: [null, undefined] },
    ]);
    expect(table.total).toEqual(["5.00", "3"]);
    expect(table.measures.map(({ label }) => label)).toEqual(["Revenue", "Orders"]);
  });

  it("is a matrix, whichever dimension comes first", () => {
    const rows = [
      [1, 13, "4.00"],
      [7, 0, "2.00"],
    ];
    const columns = [dimension("weekday", "BIGINT"), dimension("hour", "BIGINT"), measure("revenue")];
    const found = matrixOf(answer(columns, rows), METRICS, "hour");
    expect(found?.rows).toHaveLength(7);
    expect(found?.columns).toHaveLength(24);
    expect(found?.figures[0]?.[13]).toBe("4.00");
    expect(found?.figures[6]?.[0]).toBe("2.00");
    expect(found?.figures[1]?.[1]).toBeNull();
    const turned = matrixOf(answer(columns, rows), METRICS, "weekday");
    expect(turned?.figures[13]?.[0]).toBe("4.00");
  });

  it("has the largest rows of a matrix first, and numbers across in their order", () => {
    const found = matrixOf(
      answer(
        [dimension("country"), dimension("age", "BIGINT"), measure("orders")],
        [
          ["FR", 10, 1],
          ["DE", 9, 5],
          ["FR", 9, 1],
        ],
      ),
      METRICS,
      "age",
    );
    expect(found?.rows.map(({ key }) => key)).toEqual(["DE", "FR"]);
    expect(found?.columns.map(({ key }) => key)).toEqual(["9", "10"]);
  });

  it("is steps of a funnel, and nothing where a column is missing", () => {
    expect(
      stepsOf(answer([measure("orders"), measure("revenue")], [[5, "2.00"]]), METRICS).map(({ digits }) => digits),
    ).toEqual(["5", "2.00"]);
    expect(cardOf(answer([], []), METRICS)).toBeNull();
    expect(matrixOf(answer([dimension("country"), measure("orders")], []), METRICS, "hour")).toBeNull();
  });
});
