/**
 * Arrow columns as display strings, one function per column, bound once by type: exactly the text of the server's csv
 * (for a value alone) and json (inside lists, structs and maps). Works on Arrow's buffers, because no JavaScript number
 * holds an int64 or a decimal.
 */
import { BinaryView, type Data, type DataType, type Field, Type, Vector } from "apache-arrow";

import { decimalText, doubleText, floatText, halfToNumber, wordsToBigInt } from "./numberText";
import {
  type FractionDigits,
  dateMsText,
  dateText,
  durationText,
  intervalText,
  timeText,
  timestampText,
} from "./timeText";

/** The text of a row's value; null for NULL. */
export type ValueText = (row: number) => string | null;

type Style = "display" | "json";

// A text may begin with U+FEFF: it is the value's own.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const SAFE_INTEGER_MAX = 2n ** 53n;
const FRACTION_DIGITS: readonly FractionDigits[] = [0, 3, 6, 9];

const quoted = (text: string): string => `"${text}"`;

/** As the server writes a JSON string: control characters escaped, everything else as it is. */
export function jsonString(text: string): string {
  return JSON.stringify(text).replace(/[\u2028\u2029\u007f]|\\[bf]|\\ud[89a-f][0-9a-f]{2}/g, (found) => {
    if (found === "\\b") return "\\u0008";
    if (found === "\\f") return "\\u000c";
    return found.startsWith("\\ud") ? "\ufffd" : found;
  });
}

export function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(binary);
}

function isNull(data: Data, row: number): boolean {
  if (data.nullCount === 0 || data.nullBitmap.length === 0) return false;
  const position = data.offset + row;
  return ((data.nullBitmap[position >> 3] ?? 0) & (1 << (position & 7))) === 0;
}

function nullable(data: Data, text: (row: number) => string): ValueText {
  return (row) => (isNull(data, row) ? null : text(row));
}

/** JSON's word for null in place of nothing, for values inside others. */
const inside =
  (text: ValueText): ((row: number) => string) =>
  (row) =>
    text(row) ?? "null";

function bigints(data: Data): BigInt64Array | BigUint64Array {
  return data.values as BigInt64Array | BigUint64Array;
}

function integer(data: Data, style: Style): (row: number) => string {
  const values = data.values as ArrayLike<number> | ArrayLike<bigint>;
  if (style === "display") return (row) => String(values[row]);
  return (row) => {
    const value = values[row] ?? 0;
    if (typeof value === "number") return String(value);
    const fits = value <= SAFE_INTEGER_MAX && value >= -SAFE_INTEGER_MAX;
    return fits ? value.toString() : quoted(value.toString());
  };
}

function floating(data: Data, style: Style): (row: number) => string {
  const values = data.values as ArrayLike<number>;
  const precision = (data.type as unknown as { precision: number }).precision;
  const text = (row: number): string => {
    const value = values[row] ?? NaN;
    if (precision === 2) return doubleText(value);
    return floatText(precision === 0 ? halfToNumber(value) : value);
  };
  if (style === "display") return text;
  return (row) => {
    const written = text(row);
    return /[a-zI]/.test(written) && !written.includes("e")
      ? quoted(written)
      : /^-?[NI]/.test(written)
        ? quoted(written)
        : written;
  };
}

function decimal(data: Data, style: Style): (row: number) => string {
  const { scale, bitWidth } = data.type as unknown as { scale: number; bitWidth: number };
  const raw = data.values as Uint32Array;
  const words = new Uint32Array(raw.buffer, raw.byteOffset, raw.byteLength / 4);
  const count = (bitWidth || 128) / 32;
  const text = (row: number): string => decimalText(wordsToBigInt(words, row * count, count), scale);
  return style === "json" ? (row) => quoted(text(row)) : text;
}

