/** What the editor completes besides keywords: columns of the tables that a statement names, its names, functions. */
import { type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";

import { quoteName } from "../state/sqlText";
import { namesIn } from "./views";

export interface Table {
  name: string;
  columns: readonly { name: string; type: string }[];
}

export type Schema = readonly Table[];

/** Beyond this a list helps nobody. */
const COLUMNS_MAX = 2000;

const FUNCTIONS =
  "abs any_value approx_count_distinct approx_quantile arg_max arg_min array_agg avg ceil coalesce " +
  "concat contains count cume_dist date_diff date_part date_trunc dense_rank first_value floor " +
  "greatest histogram ifnull lag last_value lead least length list list_aggregate list_contains ln log " +
  "lower lpad ltrim max median min mode now ntile nullif percent_rank position power quantile_cont " +
  "quantile_disc random rank regexp_extract regexp_matches regexp_replace replace reverse round " +
  "row_number rpad rtrim split_part sqrt starts_with stddev strftime string_agg strptime substring sum " +
  "time_bucket trim try_cast unnest upper var_samp year";

/** A name as it is written in SQL: quoted only where it must be. */
export const written = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteName(name));

export interface ScopedColumn {
  name: string;
  type: string;
  table: string;
}

/** Columns of the tables that a statement names, those of all tables where it names none yet. */
export function columnsInScope(sql: string, schema: Schema): ScopedColumn[] {
  const names = namesIn(sql);
  const named = schema.filter((table) => names.has(table.name.toLowerCase()));
  const found = new Map<string, ScopedColumn>();
  for (const table of named.length > 0 ? named : schema) {
    for (const { name, type } of table.columns) {
      const other = found.get(name);
      if (other) other.table += `, ${table.name}`;
      else if (found.size < COLUMNS_MAX) found.set(name, { name, type, table: table.name });
    }
  }
  return [...found.values()];
}

/** Names that a statement gives itself: `AS total`, `WITH cheap AS`. */
export function ownNames(sql: string): string[] {
  const given = [
    ...sql.matchAll(/\bAS\s+("(?:[^"]|"")+"|[A-Za-z_]\w*)|(?:\bWITH\s+|,\s*)([A-Za-z_]\w*)\s+AS\s*\(/gi),
  ];
  return [...new Set(given.map(([, column, table]) => column ?? table ?? ""))];
}

const functions: readonly Completion[] = FUNCTIONS.split(" ").map((name) => ({
  label: name,
  apply: `${name}(`,
  type: "function",
  boost: -1,
}));

export const completionOf =
  (schema: Schema) =>
  (context: CompletionContext): CompletionResult | null => {
    const word = context.matchBefore(/"?[A-Za-z_]?\w*$/);
    if (!word || (word.from === word.to && !context.explicit)) return null;
    // Behind a dot the language's own completion knows the table, or its alias.
    if (context.state.sliceDoc(word.from - 1, word.from) === ".") return null;
    const { name: place } = syntaxTree(context.state).resolveInner(context.pos, -1);
    if (/String|Comment/.test(place) && !word.text.startsWith('"')) return null;
    const sql = context.state.doc.toString();
    const columns = columnsInScope(sql, schema).map(({ name, type, table }): Completion => {
      return { label: written(name), detail: `${type.toLowerCase()} · ${table}`, type: "property", boost: 50 };
    });
    const own = ownNames(sql).map((label): Completion => ({ label, type: "variable", boost: 40 }));
    return { from: word.from, options: [...columns, ...own, ...functions], validFor: /^"?\w*$/ };
  };
