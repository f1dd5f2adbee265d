import { describe, expect, it } from "vitest";

import { fromEntry, labelOf, shown, toEntry } from "./visibleText";

describe("shown", () => {
  it("is one line, not too long, with control characters to be seen", () => {
    expect(shown("a\nb\tc\0\u007f")).toBe("a↵b⇥c␀␡");
    expect(shown("x".repeat(1_000_000)).length).toBe(281);
    expect(shown(" both ends ")).toBe(" both ends ");
  });

  it.each([
    ["zero-width space", "\u200b", "[U+200B]"],
    ["byte order mark", "\ufeffid", "[U+FEFF]id"],
    ["right-to-left override", "a\u202eb", "a[U+202E]b"],
    ["soft hyphen", "co\u00adop", "co[U+00AD]op"],
    ["C1 control", "\u0085", "[U+0085]"],
    ["filler", "\u3164", "[U+3164]"],
    ["joiner alone", "\u200d", "[U+200D]"],
    ["variation selector alone", "\ufe0f", "[U+FE0F]"],
    ["line separator", "a\u2028b", "a[U+2028]b"],
    ["spaces alone", "  ", "␠␠"],
    ["no-break space alone", "\u00a0", "[U+00A0]"],
  ])("marks a %s", (_, value, text) => expect(shown(value)).toBe(text));

  it.each(["👩‍👩‍👧", "❤️", "می‌خواهم", "क्‍ष", "🏳️‍🌈", "😀 é"])("leaves %s whole", (value) =>
    expect(shown(value)).toBe(value),
  );
});

describe("labels of values side by side", () => {
  it("tells NULL from the text NULL, and the empty text from the word", () => {
    const values = [null, "NULL", '"NULL"', "", "empty", "a", "\u200b"];
    expect(values.map(labelOf)).toEqual(["NULL", '"NULL"', '""NULL""', "empty", '"empty"', "a", "[U+200B]"]);
    expect(new Set(values.map(labelOf)).size).toBe(values.length);
  });

  it("comes back from entries as it went", () => {
    for (const value of [null, "NULL", '"NULL"', '""NULL""', "", "null", "a"]) {
      expect(fromEntry(toEntry(value))).toBe(value);
    }
  });
});
