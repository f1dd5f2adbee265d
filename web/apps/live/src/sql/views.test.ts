import { describe, expect, it } from "vitest";

import { withViews } from "./views";

describe("views of statements", () => {
  it("puts saved views before a statement that names them, and those that they name", () => {
    const views = [
      { name: "cheap", sql: "SELECT * FROM orders WHERE amount < 5;" },
      { name: "cheap_here", sql: "SELECT * FROM cheap WHERE country = 'Malta'" },
      { name: "unused", sql: "SELECT 1" },
    ];
    const both =
      'WITH "cheap" AS (\nSELECT * FROM orders WHERE amount < 5\n), ' +
      "\"cheap_here\" AS (\nSELECT * FROM cheap WHERE country = 'Malta'\n)";
    const plain = withViews("SELECT * FROM Cheap_here", views);
    expect(plain.sql).toBe(`${both} SELECT * FROM Cheap_here`);
    expect(plain.from(plain.sql.length)).toBe("SELECT * FROM Cheap_here".length);
    const joined = withViews("WITH x AS (SELECT * FROM cheap_here) FROM x", views);
    expect(joined.sql).toBe(`${both}, x AS (SELECT * FROM cheap_here) FROM x`);
    const other = "SELECT 'cheap', \"unused\".a -- cheap_here";
    expect(withViews(other, views.slice(0, 2))).toMatchObject({ sql: other });
    expect(withViews(other, views).sql).toContain('WITH "unused"');
    expect(withViews("SELECT * FROM a", [{ name: "a", sql: "SELECT * FROM a" }]).sql).toContain('WITH "a"');
  });
});
