import { describe, expect, it } from "vitest";

import { blocksOf } from "./markdown";

describe("blocks of Markdown", () => {
  it("are parted by empty lines, headings and lists", () => {
    expect(blocksOf("# Title\ntext\nmore\n\n- a\n- b\nafter\n1. one\n")).toEqual([
      ["# Title"],
      ["text", "more"],
      ["- a", "- b"],
      ["after"],
      ["1. one"],
    ]);
    expect(blocksOf("\r\n \n")).toEqual([]);
  });
});
