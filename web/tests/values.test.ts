/** Every value as the app shows it against the server's own CSV, which other tests hold against DuckDB. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

import { decodeBlock } from "@canvasback/client/decode";
import { cellOf } from "@canvasback/frame/rowBlock";
import { HARDEST_SQL, HARD_ROWS } from "./support/hardTable";
import { Server, freePort, makeParquet } from "./support/world";

let server: Server;
const folder = mkdtempSync(join(tmpdir(), "canvasback-values-"));

beforeAll(async () => {
  const file = makeParquet(folder, "one", "SELECT 1 AS a");
  server = new Server(await freePort(), [file, "--data", join(folder, "data"), "--workers", "1"]);
  await server.start();
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Fields of RFC 4180 lines; null for nothing at all, which is NULL. */
function parseCsv(text: string): (string | null)[][] {
  const rows: (string | null)[][] = [[]];
  const field = /("(?:[^"]|"")*"|[^,\n"]*)(,|\n|$)/gy;
  for (let match = field.exec(text); match && match.index < text.length; match = field.exec(text)) {
    const [, raw = "", end] = match;
    const value = raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw === "" ? null : raw;
    rows.at(-1)?.push(value);
    if (end === "\n") rows.push([]);
  }
  return rows.filter((row) => row.length > 0);
}

async function query(format: string): Promise<Response> {
  const response = await fetch(`${server.url}/api/v1/query`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sql: HARDEST_SQL, format }),
  });
  if (!response.ok) throw new Error(await response.text());
  return response;
}

it("shows every value as the server's csv has it", async () => {
  const [names, ...lines] = parseCsv(await (await query("csv")).text());
  const block = decodeBlock(new Uint8Array(await (await query("arrow")).arrayBuffer()), 0);
  expect(block.columns.map((column) => column.name)).toEqual(names);
  expect(block.rows).toBe(HARD_ROWS);
  expect(lines).toHaveLength(HARD_ROWS);
  for (const [index, column] of block.columns.entries()) {
    const shown = Array.from({ length: block.rows }, (_, row) => cellOf(column, row));
    expect(shown, column.name).toEqual(lines.map((line) => line[index]));
  }
});

it("is run with the program that was built", () => {
  const program = process.env.CANVASBACK ?? new URL("../../build/release/bin/canvasback", import.meta.url).pathname;
  expect(execFileSync(program, ["--version"], { encoding: "utf8" })).toMatch(/\d+\.\d+/);
});
