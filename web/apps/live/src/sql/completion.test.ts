import { PostgreSQL, sql } from "@codemirror/lang-sql";
import { CompletionContext } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import { describe, expect, it } from "vitest";

import { columnsInScope, completionOf, ownNames } from "./completion";

const schema = [
  { name: "flights", columns: ["origin", "destination", "Delay (min)"].map((name) => ({ name, type: "VARCHAR" })) },
  { name: "airports", columns: ["code", "destination"].map((name) => ({ name, type: "VARCHAR" })) },
];

/** What is offered at the bar in a statement. */
function offered(text: string): string[] {
  const at = text.indexOf("|");
  const state = EditorState.create({ doc: text.replace("|", ""), extensions: [sql({ dialect: PostgreSQL })] });
  return completionOf(schema)(new CompletionContext(state, at, false))?.options.map(({ label }) => label) ?? [];
}

describe("completion", () => {
  it("offers the columns of the tables that the statement names", () => {
    const labels = offered("SELECT * FROM flights WHERE dest|");
    expect(labels).toContain("destination");
    expect(labels).toContain('"Delay (min)"');
    expect(labels).not.toContain("code");
    expect(offered("SELECT co| FROM flights f JOIN airports a ON f.origin = a.code")).toContain("code");
  });

  it("offers all columns while no table is named, and says whose they are", () => {
    expect(columnsInScope("SELECT ", schema).map(({ name, table }) => `${name} ${table}`)).toEqual([
      "origin flights",
      "destination flights, airports",
      "Delay (min) flights",
      "code airports",
    ]);
  });

  it("offers the statement's own names and functions, and nothing within texts or behind a dot", () => {
    const labels = offered("WITH late AS (SELECT count(*) AS many FROM flights) SELECT m| FROM late");
    expect(labels).toContain("many");
    expect(labels).toContain("late");
    expect(labels).toContain("median");
    expect(ownNames('SELECT a AS "b c", d AS e')).toEqual(['"b c"', "e"]);
    expect(offered("SELECT 'dest|' FROM flights")).toEqual([]);
    expect(offered("SELECT 1 -- dest|")).toEqual([]);
    expect(offered("SELECT f.dest| FROM flights f")).toEqual([]);
  });

  it("is quick with 500 columns", () => {
    const wide = [
      { name: "wide", columns: Array.from({ length: 500 }, (_, i) => ({ name: `c${i}`, type: "DOUBLE" })) },
    ];
    const begun = performance.now();
    for (let i = 0; i < 10; ++i) columnsInScope("SELECT c FROM wide", wide);
    expect((performance.now() - begun) / 10).toBeLessThan(50);
  });
});
