/** A row as JSON, exactly: numbers keep their digits, nested values are what they are. */
import { kindOf } from "@canvasback/values/typeKind";

/** What JSON has no number for is a text, as the server writes it. */
const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/;

export interface Field {
  name: string;
  type: string;
  /** As it is displayed; null is NULL. */
  value: string | null;
}

export function jsonOf({ type, value }: Field): string {
  if (value === null) return "null";
  const kind = kindOf(type);
  if (kind === "number") return JSON_NUMBER.test(value) ? value : JSON.stringify(value);
  if (kind === "nested" || type === "JSON") return isJson(value) ? value : JSON.stringify(value);
  return kind === "boolean" ? value : JSON.stringify(value);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export function rowJson(fields: readonly Field[]): string {
  return `{\n${fields.map((field) => `  ${JSON.stringify(field.name)}: ${jsonOf(field)}`).join(",\n")}\n}`;
}
