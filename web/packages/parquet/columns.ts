/**
 * Columns of a file, decoded: typed arrays, of which nothing went through a floating-point number that does not
 * hold it.
 */

/** Texts by number; -1 is null. */
export interface TextColumn {
  kind: "text";
  codes: Int32Array;
  dictionary: string[];
}

/**
 * Integers. Without `high` each value is in `low`, and so is the sum of any of them, exactly; else a value is
 * high × 2³² + low with low from 0 to 2³² − 1, so that sums of each half are exact for two million values.
 */
export interface IntegerColumn {
  kind: "integer";
  low: Float64Array;
  high: Float64Array | null;
  /** 1 where the value is null; null where none is. */
  nulls: Uint8Array | null;
}

export interface NumberColumn {
  kind: "number";
  values: Float64Array;
  nulls: Uint8Array | null;
}

export type Column = TextColumn | IntegerColumn | NumberColumn;
export type Columns = Readonly<Record<string, Column>>;

const HALF = 2 ** 32;

/** Value of a row; null for null. */
export function integerAt(column: IntegerColumn, row: number): number | bigint | null {
  if (column.nulls?.[row]) return null;
  return column.high ? (BigInt(column.high[row]!) << 32n) + BigInt(column.low[row]!) : column.low[row]!;
}

/** From 64-bit integers in memory. */
export function integersOf(values: BigInt64Array, nulls: Uint8Array | null): IntegerColumn {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  const low = new Float64Array(values.length);
  let size = 0;
  for (let i = 0; i < values.length; ++i) {
    const value = halves[2 * i + 1]! * HALF + (halves[2 * i]! >>> 0);
    low[i] = value;
    size += Math.abs(value);
  }
  // Half of what a double holds: `size` itself is rounded.
  if (size < 2 ** 52) return { kind: "integer", low, high: null, nulls };
  const high = new Float64Array(values.length);
  for (let i = 0; i < values.length; ++i) {
    high[i] = halves[2 * i + 1]!;
    low[i] = halves[2 * i]! >>> 0;
  }
  return { kind: "integer", low, high, nulls };
}

function joinNulls(parts: readonly { nulls: Uint8Array | null; length: number }[]): Uint8Array | null {
  if (parts.every(({ nulls }) => nulls === null)) return null;
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const { nulls, length } of parts) {
    if (nulls) out.set(nulls, at);
    at += length;
  }
  return out;
}

function joinFloats(parts: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function joinTexts(parts: readonly TextColumn[]): TextColumn {
  const known = new Map<string, number>();
  const codes = new Int32Array(parts.reduce((sum, part) => sum + part.codes.length, 0));
  let at = 0;
  for (const part of parts) {
    const numbers = part.dictionary.map((text) => {
      const found = known.get(text) ?? known.size;
      known.set(text, found);
      return found;
    });
    for (const code of part.codes) codes[at++] = code < 0 ? -1 : numbers[code]!;
  }
  return { kind: "text", codes, dictionary: [...known.keys()] };
}

/** 64-bit integers of several row groups are put together before they become numbers: one sum decides for all. */
export function joinIntegers(parts: readonly { values: BigInt64Array; nulls: Uint8Array | null }[]): IntegerColumn {
  const values = new BigInt64Array(parts.reduce((sum, part) => sum + part.values.length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part.values, at);
    at += part.values.length;
  }
  return integersOf(values, joinNulls(parts.map((part) => ({ nulls: part.nulls, length: part.values.length }))));
}

export function joinNumbers(parts: readonly NumberColumn[]): NumberColumn {
  return {
    kind: "number",
    values: joinFloats(parts.map(({ values }) => values)),
    nulls: joinNulls(parts.map(({ values, nulls }) => ({ nulls, length: values.length }))),
  };
}

/** The memory of columns, to hand over to another thread. */
export function buffersOf(columns: Columns): ArrayBuffer[] {
  const arrays = Object.values(columns).flatMap((column): (ArrayBufferView | null)[] => {
    if (column.kind === "text") return [column.codes];
    return column.kind === "integer" ? [column.low, column.high, column.nulls] : [column.values, column.nulls];
  });
  return [...new Set(arrays.flatMap((array) => (array ? [array.buffer as ArrayBuffer] : [])))];
}
