/** Parameters of a statement: $1, $2 … or $name, outside of texts, quoted names and comments. */

const TOKENS = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$(\d+|[A-Za-z_]\w*)/g;

export function parameterNames(sql: string): string[] {
  const names = new Set<string>();
  for (const match of sql.matchAll(TOKENS)) if (match[1] !== undefined) names.add(match[1]);
  const found = [...names];
  return found.every((name) => /^\d+$/.test(name)) ? found.sort((a, b) => Number(a) - Number(b)) : found;
}

/** What was typed as a value: numbers, true, false and null are themselves, everything else is a text. */
export function parameterValue(typed: string): string | number | boolean | null {
  if (typed === "null" || typed === "true" || typed === "false") return JSON.parse(typed) as boolean | null;
  const number = Number(typed);
  // A number that a double does not hold exactly travels as a text: the engine reads it as the column's type.
  return typed.trim() !== "" && String(number) === typed ? number : typed;
}

/** Values for the server; undefined where the statement has no parameters. */
export function parameterValues(
  sql: string,
  typed: Record<string, string>,
): unknown[] | Record<string, unknown> | undefined {
  const names = parameterNames(sql);
  if (names.length === 0) return undefined;
  const value = (name: string): unknown => parameterValue(typed[name] ?? "");
  if (!names.every((name) => /^\d+$/.test(name))) return Object.fromEntries(names.map((name) => [name, value(name)]));
  const count = Math.max(...names.map(Number));
  return Array.from({ length: count }, (_, i) => value(String(i + 1)));
}

/** The place of a byte of a statement among its characters. */
export function characterAt(sql: string, byte: number): number {
  const bytes = new TextEncoder().encode(sql).subarray(0, byte);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).length;
}
