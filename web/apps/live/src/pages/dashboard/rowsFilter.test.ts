import { describe, expect, it } from "vitest";

import type { DatasetColumn } from "@canvasback/client/api/schema";
import type { RowCondition } from "@canvasback/dashboards/drill";
import { filterOfRows } from "./rowsFilter";

const columns = [
  { name: "at", type: "TIMESTAMP" },
  { name: "day", type: "DATE" },
  { name: "moment", type: "TIMESTAMP WITH TIME ZONE" },
  { name: "country", type: "VARCHAR" },
] as DatasetColumn[];
const filter = (...conditions: RowCondition[]) => filterOfRows({ dataset: "orders", conditions }, columns);
const march = (column: string, sourceTimezone = "UTC"): RowCondition => ({
  column,
  kind: "time",
  from: Date.parse("2025-03-01T05:00:00Z"),
  to: Date.parse("2025-04-01T04:00:00Z"),
  days: { from: "2025-03-01", to: "2025-04-01" },
  sourceTimezone,
});

describe("the filter of the rows behind a number", () => {
  it("has the period as the column's type has it", () => {
    expect(filter(march("at"))).toEqual({
      and: [{ at: { op: "ge", value: "2025-03-01T05:00:00" } }, { at: { op: "lt", value: "2025-04-01T04:00:00" } }],
    });
    expect(filter(march("at", "Europe/Berlin"))).toMatchObject({
      and: [{ at: { value: "2025-03-01T06:00:00" } }, { at: { value: "2025-04-01T06:00:00" } }],
    });
    expect(filter(march("day"))).toMatchObject({
      and: [{ day: { value: "2025-03-01" } }, { day: { value: "2025-04-01" } }],
    });
    expect(filter(march("moment"))).toMatchObject({ and: [{ moment: { value: "2025-03-01T05:00:00Z" } }, {}] });
  });

  it("has values, what is left out, ranges and bins", () => {
    expect(filter({ column: "country", kind: "filter", filter: ["DE", null] })).toEqual({
      country: { op: "in", value: ["DE", null] },
    });
    expect(filter({ column: "country", kind: "filter", filter: { not: ["DE"] } })).toEqual({
      not: { country: { op: "in", value: ["DE"] } },
    });
    expect(
      filter({
        column: "price",
        kind: "bins",
        bins: [
          [0, 10],
          [20, 50],
        ],
      }),
    ).toEqual({
      or: [
        { and: [{ price: { op: "ge", value: "0" } }, { price: { op: "lt", value: "10" } }] },
        { and: [{ price: { op: "ge", value: "20" } }, { price: { op: "lt", value: "50" } }] },
      ],
    });
    expect(filter({ column: "price", kind: "filter", filter: { from: 3 } })).toEqual({
      price: { op: "ge", value: "3" },
    });
    expect(filter()).toBeUndefined();
  });
});
