/**
 * Values of dimensions and measures: from the texts of files to the values of answers, compared as the engine compares
 * them. Integers and decimals are integers of a scale, whatever their size: numbers where they are safe, else BigInt.
 */
import type { Value } from "@canvasback/dashboards/source";

export type Integer = number | bigint;

const INTEGERS = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;
const LARGE = /^(U?HUGEINT|DECIMAL\b.*)$/;

export const isIntegerType = (type: string): boolean => INTEGERS.test(type);
export const isDecimalType = (type: string): boolean => type.startsWith("DECIMAL(");
export const isExactType = (type: string): boolean => isIntegerType(type) || isDecimalType(type);
export const isFloatType = (type: string): boolean => type === "DOUBLE" || type === "FLOAT";
export const isTimeType = (type: string): boolean => type === "DATE" || type.startsWith("TIME");

export const scaleOfType = (type: string): number => Number(/,(\d+)\)/.exec(type)?.[1] ?? 0);

/** The smaller form of an integer. */
export function plain(value: Integer): Integer {
  if (typeof value === "number") return value;
  return value >= -9007199254740992n && value <= 9007199254740992n ? Number(value) : value;
}

/** Exactly. */
export function sumOf(a: Integer, b: Integer): Integer {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return plain(BigInt(a) + BigInt(b));
}

/** An integer of this scale at another one, which is never smaller. */
export function rescaled(value: Integer, from: number, to: number): Integer {
  return from === to ? value : plain(BigInt(value) * 10n ** BigInt(to - from));
}

