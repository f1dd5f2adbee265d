/**
 * Saved views: statements under a name, which others use like a table. The server keeps none; a statement that names
 * them gets them in front of it, as WITH.
 */
import { quoteName } from "../state/sqlText";

export interface SavedView {
  name: string;
  sql: string;
}

const TOKENS = /'(?:[^']|'')*'|"((?:[^"]|"")*)"|--[^\n]*|\/\*[\s\S]*?\*\/|([A-Za-z_]\w*)/g;
const WITH = /^\s*WITH\s+(?:RECURSIVE\s+)?/i;

export const isViewName = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name);

/** Names that stand in a statement, outside of texts and comments; in lower case, as the engine compares them. */
export function namesIn(sql: string): Set<string> {
  const names = new Set<string>();
  for (const [, quoted, plain] of sql.matchAll(TOKENS)) {
    const name = quoted?.replaceAll('""', '"') ?? plain;
    if (name !== undefined) names.add(name.toLowerCase());
  }
  return names;
}

/** The views that a statement needs, each behind those that it needs itself. */
function needed(sql: string, views: readonly SavedView[], found: SavedView[], under: readonly string[]): SavedView[] {
  const names = namesIn(sql);
  for (const view of views) {
    // A view that names itself means a table of that name.
    if (!names.has(view.name.toLowerCase()) || found.includes(view) || under.includes(view.name)) continue;
    needed(view.sql, views, found, [...under, view.name]);
    found.push(view);
  }
  return found;
}

export interface WholeStatement {
  sql: string;
  /** Where a character of it is in the statement as it was written. */
  from(character: number): number;
}

export function withViews(sql: string, views: readonly SavedView[]): WholeStatement {
  const used = needed(sql, views, [], []);
  if (used.length === 0) return { sql, from: (character) => character };
  const list = used
    .map((view) => `${quoteName(view.name)} AS (\n${view.sql.trim().replace(/;\s*$/, "")}\n)`)
    .join(", ");
  const [start = ""] = WITH.exec(sql) ?? [];
  const added = start === "" ? `WITH ${list} ` : `${start.trim()} ${list}, `;
  return {
    sql: added + sql.slice(start.length),
    from: (character) => Math.max(0, character - added.length + start.length),
  };
}
