/** What kind of values a type of the server has, by its name: how they are shown, filtered and drawn. */
const NUMERIC = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL|DOUBLE|FLOAT|BIGNUM)/;
const TEMPORAL = /^(DATE|TIME|TIMESTAMP|INTERVAL)/;

export type TypeKind = "number" | "time" | "text" | "boolean" | "binary" | "nested";

export function kindOf(type: string): TypeKind {
  if (/(\[\d*\]|^LIST|^STRUCT|^MAP|^UNION)/.test(type)) return "nested";
  if (NUMERIC.test(type)) return "number";
  if (TEMPORAL.test(type)) return "time";
  if (type === "BOOLEAN") return "boolean";
  return type === "BLOB" ? "binary" : "text";
}
