/** A tab of the SQL page as an address that opens it elsewhere, with the saved views that it needs. */
import { parameterNames } from "./parameters";
import { statementsIn } from "./statements";
import { type SavedView, withViews } from "./views";
import type { TabStart } from "./store";

/** Servers and proxies refuse longer ones. */
export const LINK_CHARACTERS_MAX = 8000;

export interface SqlSearch {
  sql?: string;
  name?: string;
  /** The values of parameters, as JSON. */
  values?: string;
}

export interface LinkedTab {
  name: string;
  sql: string;
  parameters: Record<string, string>;
}

/** Views are stored in the browser: a text that names some is sent with them. */
function selfContained(sql: string, views: readonly SavedView[]): string {
  const statements = statementsIn(sql);
  const whole = statements.map((each) => withViews(each.sql, views).sql);
  return whole.some((each, i) => each !== statements[i]?.sql) ? whole.join(";\n\n") : sql.trim();
}

/** null where it would be longer than servers take. */
export function linkOf(origin: string, tab: LinkedTab, views: readonly SavedView[]): string | null {
  const names = parameterNames(tab.sql);
  const search = new URLSearchParams({ sql: selfContained(tab.sql, views) });
  // "Query 3" is what any tab is called.
  if (!/^Query \d+$/.test(tab.name)) search.set("name", tab.name);
  if (names.length > 0) {
    search.set("values", JSON.stringify(Object.fromEntries(names.map((name) => [name, tab.parameters[name] ?? ""]))));
  }
  const link = `${origin}/sql?${search.toString()}`;
  return link.length > LINK_CHARACTERS_MAX ? null : link;
}

function valuesOf(text: string | undefined): Record<string, string> {
  try {
    const values: unknown = JSON.parse(text ?? "{}");
    if (typeof values !== "object" || values === null || Array.isArray(values)) return {};
    return Object.fromEntries(Object.entries(values).filter(([, value]) => typeof value === "string"));
  } catch {
    return {};
  }
}

/** The tab that an address brings; null where it brings none. */
export function tabOf({ sql, name, values }: SqlSearch): (TabStart & { sql: string }) | null {
  if (!sql) return null;
  return { sql, parameters: valuesOf(values), ...(name ? { name: name.slice(0, 60) } : {}) };
}