export function digitsOf(value: Integer, scale: number): string {
  const text = String(value);
  if (scale === 0) return text;
  const isNegative = text.startsWith("-");
  const digits = (isNegative ? text.slice(1) : text).padStart(scale + 1, "0");
  return `${isNegative ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/**
 * A decimal as a floating-point number, with the roundings of the engine, so that averages and ratios have the last
 * bit of those that it computes.
 */
export function doubleOf(value: Integer, scale: number): number {
  // Not 10 ** scale, which is off by a bit for some.
  const power = Number(`1e${scale}`);
  if (typeof value === "number") return value / power;
  if (scale === 0) return wideDouble(value);
  const unit = 10n ** BigInt(scale);
  return wideDouble(value / unit) + wideDouble(value % unit) / power;
}

/** Of 128 bits, with the roundings of the engine: of the lower 64 bits, and of the upper. */
function wideDouble(value: bigint): number {
  const upper = value >> 64n;
  if (upper === -1n) return -Number(-value - 1n) - 1;
  return Number(BigInt.asUintN(64, value)) + Number(upper) * 18446744073709551616;
}

interface Parsed {
  integer: bigint;
  scale: number;
}

/** "-12.50", "1e3": exactly; null for what is no such number. */
export function parseExact(text: string): Parsed | null {
  const found = /^\s*([-+]?)(\d*)\.?(\d*)(?:[eE]([-+]?\d{1,4}))?\s*$/.exec(text);
  if (!found || (found[2] === "" && found[3] === "")) return null;
  const [, sign, whole = "", fraction = "", exponent = "0"] = found;
  let scale = fraction.length - Number(exponent);
  let integer = BigInt(whole + fraction || "0");
  if (scale < 0) {
    integer *= 10n ** BigInt(-scale);
    scale = 0;
  }
  return { integer: sign === "-" ? -integer : integer, scale };
}

function compareParsed(a: Parsed, b: Parsed): number {
  const scale = Math.max(a.scale, b.scale);
  const [left, right] = [a, b].map(({ integer, scale: of }) => integer * 10n ** BigInt(scale - of));
  return left! < right! ? -1 : left! > right! ? 1 : 0;
}

/** NaN is the largest, as the engine has it. */
export function compareNumbers(a: Integer, b: Integer): number {
  if (a !== a) return b !== b ? 0 : 1;
  if (b !== b) return -1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By code points, which is the order of UTF-8 bytes. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; ++i) {
    let [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    // Surrogates stand for what is beyond all others.
    if (x >= 0xd800 && y >= 0xd800)
      [x, y] = [x >= 0xe000 ? x - 0x2000 : x + 0x2000, y >= 0xe000 ? y - 0x2000 : y + 0x2000];
    return x - y;
  }
  return a.length - b.length;
}

export function floatOf(text: string): number {
  const word = text.toLowerCase();
  if (word === "nan") return NaN;
  if (/^[-+]?inf(inity)?$/.test(word)) return word.startsWith("-") ? -Infinity : Infinity;
  return Number(text);
}

/** Years of more than four digits and seconds without a fraction have their place, too. */
function momentKey(text: string): string {
  const found = /^([-+]?)(\d+)-(.*?)Z?$/.exec(text.trim().replace(" ", "T"));
  if (!found) return text;
  const [, sign, year = "", rest = ""] = found;
  const short = rest.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
  return `${sign === "-" ? "0" : "1"}${year.padStart(7, "0")}-${short}`;
}

/** A value of a type, from its text in a file, in a form that compares by value. */
export interface Typed {
  compare(a: string, b: string): number;
  /** Of a filter's value: -1, 0, 1 of value against it; null where it cannot be compared. */
  against(text: string, filter: string): number | null;
  /** As answers have it. */
  json(text: string): Value;
  /** As the engine writes it, for searches. */
  words(text: string): string;
}

const same = (text: string): string => text;

const EXACT = (type: string): Typed => {
  const known = new Map<string, Parsed>();
  const of = (text: string): Parsed => {
    let found = known.get(text);
    if (!found) known.set(text, (found = parseExact(text) ?? { integer: 0n, scale: 0 }));
    return found;
  };
  return {
    compare: (a, b) => compareParsed(of(a), of(b)),
    against: (text, filter) => {
      const number = parseExact(filter);
      return number ? compareParsed(of(text), number) : null;
    },
    json: (text) => (LARGE.test(type) || !Number.isSafeInteger(Number(text)) ? safeOr(text, type) : Number(text)),
    words: same,
  };
};

/** ±2⁵³ itself is a number in answers. */
const safeOr = (text: string, type: string): Value =>
  !LARGE.test(type) && /^-?9007199254740992$/.test(text) ? Number(text) : text;

const FLOAT: Typed = {
  compare: (a, b) => compareNumbers(floatOf(a), floatOf(b)),
  against: (text, filter) => compareNumbers(floatOf(text), floatOf(filter)),
  json: (text) => numberJson(floatOf(text)),
  words: (text) => {
    const value = floatOf(text);
    return Number.isInteger(value) && Math.abs(value) < 1e16 ? value.toFixed(1) : text.toLowerCase();
  },
};

const MOMENT: Typed = {
  compare: (a, b) => compareTexts(momentKey(a), momentKey(b)),
  against: (text, filter) => {
    const [left, right] = [momentKey(text), momentKey(filter)];
    // A day is the beginning of it.
    const pad = (key: string): string => (key.includes("T") ? key : `${key}T00:00:00`);
    return Math.sign(compareTexts(pad(left), pad(right)));
  },
  json: same,
  words: (text) => text.replace("T", " ").replace(/Z$/, "+00"),
};

const BOOLEAN: Typed = {
  compare: (a, b) => compareTexts(a, b),
  against: (text, filter) => Math.sign(compareTexts(text, filter.toLowerCase())),
  json: (text) => text === "true",
  words: same,
};

const TEXT: Typed = {
  compare: compareTexts,
  against: (text, filter) => Math.sign(compareTexts(text, filter)),
  json: same,
  words: same,
};

export function typed(type: string): Typed {
  if (isExactType(type)) return EXACT(type);
  if (isFloatType(type)) return FLOAT;
  if (type === "DATE" || type.startsWith("TIMESTAMP")) return MOMENT;
  return type === "BOOLEAN" ? BOOLEAN : TEXT;
}

/** NaN and infinities go as texts. */
export function numberJson(value: number): Value {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

export function integerJson(value: Integer, type: string): Value {
  if (isDecimalType(type)) return digitsOf(value, scaleOfType(type));
  if (LARGE.test(type)) return String(value);
  const small = plain(value);
  return typeof small === "number" ? small : String(small);
}

/** As the engine's lower(nfc_normalize()): code point by code point. */
export function folded(text: string): string {
  let out = "";
  for (const one of text.normalize("NFC")) out += one === "\u0130" ? "i" : one.toLowerCase();
  return out;
}