/** Start and end of a row's bytes or items; offsets of 64 bits are within what one message can hold. */
function bounds(data: Data): (row: number) => [number, number] {
  const offsets = data.valueOffsets as unknown as ArrayLike<number> | ArrayLike<bigint>;
  return (row) => [Number(offsets[row]), Number(offsets[row + 1])];
}

function bytesOf(data: Data): (row: number) => Uint8Array {
  const values = data.values as Uint8Array;
  if (data.typeId === Type.FixedSizeBinary) {
    const width = (data.type as unknown as { byteWidth: number }).byteWidth;
    return (row) => values.subarray(row * width, (row + 1) * width);
  }
  if (data.typeId === Type.BinaryView || data.typeId === Type.Utf8View) {
    // As bytes: the library's own reading of a text takes a leading U+FEFF for a mark and drops it.
    const vector = new Vector([data.clone(new BinaryView() as DataType) as Data<BinaryView>]);
    return (row) => vector.get(row) as Uint8Array;
  }
  const range = bounds(data);
  return (row) => values.subarray(...range(row));
}

function text(data: Data, style: Style): (row: number) => string {
  const bytes = bytesOf(data);
  const read = (row: number): string => utf8.decode(bytes(row));
  return style === "json" ? (row) => jsonString(read(row)) : read;
}

function digitsOfUnit(data: Data): FractionDigits {
  return FRACTION_DIGITS[(data.type as unknown as { unit: number }).unit] ?? 6;
}

function temporal(data: Data): ((row: number) => string) | null {
  const numbers = data.values as ArrayLike<number>;
  const digits = digitsOfUnit(data);
  switch (data.typeId) {
    case Type.Date:
      if (data.values instanceof BigInt64Array) return (row) => dateMsText(bigints(data)[row] ?? 0n);
      return (row) => dateText(numbers[row] ?? 0);
    case Type.Time:
      return (row) => timeText(BigInt(numbers[row] ?? 0), digits);
    case Type.Timestamp: {
      const utc = Boolean((data.type as unknown as { timezone?: string | null }).timezone);
      return (row) => timestampText(bigints(data)[row] ?? 0n, digits, utc);
    }
    case Type.Duration:
      return (row) => durationText(bigints(data)[row] ?? 0n, digits);
    case Type.Interval:
      return interval(data);
    default:
      return null;
  }
}

function interval(data: Data): (row: number) => string {
  const words = data.values as Int32Array;
  const unit = (data.type as unknown as { unit: number }).unit;
  if (unit === 0) return (row) => intervalText(words[row] ?? 0, 0, 0n);
  if (unit === 1) {
    return (row) => intervalText(0, words[2 * row] ?? 0, BigInt(words[2 * row + 1] ?? 0) * 1_000_000n);
  }
  return (row) => {
    const low = BigInt((words[4 * row + 2] ?? 0) >>> 0);
    const nanoseconds = (BigInt(words[4 * row + 3] ?? 0) << 32n) | low;
    return intervalText(words[4 * row] ?? 0, words[4 * row + 1] ?? 0, nanoseconds);
  };
}

function list(data: Data): (row: number) => string {
  const [items] = data.children;
  if (!items) return () => "[]";
  const item = inside(bind(items, "json"));
  const size = (data.type as unknown as { listSize?: number }).listSize;
  const range: (row: number) => [number, number] =
    data.typeId === Type.FixedSizeList && size !== undefined ? (row) => [row * size, (row + 1) * size] : bounds(data);
  return (row) => {
    const [first, end] = range(row);
    const parts: string[] = [];
    for (let i = first; i < end; ++i) parts.push(item(i));
    return `[${parts.join(",")}]`;
  };
}

/** Field names made unique as the server does: a second "a" becomes "a_1". */
function uniqueKeys(fields: readonly Field[]): string[] {
  const given = new Set(fields.map((field) => field.name));
  const taken = new Set<string>();
  return fields.map((field) => {
    let name = field.name;
    for (let suffix = 1; taken.has(name) || (suffix > 1 && given.has(name)); ++suffix)
      name = `${field.name}_${suffix}`;
    taken.add(name);
    return jsonString(name);
  });
}

