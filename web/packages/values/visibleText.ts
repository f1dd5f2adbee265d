/**
 * Texts for the eye: what a cell, a menu or a chart shows of a value, so that no two values look the same and nothing
 * that is there looks like nothing. Never what is copied, exported or filtered with: that is the value itself.
 */

/** Longer texts are cut; the viewer has them whole. */
const TEXT_SHOWN_MAX = 280;

/**
 * Characters without a picture of their own: controls, zero-width ones, marks of direction, fillers, a lone half of a
 * surrogate pair. Joiners (U+200C, U+200D) and variation selectors are parts of emoji and of several scripts: they are
 * marked only where they stand alone.
 */
const UNSEEN = new RegExp(
  "[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b-\\u200f" +
    "\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff9-\\ufffb]",
  "g",
);
const JOINING = /[\u200c\u200d\ufe00-\ufe0f]/;
const HAS_SHAPE = /[\p{L}\p{M}\p{N}\p{S}\p{P}\u200d]/u;

const codePoint = (character: string): string =>
  `[U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}]`;

function mark(found: string, at: number, text: string): string {
  const code = found.charCodeAt(0);
  if (code === 10) return "↵";
  if (code === 9) return "⇥";
  if (code < 32) return String.fromCharCode(0x2400 + code);
  if (code === 127) return "␡";
  const before = String.fromCodePoint(text.codePointAt(at > 1 && isLow(text, at - 1) ? at - 2 : at - 1) ?? 0);
  return JOINING.test(found) && at > 0 && HAS_SHAPE.test(before) ? found : codePoint(found);
}

function isLow(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff;
}

/** What a cell shows of a value: one line, not too long; whatever the eye would not see is marked. */
export function shown(value: string): string {
  let text = value.length > TEXT_SHOWN_MAX ? `${value.slice(0, TEXT_SHOWN_MAX)}…` : value;
  text = text.replace(UNSEEN, mark);
  // Nothing but spaces would look like an empty cell.
  return text !== "" && text.trim() === ""
    ? text.replace(/\s/g, (space) => (space === " " ? "␠" : codePoint(space)))
    : text;
}

/** A value where NULL, the empty text and texts stand beside each other: the text "NULL" is quoted, NULL is not. */
export function labelOf(value: string | null): string {
  if (value === null) return "NULL";
  if (value === "") return "empty";
  return /^"*(NULL|empty)"*$/.test(value) ? `"${value}"` : shown(value);
}

/** NULL and texts as entries that are typed: the inverse of `fromEntry`. */
export const toEntry = (value: string | null): string =>
  value === null ? "NULL" : /^"*NULL"*$/.test(value) ? `"${value}"` : value;

/** What is meant by a typed entry: NULL is NULL, "NULL" in quotes the text. */
export const fromEntry = (entry: string): string | null =>
  entry === "NULL" ? null : /^"+NULL"+$/.test(entry) ? entry.slice(1, -1) : entry;
