/** The form of how text is read, and the settings that it stands for: an empty field is what the server finds. */

export interface ReadingForm {
  delimiter: string;
  quote: string;
  escape: string;
  comment: string;
  header: string | null;
  encoding: string | null;
  decimal: string | null;
  dateFormat: string;
  /** Separated by commas. */
  nullValues: string;
  types: Record<string, string>;
  allText: boolean;
}

/** What a field says that has no characters of its own. */
const NONE = "none";

type Settings = Readonly<Record<string, unknown>>;

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

export function formOf(settings: Settings): ReadingForm {
  const mark = (name: string): string => {
    const value = settings[name];
    if (value === "") return NONE;
    return textOf(value).replaceAll("\t", "\\t");
  };
  const nulls = Array.isArray(settings.null_values) ? settings.null_values.map(textOf) : [];
  return {
    delimiter: mark("delimiter"),
    quote: mark("quote"),
    escape: mark("escape"),
    comment: mark("comment"),
    header: typeof settings.header === "boolean" ? (settings.header ? "yes" : "no") : null,
    encoding: textOf(settings.encoding) || null,
    decimal: textOf(settings.decimal) || null,
    dateFormat: textOf(settings.date_format),
    nullValues: nulls.map((text) => (text === "" ? '""' : text)).join(", "),
    types: { ...(settings.types as Record<string, string> | undefined) },
    allText: settings.all_text === true,
  };
}

export interface ReadingSettings {
  delimiter?: string;
  quote?: string;
  escape?: string;
  comment?: string;
  header?: boolean;
  encoding?: string;
  decimal?: string;
  date_format?: string;
  null_values?: string[];
  types?: Record<string, string>;
  all_text?: boolean;
}

export function settingsOf(form: ReadingForm): ReadingSettings {
  const out: ReadingSettings = {};
  for (const name of ["delimiter", "quote", "escape", "comment"] as const) {
    const text = form[name];
    if (text !== "") out[name] = text === NONE ? "" : text.replaceAll("\\t", "\t");
  }
  if (form.header) out.header = form.header === "yes";
  if (form.encoding) out.encoding = form.encoding;
  if (form.decimal) out.decimal = form.decimal;
  if (form.dateFormat !== "") out.date_format = form.dateFormat;
  const nulls = form.nullValues
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "");
  if (nulls.length > 0) out.null_values = nulls.map((text) => (text === '""' ? "" : text));
  if (Object.keys(form.types).length > 0) out.types = form.types;
  if (form.allText) out.all_text = true;
  return out;
}
