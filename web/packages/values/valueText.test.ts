import {
  Bool,
  Dictionary,
  Field,
  FixedSizeList,
  Int32,
  Int64,
  List,
  Map_,
  Null,
  Schema,
  Struct,
  Table,
  Utf8,
  Utf8View,
  Vector,
  makeData,
  makeVector,
  tableFromIPC,
  tableToIPC,
  vectorFromArray,
  Decimal,
  Float64,
  Float32,
  TimestampMicrosecond,
  TimestampSecond,
  TimestampNanosecond,
  DateDay,
  Uint64,
  Binary,
  TimeMicrosecond,
  RecordBatch,
} from "apache-arrow";
import { describe, expect, it } from "vitest";

import { base64, jsonString, valueText } from "./valueText";

/** All texts of a column, after a journey through Arrow IPC. */
function texts(vector: Vector): (string | null)[] {
  const table = new Table({ column: vector });
  const back = tableFromIPC(tableToIPC(table, "stream"));
  return back.batches.flatMap((batch) => {
    const data = batch.data.children[0];
    if (!data) throw new Error("no column");
    const read = valueText(data);
    return Array.from({ length: batch.numRows }, (_, row) => read(row));
  });
}

/** A decimal of 128 bits from its scaled integer. */
function decimals(values: readonly (bigint | null)[], precision: number, scale: number): Vector {
  const words = new Uint32Array(values.length * 4);
  const bitmap = new Uint8Array(8);
  values.forEach((value, i) => {
    if (value === null) return;
    bitmap[i >> 3] = (bitmap[i >> 3] ?? 0) | (1 << (i & 7));
    const unsigned = BigInt.asUintN(128, value);
    for (let word = 0; word < 4; ++word) words[4 * i + word] = Number((unsigned >> BigInt(32 * word)) & 0xffffffffn);
  });
  const nullCount = values.filter((value) => value === null).length;
  return makeVector(
    makeData({
      type: new Decimal(scale, precision, 128),
      length: values.length,
      nullCount,
      nullBitmap: bitmap,
      data: words,
    }),
  );
}

describe("integers", () => {
  it("keeps every digit of 64 bits", () => {
    expect(texts(makeVector(BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n), 9007199254740993n, 0n)))).toEqual([
      "9223372036854775807",
      "-9223372036854775808",
      "9007199254740993",
      "0",
    ]);
    expect(texts(makeVector(BigUint64Array.of(2n ** 64n - 1n)))).toEqual(["18446744073709551615"]);
    expect(new Uint64().isSigned).toBe(false);
  });

  it("keeps HUGEINT, also those of 39 digits, which the type's precision forbids", () => {
    expect(texts(decimals([2n ** 127n - 1n, -(2n ** 127n), 0n, null], 38, 0))).toEqual([
      "170141183460469231731687303715884105727",
      "-170141183460469231731687303715884105728",
      "0",
      null,
    ]);
  });
});

describe("decimals", () => {
  it("keeps all digits and the scale", () => {
    const most = 10n ** 38n - 1n;
    expect(texts(decimals([most, -most, 1n, -1n, 0n, 11_000_000_000n], 38, 10))).toEqual([
      "9999999999999999999999999999.9999999999",
      "-9999999999999999999999999999.9999999999",
      "0.0000000001",
      "-0.0000000001",
      "0.0000000000",
      "1.1000000000",
    ]);
  });
});

