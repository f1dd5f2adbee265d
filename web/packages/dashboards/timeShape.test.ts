import { describe, expect, it } from "vitest";

import { METRICS, MODEL, answer, dimension, measure, time } from "./testSupport";
import { placeStart, sparkOf, spanOfPlaces, timeShapeOf } from "./timeShape";
import { measureNamed } from "./model";

const context = { metrics: METRICS, model: MODEL, compareName: "previous period" };
const day = (text: string): number => Date.parse(`${text}T00:00:00Z`);

describe("answers over time", () => {
  it("have a place for days without rows, up to the newest row and not beyond", () => {
    const shape = timeShapeOf(
      answer(
        [time(), measure("revenue")],
        [
          ["2025-01-02", "10.50"],
          ["2025-01-04", "3.00"],
        ],
        { grain: "day" },
      ),
      context,
    );
    // The newest row is of 23:30 on the 6th in Berlin.
    expect(shape?.places.map(({ at }) => new Date(at).getUTCDate())).toEqual([1, 2, 3, 4, 5, 6]);
    expect(shape?.series[0]?.figures).toEqual(["0", "10.50", "0", "3.00", "0", "0"]);
  });

  it("have no figure where an average has no rows", () => {
    const shape = timeShapeOf(
      answer([time(), measure("average_order")], [["2025-01-02", 10.5]], { grain: "day" }),
      context,
    );
    expect(shape?.series[0]?.figures.slice(0, 3)).toEqual([null, "10.5", null]);
  });

  it("lie beside the same day of the period that is compared with", () => {
    const shape = timeShapeOf(
      answer(
        [time(), measure("orders")],
        [
          ["2025-01-01", 5],
          ["2025-01-06", 1],
        ],
        {
          grain: "day",
          compare: [
            ["2024-12-25", 4],
            ["2024-12-27", 7],
          ],
        },
      ),
      context,
    );
    expect(shape?.series.map(({ name }) => name)).toEqual(["Orders", "previous period"]);
    expect(shape?.series[1]?.figures).toEqual(["4", "0", "7", "0", "0", "0"]);
    expect(shape?.series[1]?.isComparison).toBe(true);
  });

  it("have a series for each value, the largest first, NULL among them, and the others together", () => {
    const rows = [
      ["2025-01-01", "DE", "1.00"],
      ["2025-01-01", null, "9.00"],
      ["2025-01-02", "DE", "2.00"],
    ];
    const shape = timeShapeOf(
      answer([time(), dimension("country"), measure("revenue")], rows, {
        grain: "day",
        other: [["2025-01-02", null, "0.50"]],
      }),
      context,
    );
    expect(shape?.series.map(({ name, key }) => [name, key])).toEqual([
      ["NULL", null],
      ["DE", "DE"],
      ["Other", undefined],
    ]);
    expect(shape?.series[2]?.figures.slice(0, 2)).toEqual(["0", "0.50"]);
  });

  it("of hours are instants: a day on which clocks change has 23 or 25", () => {
    const columns = [time("TIMESTAMP WITH TIME ZONE"), measure("orders")];
    const of = (from: string, to: string) =>
      timeShapeOf(
        answer(
          columns,
          [
            [from, 1],
            [to, 1],
          ],
          { grain: "hour" },
        ),
        context,
      )?.places ?? [];
    expect(of("2025-03-29T23:00:00Z", "2025-03-30T21:00:00Z")).toHaveLength(23);
    const long = of("2025-10-25T22:00:00Z", "2025-10-26T22:00:00Z");
    expect(long).toHaveLength(25);
    expect(long.slice(1, 5).map(({ label }) => label.slice(-5))).toEqual(["01:00", "02:00", "02:00", "03:00"]);
  });

  it("of weeks begin on the day that the metrics say", () => {
    expect(placeStart(day("2025-01-01"), "week", "monday")).toBe(day("2024-12-30"));
    expect(placeStart(day("2025-01-01"), "week", "sunday")).toBe(day("2024-12-29"));
    expect(placeStart(day("2025-01-01"), "week", "saturday")).toBe(day("2024-12-28"));
    expect(placeStart(day("2025-01-05"), "week", "sunday")).toBe(day("2025-01-05"));
    expect(placeStart(day("2025-08-20"), "quarter", "monday")).toBe(day("2025-07-01"));
  });

  it("are nothing without a grain, and have no places without rows", () => {
    expect(timeShapeOf(answer([measure("revenue")], [["1"]]), context)).toBeNull();
    expect(timeShapeOf(answer([time(), measure("revenue")], [], { grain: "day" }), context)?.places).toEqual([]);
  });

  it("leave out rows without a time", () => {
    const rows = [
      [null, 3],
      ["2025-01-01", 2],
    ];
    expect(
      timeShapeOf(answer([time(), measure("orders")], rows, { grain: "day" }), context)?.series[0]?.figures[0],
    ).toBe("2");
  });
});

it("a span of places is a period: the end is the day after", () => {
  const place = (text: string) => ({ at: day(text), local: day(text), label: "" });
  expect(spanOfPlaces(place("2025-01-02"), place("2025-01-04"), "day")).toEqual({
    from: "2025-01-02",
    to: "2025-01-05",
  });
  expect(spanOfPlaces(place("2025-01-01"), place("2025-03-01"), "month")).toEqual({
    from: "2025-01-01",
    to: "2025-04-01",
  });
  const hour = { at: 0, local: Date.parse("2025-01-02T13:00:00Z"), label: "" };
  expect(spanOfPlaces(hour, hour, "hour")).toEqual({ from: "2025-01-02", to: "2025-01-03" });
});

it("a spark line has the whole period", () => {
  const card = answer([measure("orders")], [[3]], { spark: { grain: "day", rows: [["2025-01-02", 3]] } });
  expect(sparkOf(card, measureNamed(METRICS, "orders"), context)).toEqual(["0", "3", "0", "0", "0", "0"]);
});