function struct(data: Data): (row: number) => string {
  const keys = uniqueKeys(data.type.children as Field[]);
  const members = data.children.map((child) => inside(bind(child, "json")));
  return (row) => `{${members.map((member, i) => `${keys[i]}:${member(row)}`).join(",")}}`;
}

function map(data: Data): (row: number) => string {
  const [entries] = data.children;
  const [keyData, itemData] = entries?.children ?? [];
  if (!keyData || !itemData) return () => "{}";
  const keysAreText = [Type.Utf8, Type.LargeUtf8, Type.Utf8View].includes(keyData.typeId);
  const key = inside(bind(keyData, "json"));
  const item = inside(bind(itemData, "json"));
  const range = bounds(data);
  return (row) => {
    const [first, end] = range(row);
    const parts: string[] = [];
    for (let i = first; i < end; ++i) parts.push(keysAreText ? `${key(i)}:${item(i)}` : `[${key(i)},${item(i)}]`);
    return keysAreText ? `{${parts.join(",")}}` : `[${parts.join(",")}]`;
  };
}

function union(data: Data, style: Style): ValueText {
  const children = data.children.map((child) => bind(child, style));
  const ids = data.typeIds as Int8Array;
  const { mode, typeIdToChildIndex } = data.type as unknown as { mode: number; typeIdToChildIndex: number[] };
  const offsets = data.valueOffsets as Int32Array;
  return (row) => {
    const child = children[typeIdToChildIndex[ids[row] ?? 0] ?? -1];
    return child ? child(mode === 1 ? (offsets[row] ?? 0) : row) : null;
  };
}

function dictionary(data: Data, style: Style): ValueText {
  const indices = data.values as ArrayLike<number | bigint>;
  const chunks = data.dictionary?.data ?? [];
  const values = chunks.map((chunk) => bind(chunk, style));
  return (row) => {
    if (isNull(data, row)) return null;
    let index = Number(indices[row]);
    for (let i = 0; i < chunks.length; ++i) {
      const length = chunks[i]?.length ?? 0;
      if (index < length) return values[i]?.(index) ?? null;
      index -= length;
    }
    return null;
  };
}

function scalar(data: Data, style: Style): ((row: number) => string) | null {
  switch (data.typeId) {
    case Type.Bool: {
      const bits = data.values as Uint8Array;
      return (row) => ((bits[(data.offset + row) >> 3] ?? 0) & (1 << ((data.offset + row) & 7)) ? "true" : "false");
    }
    case Type.Int:
      return integer(data, style);
    case Type.Float:
      return floating(data, style);
    case Type.Decimal:
      return decimal(data, style);
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return text(data, style);
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
    case Type.FixedSizeBinary: {
      const bytes = bytesOf(data);
      return style === "json" ? (row) => quoted(base64(bytes(row))) : (row) => base64(bytes(row));
    }
    default: {
      const word = temporal(data);
      return word && style === "json" ? (row) => quoted(word(row)) : word;
    }
  }
}

function bind(data: Data<DataType>, style: Style): ValueText {
  const value = scalar(data, style);
  if (value) return nullable(data, value);
  switch (data.typeId) {
    case Type.Null:
      return () => null;
    case Type.List:
    case Type.LargeList:
    case Type.FixedSizeList:
      return nullable(data, list(data));
    case Type.Struct:
      return nullable(data, struct(data));
    case Type.Map:
      return nullable(data, map(data));
    case Type.Union:
      return union(data, style);
    case Type.Dictionary:
      return dictionary(data, style);
    default:
      throw new TypeError(`No text for Arrow type ${data.type.toString()}`);
  }
}

/** The display text of a column of one record batch. Throws TypeError for a type that has none. */
export function valueText(data: Data): ValueText {
  return bind(data, "display");
}
