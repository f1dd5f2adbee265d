import { describe, expect, it } from "vitest";

import { type Grain, dateText, momentOf, nextPlace, placeText, placesBetween, tickText, timeTicks } from "./timeAxis";

const day = (text: string): number => momentOf(text);
const ticks = (from: string, to: string, grain: Grain, most = 6): string[] =>
  timeTicks(placesBetween(day(from), day(to), grain), grain, most).map(({ label }) => label);

describe("places of a time axis", () => {
  it("follow the calendar", () => {
    expect(placesBetween(day("2024-01-01"), day("2024-12-01"), "quarter").map(dateText)).toEqual([
      "2024-01-01",
      "2024-04-01",
      "2024-07-01",
      "2024-10-01",
    ]);
    expect(dateText(nextPlace(day("2024-02-28"), "day"))).toBe("2024-02-29");
    expect(dateText(nextPlace(day("2023-12-01"), "month"))).toBe("2024-01-01");
    expect(dateText(nextPlace(day("2024-12-30"), "week"))).toBe("2025-01-06");
    // The clock of New York was put forward on this day: places are of the calendar, not of the clock.
    expect(placesBetween(day("2024-03-10T00:00:00"), day("2024-03-10T23:00:00"), "hour")).toHaveLength(24);
  });

  it("are read as the interface writes them, and nothing else is", () => {
    expect(momentOf("2024-03-10T06:30:00.5")).toBe(Date.UTC(2024, 2, 10, 6, 30));
    expect(momentOf("2024-03-10 06:30")).toBe(Date.UTC(2024, 2, 10, 6, 30));
    expect(momentOf("yesterday")).toBeNaN();
  });

  it("have words", () => {
    expect(placeText(day("2024-03-10"), "day")).toBe("Sun, 10 Mar 2024");
    expect(placeText(day("2024-03-04"), "week")).toBe("Week from 4 Mar 2024");
    expect(placeText(day("2024-04-01"), "quarter")).toBe("Q2 2024");
    expect(placeText(day("2024-03-10T06:00:00"), "hour")).toBe("10 Mar 2024, 06:00");
  });
});

describe("ticks", () => {
  it("are as many as have room", () => {
    expect(ticks("2024-01-01", "2024-12-01", "month", 6)).toEqual(["Jan 2024", "Mar", "May", "Jul", "Sept", "Nov"]);
    expect(ticks("2023-01-01", "2025-12-01", "month", 4)).toEqual(["Jan 2023", "Jan 2024", "Jan 2025"]);
    expect(ticks("2023-01-01", "2023-12-31", "quarter", 8)).toEqual(["Q1 2023", "Q2", "Q3", "Q4"]);
    for (const most of [2, 3, 5, 9]) {
      expect(
        timeTicks(placesBetween(day("2023-01-01"), day("2025-12-31"), "day"), "day", most).length,
      ).toBeLessThanOrEqual(most);
    }
  });

  it("say the year where it changes, and the day where hours begin one", () => {
    expect(tickText(day("2025-01-06"), "day", day("2024-12-30"))).toBe("Jan 2025");
    expect(ticks("2024-03-01", "2024-03-30", "day", 5)[0]).toBe("3 Mar");
    expect(ticks("2024-03-10T00:00:00", "2024-03-11T23:00:00", "hour", 5)).toContain("12:00");
    expect(ticks("2024-03-10T00:00:00", "2024-03-11T23:00:00", "hour", 5)).toContain("11 Mar");
  });

  it("are there for a single place, and not for none", () => {
    expect(ticks("2024-03-10", "2024-03-10", "day")).toEqual(["10 Mar"]);
    expect(timeTicks([], "day", 5)).toEqual([]);
  });
});