describe("floating point", () => {
  it("writes the shortest digits, as the server does", () => {
    const values = [
      0,
      -0,
      NaN,
      Infinity,
      -Infinity,
      0.1,
      1e308,
      5e-324,
      1e16,
      1e15,
      123456789.123456789,
      2.5e-7,
      0.0001,
      0.00001,
      3,
    ];
    expect(texts(makeVector(Float64Array.from(values)))).toEqual([
      "0.0",
      "-0.0",
      "NaN",
      "Infinity",
      "-Infinity",
      "0.1",
      "1e+308",
      "5e-324",
      "1e+16",
      "1000000000000000.0",
      "123456789.12345679",
      "2.5e-07",
      "0.0001",
      "1e-05",
      "3.0",
    ]);
    expect(new Float64().precision).toBe(2);
  });

  it("knows that a 32-bit float has fewer digits", () => {
    expect(texts(makeVector(Float32Array.of(0.1, 16777217, 3.4028235e38, 1e-45, 1 / 3)))).toEqual([
      "0.1",
      "16777216.0",
      "3.4028235e+38",
      "1e-45",
      "0.33333334",
    ]);
    expect(new Float32().precision).toBe(1);
  });
});

describe("dates and times", () => {
  const days = (...values: number[]): Vector =>
    makeVector(makeData({ type: new DateDay(), length: values.length, data: Int32Array.from(values) }));
  const stamps = (type: TimestampMicrosecond | TimestampSecond | TimestampNanosecond, ...values: bigint[]): Vector =>
    makeVector(makeData({ type, length: values.length, data: BigInt64Array.from(values) }));

  it("counts days before 1970 and outside of four digits", () => {
    expect(texts(days(0, -1, -719162, 2932896, -719529, 2932897, 2147483647, -2147483647))).toEqual([
      "1970-01-01",
      "1969-12-31",
      "0001-01-01",
      "9999-12-31",
      "-0001-12-31",
      "+10000-01-01",
      "infinity",
      "-infinity",
    ]);
  });

  it("keeps fractions before 1970", () => {
    expect(texts(stamps(new TimestampMicrosecond(), -1n, 0n, 1_500_000n, -62135596799999999n))).toEqual([
      "1969-12-31T23:59:59.999999",
      "1970-01-01T00:00:00",
      "1970-01-01T00:00:01.500",
      "0001-01-01T00:00:00.000001",
    ]);
    expect(texts(stamps(new TimestampNanosecond(), -1n, 2n ** 63n - 1n))).toEqual([
      "1969-12-31T23:59:59.999999999",
      "infinity",
    ]);
    expect(texts(stamps(new TimestampSecond(), -1n))).toEqual(["1969-12-31T23:59:59"]);
  });

  it("marks instants with Z", () => {
    expect(texts(stamps(new TimestampMicrosecond("UTC"), 0n))).toEqual(["1970-01-01T00:00:00Z"]);
  });

  it("writes times of day", () => {
    const data = makeData({ type: new TimeMicrosecond(), length: 2, data: BigInt64Array.of(86_399_999_999n, 0n) });
    expect(texts(makeVector(data))).toEqual(["23:59:59.999999", "00:00:00"]);
  });
});

describe("texts", () => {
  it("tells NULL from the empty text", () => {
    expect(texts(vectorFromArray(["", null, "a\tb\n", "😀 e\u0301"], new Utf8()))).toEqual([
      "",
      null,
      "a\tb\n",
      "😀 e\u0301",
    ]);
    expect(texts(vectorFromArray([true, false, null], new Bool()))).toEqual(["true", "false", null]);
    expect(texts(vectorFromArray([null, null], new Null()))).toEqual([null, null]);
  });

  it("reads dictionaries", () => {
    const type = new Dictionary(new Utf8(), new Int32());
    expect(texts(vectorFromArray(["sad", null, "", "sad"], type))).toEqual(["sad", null, "", "sad"]);
  });

  it("writes bytes in base64", () => {
    expect(texts(vectorFromArray([Uint8Array.of(0, 255, 128), Uint8Array.of()], new Binary()))).toEqual(["AP+A", ""]);
    expect(base64(new Uint8Array(100_000)).length).toBe(133_336);
  });

  it("escapes as the server does", () => {
    expect(jsonString('\u0001"\\\n\b\f\u2028\u007f')).toBe('"\\u0001\\"\\\\\\n\\u0008\\u000c\u2028\u007f"');
  });
});

