import { expect, it } from "vitest";

import { rowJson } from "./rowJson";

it("a row is JSON that keeps every digit", () => {
  const text = rowJson([
    { name: 'a "b"', type: "BIGINT", value: "9223372036854775807" },
    { name: "d", type: "DECIMAL(38,10)", value: "9999999999999999999999999999.9999999999" },
    { name: "x", type: "DOUBLE", value: "NaN" },
    { name: "n", type: "VARCHAR", value: null },
    { name: "t", type: "VARCHAR", value: "12" },
    { name: "l", type: "BIGINT[]", value: "[1,null]" },
    { name: "f", type: "BOOLEAN", value: "true" },
    { name: "j", type: "JSON", value: "not json" },
  ]);
  expect(text).toContain('"a \\"b\\"": 9223372036854775807');
  expect(text).toContain('"d": 9999999999999999999999999999.9999999999');
  expect(JSON.parse(text)).toMatchObject({ x: "NaN", n: null, t: "12", l: [1, null], f: true, j: "not json" });
});
