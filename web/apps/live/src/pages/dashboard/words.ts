/** Names of a JSON Schema: of members, and of values from a list. */

type Json = Record<string, unknown>;

export function wordsOfSchema(schema: unknown): string[] {
  const words = new Set<string>();
  const look = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const each of node) look(each);
      return;
    }
    if (typeof node !== "object" || node === null) return;
    const { properties, enum: values, const: only } = node as Json;
    if (typeof properties === "object" && properties !== null)
      for (const name of Object.keys(properties)) words.add(name);
    for (const value of [...(Array.isArray(values) ? values : []), only])
      if (typeof value === "string") words.add(value);
    for (const each of Object.values(node)) look(each);
  };
  look(schema);
  return [...words].sort();
}