describe("nested values", () => {
  it("are JSON, with integers beyond 2^53 and decimals as strings", () => {
    const list = new List(new Field("item", new Int64(), true));
    expect(texts(vectorFromArray([[1n, null, 2n ** 63n - 1n], null, []], list))).toEqual([
      '[1,null,"9223372036854775807"]',
      null,
      "[]",
    ]);
    const pair = new FixedSizeList(2, new Field("item", new Int32(), true));
    expect(
      texts(
        vectorFromArray(
          [
            [1, 2],
            [null, -1],
          ],
          pair,
        ),
      ),
    ).toEqual(["[1,2]", "[null,-1]"]);
  });

  it("writes structs and maps as objects", () => {
    const type = new Struct([new Field("a", new Int64(), true), new Field("b", new Utf8(), true)]);
    expect(
      texts(
        vectorFromArray(
          [
            { a: 9007199254740993n, b: 'x"y' },
            { a: null, b: "" },
          ],
          type,
        ),
      ),
    ).toEqual(['{"a":"9007199254740993","b":"x\\"y"}', '{"a":null,"b":""}']);
    const entries = new Struct<{ key: Utf8; value: Int32 }>([
      new Field("key", new Utf8(), false),
      new Field("value", new Int32(), true),
    ]);
    const map = new Map_(new Field("entries", entries, false));
    expect(
      texts(
        vectorFromArray(
          [
            new Map([
              ["k", 1],
              ['a "q"', null],
            ]),
          ],
          map as never,
        ),
      ),
    ).toEqual(['{"k":1,"a \\"q\\"":null}']);
  });

  it("writes NaN inside others as a string and numbers as numbers", () => {
    const list = new List(new Field("item", new Float64(), true));
    expect(texts(vectorFromArray([[NaN, -Infinity, 1e22, 0.5]], list))).toEqual(['["NaN","-Infinity",1e+22,0.5]']);
  });
});

it("reads a batch that starts behind others", () => {
  const schema = new Schema([new Field("column", new Utf8(), true)]);
  const batches = [["a", "b"], ["c"]].map(
    (values) =>
      new RecordBatch(
        schema,
        makeData({
          type: new Struct(schema.fields),
          length: values.length,
          children: [vectorFromArray(values, new Utf8()).data[0]!],
        }),
      ),
  );
  const table = new Table(schema, batches);
  expect(texts(table.getChildAt(0)!)).toEqual(["a", "b", "c"]);
});

describe("a leading U+FEFF", () => {
  const values = ["\ufeffbom", "\ufeff", "plain", "a longer text that is not inside its view \ufeff"];

  it("is the value's own", () => {
    expect(texts(vectorFromArray(values, new Utf8()))).toEqual(values);
    expect(texts(vectorFromArray([values], new List(new Field("item", new Utf8()))))).toEqual([
      JSON.stringify(values),
    ]);
  });

  it("is there in views of texts too", () => {
    const bytes = values.map((value) => new TextEncoder().encode(value));
    const heap = new Uint8Array(bytes.reduce((sum, each) => sum + each.length, 0));
    const views = new DataView(new ArrayBuffer(16 * values.length));
    let end = 0;
    bytes.forEach((each, row) => {
      views.setInt32(16 * row, each.length, true);
      if (each.length <= 12) each.forEach((byte, i) => views.setUint8(16 * row + 4 + i, byte));
      else {
        each.slice(0, 4).forEach((byte, i) => views.setUint8(16 * row + 4 + i, byte));
        views.setInt32(16 * row + 12, end, true);
        heap.set(each, end);
        end += each.length;
      }
    });
    const data = makeData({
      type: new Utf8View(),
      length: values.length,
      nullCount: 0,
      views: new Uint8Array(views.buffer),
      variadicBuffers: [heap],
    });
    const read = valueText(data);
    expect(values.map((_, row) => read(row))).toEqual(values);
  });
});
