import { describe, expect, it } from "vitest";

import { collectionNameOf, lineOf } from "./ingest";

describe("lineOf", () => {
  it.each([
    ["an array", '[\n {"a": 1},\n {"a": "}{"},\n {"a": \n}\n]', 2, 4],
    ["records in an object", '{"records": [\n{"a": {"b": [{}]}},\n\n{"a": 2}]}', 1, 4],
    ["one behind the other", '{"a": "\\"{"}\n{"a": 2}\n{"a"', 2, 3],
    ["one alone", '\n{"a": }', 0, 2],
  ])("finds the record in %s", (_, text, record, line) => {
    expect(lineOf(text, { record, message: "" })).toBe(line);
  });

  it("believes the server, and knows what it does not know", () => {
    expect(lineOf("{}", { record: 0, line: 7, message: "" })).toBe(7);
    expect(lineOf("{}", { record: 3, message: "" })).toBeNull();
  });
});

describe("collectionNameOf", () => {
  it.each([
    ["Events 2025.ndjson.gz", "events_2025"],
    ["2025.csv", "records_2025"],
    ["orders.parquet", "orders"],
  ])("makes a name of %s", (file, name) => expect(collectionNameOf(file)).toBe(name));
});
