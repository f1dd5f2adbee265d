import { describe, expect, it } from "vitest";

import { joinNames, joinSort, joinWidths, splitNames, splitSort, splitWidths, toggledSort } from "./gridState";

describe("the grid's state", () => {
  const odd = ["a,b", "50%", "x:y", "-minus", "plain"];

  it("survives odd names", () => {
    expect(splitNames(joinNames(odd))).toEqual(odd);
    expect(splitWidths(joinWidths(new Map([["x:y", 120.4]])))).toEqual(new Map([["x:y", 120]]));
    const keys = [
      { column: "a,b", descending: true },
      { column: "x", descending: false },
    ];
    expect(splitSort(joinSort(keys))).toEqual(keys);
    const signs = ["-x", "+x", "x", "--", "-a,b"].flatMap((column) => [
      { column, descending: false },
      { column, descending: true },
    ]);
    expect(splitSort(joinSort(signs))).toEqual(signs);
    expect(joinSort(signs.slice(0, 6))).toBe("+-x,--x,++x,-+x,x,-x");
    expect(joinNames([])).toBeUndefined();
    expect(splitNames(undefined)).toEqual([]);
  });

  it("turns ascending, descending, unsorted, and adds keys", () => {
    const up = toggledSort([], "a", false);
    expect(up).toEqual([{ column: "a", descending: false }]);
    expect(toggledSort(toggledSort(up, "a", false), "a", false)).toEqual([]);
    const two = toggledSort(up, "b", true);
    expect(joinSort(toggledSort(two, "b", true))).toBe("a,-b");
    expect(joinSort(toggledSort(two, "c", false))).toBe("c");
  });
});
