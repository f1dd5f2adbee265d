import { describe, expect, it } from "vitest";

import { NO_GROUPING, groupOrder, groupingOf, stateOfGrouping, withKey } from "./grouping";

describe("groupings in the address", () => {
  it("come back as they were, with any names", () => {
    const grouping = {
      keys: [
        { column: "a,b:c", granularity: null },
        { column: "at", granularity: "month" as const },
      ],
      measures: [
        { function: "sum" as const, column: "x:y" },
        { function: "distinct" as const, column: "100 %" },
      ],
      pivot: { column: "-x", granularity: null },
      top: 20,
      sort: [
        { column: "sum:x%3ay", descending: true },
        { column: "*", descending: false },
      ],
    };
    const state = stateOfGrouping(grouping);
    expect(state.group).toBe("a%2cb%3ac,at:month");
    expect(state.gsort).toBe("-sum:x%3ay,*");
    expect(groupingOf(state as never)).toEqual(grouping);
  });

  it("are none without keys, and leave nonsense out", () => {
    expect(groupingOf({})).toBeNull();
    expect(groupingOf({ group: "" })).toBeNull();
    const found = groupingOf({ group: "a:nope,a", measures: "sum,what:x,min:y", top: "-3", pivot: "a" });
    expect(found?.keys).toEqual([{ column: "a", granularity: null }]);
    expect(found?.measures).toEqual([{ function: "min", column: "y" }]);
    expect(found?.top).toBe(10);
    expect(found?.pivot).toBeNull();
  });

  it("drop the order by what is no longer there", () => {
    const grouping = groupingOf({ group: "a", measures: "sum:x", gsort: "-sum:x" });
    expect(stateOfGrouping({ ...grouping!, measures: [] }).gsort).toBeUndefined();
  });

  it("order by the largest first, by time where the first key is one, ties by the keys", () => {
    const order = (state: object): string =>
      groupOrder(groupingOf(state)!)
        .map((key) => (key.descending ? "-" : "") + key.column)
        .join();
    expect(order({ group: "a,b" })).toBe("-*,a,b");
    expect(order({ group: "at:month,b" })).toBe("at:month,b");
    expect(order({ group: "a,b", gsort: "-b" })).toBe("-b,a");
  });

  it("take one more key, and give it back", () => {
    expect(withKey({}, "a").group).toBe("a");
    expect(withKey({ group: "a", measures: "sum:x" }, "b")).toMatchObject({ group: "a,b", measures: "sum:x" });
    expect(withKey({ group: "a" }, "a")).toEqual(NO_GROUPING);
  });
});
