import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { expect, it } from "vitest";

import { pathOf, queryOf } from "./client";

it("is made from the server's present document", () => {
  const script = fileURLToPath(new URL("../../../scripts/openapi.mjs", import.meta.url));
  expect(() => execFileSync(process.execPath, [script, "--check"], { stdio: "pipe" })).not.toThrow();
});

it("writes paths and queries", () => {
  expect(pathOf("/api/v1/datasets/{name}/rows", { name: "a b/ü" })).toBe("/api/v1/datasets/a%20b%2F%C3%BC/rows");
  expect(queryOf({ columns: "a,b", filter: { a: 1 }, limit: 0, sort: undefined })).toBe(
    "?columns=a%2Cb&filter=%7B%22a%22%3A1%7D&limit=0",
  );
  expect(queryOf({})).toBe("");
});
