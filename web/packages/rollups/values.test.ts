import { describe, expect, it } from "vitest";

import { matcher } from "./conditions";
import { distinctOf, mergeRegisters, quantileOf } from "./sketches";
import { compareTexts, digitsOf, doubleOf, folded, integerJson, parseExact, sumOf, typed } from "./values";

describe("sums", () => {
  it("are exact beyond what a number holds", () => {
    const cents = [29n, 115n, -1n, 9007199254740993n];
    expect(
      digitsOf(
        cents.reduce<number | bigint>((sum, each) => sumOf(sum, each), 0),
        2,
      ),
    ).toBe("90071992547411.36");
    expect(sumOf(2 ** 53 - 1, 2)).toBe(9007199254740993n);
    expect(sumOf(9007199254740993n, -2)).toBe(9007199254740991);
    expect(digitsOf(-5, 2)).toBe("-0.05");
  });

  it("are written as in answers", () => {
    expect(integerJson(2 ** 53, "BIGINT")).toBe(9007199254740992);
    expect(integerJson(9007199254740993n, "BIGINT")).toBe("9007199254740993");
    expect(integerJson(5, "HUGEINT")).toBe("5");
    expect(integerJson(5, "DECIMAL(38,2)")).toBe("0.05");
  });
});

/** SELECT CAST(CAST(… AS DECIMAL(38,s)) AS DOUBLE) of DuckDB 1.5.6. */
describe("decimals as floating-point numbers", () => {
  it.each(DUCKDB())("%s at scale %i", (integer, scale, double) => {
    const value = BigInt(integer);
    const small = value >= -(2n ** 53n) && value <= 2n ** 53n;
    expect(doubleOf(small ? Number(value) : value, scale)).toBe(double);
  });
});

function DUCKDB(): [string, number, number][] {
  return [
    ["9007199254740993", 2, 90071992547409.94],
    ["-9007199254740993", 2, -90071992547409.94],
    ["123456789012345678901234567890", 2, 1.2345678901234569e27],
    ["-123456789012345678901234567890", 7, -1.2345678901234568e22],
    ["10000000000000000000000000000000012345", 18, 1e19],
    ["18446744073709551616", 0, 1.8446744073709552e19],
    ["-18446744073709551619", 0, -1.8446744073709552e19],
    ["9007199254740993", 0, 9007199254740992.0],
    ["-9007199254740993", 0, -9007199254740992.0],
    ["29", 2, 0.29],
    ["115", 1, 11.5],
    ["-8639051832648638021080608384773474", 2, -8.639051832648637e31],
    ["1920041512053728096806641075780", 10, 1.9200415120537282e20],
    ["505496165907307662506270243575413", 18, 505496165907307.7],
    ["58828551561339525631412", 18, 58828.551561339526],
    ["864179953142165284", 18, 0.8641799531421652],
    ["9144295715147817782161760", 10, 914429571514781.8],
    ["64124816919564285524502032242", 10, 6.412481691956429e18],
    ["-871012291252397317", 2, -8710122912523973.0],
    ["67756951585837793141771124547", 2, 6.775695158583779e26],
    ["-5042345301772134975225348282501", 4, -5.042345301772135e26],
    ["-490506533871539327325835413044112", 4, -4.9050653387153935e28],
    ["90016341688114761803493744829447626", 0, 9.001634168811476e34],
    ["-3426818769959442142212783251605937", 10, -3.426818769959442e23],
    ["8323262326654881276556837", 10, 832326232665488.1],
  ];
}

describe("values", () => {
  it("are compared as the engine does", () => {
    expect(compareTexts("\u{1f4b6}", "\uffee")).toBeGreaterThan(0);
    expect(typed("DOUBLE").compare("NaN", "Infinity")).toBeGreaterThan(0);
    expect(typed("DECIMAL(12,2)").compare("9.50", "10.00")).toBeLessThan(0);
    expect(typed("TIMESTAMP").compare("2025-01-01T00:00:00", "2025-01-01T00:00:00.5")).toBeLessThan(0);
  });

  it("become those of answers", () => {
    expect(typed("BIGINT").json("12")).toBe(12);
    expect(typed("BIGINT").json("9007199254740993")).toBe("9007199254740993");
    expect(typed("DECIMAL(12,2)").json("12.50")).toBe("12.50");
    expect(typed("DOUBLE").json("10.0")).toBe(10);
    expect(typed("BOOLEAN").json("true")).toBe(true);
  });

  it("match filters", () => {
    const match = (filter: Parameters<typeof matcher>[0], type: string) => matcher(filter, type);
    expect(match([10], "DECIMAL(12,2)")("10.00")).toBe(true);
    expect(match(["1e1"], "BIGINT")("10")).toBe(true);
    expect(match([10.5], "BIGINT")("10")).toBe(false);
    expect(match([null, "DE"], "VARCHAR")(null)).toBe(true);
    expect(match(["DE"], "VARCHAR")(null)).toBe(false);
    expect(match({ not: ["DE"] }, "VARCHAR")(null)).toBe(true);
    expect(match({ not: [null] }, "VARCHAR")(null)).toBe(false);
    expect(match([], "VARCHAR")("DE")).toBe(false);
    expect(match({ from: 2, to: 10 }, "BIGINT")("10")).toBe(false);
    expect(match({ from: 2 }, "BIGINT")(null)).toBe(false);
    expect(match({ from: 2 }, "DOUBLE")("NaN")).toBe(true);
    expect(match(["2025-01-01 00:00:00"], "TIMESTAMP")("2025-01-01T00:00:00")).toBe(true);
    expect(match([true], "BOOLEAN")("true")).toBe(true);
  });

  it("are read exactly", () => {
    expect(parseExact("-12.50")).toEqual({ integer: -1250n, scale: 2 });
    expect(parseExact("1e3")).toEqual({ integer: 1000n, scale: 0 });
    expect(parseExact("abc")).toBeNull();
    expect(folded("ÄİΣ")).toBe("äiσ");
  });
});

describe("sketches", () => {
  it("count distinct values within their error, merged as one", () => {
    /** SplitMix64. */
    const hash = (i: number): bigint => {
      let z = BigInt.asUintN(64, BigInt(i) * 0x9e3779b97f4a7c15n);
      z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
      z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
      return z ^ (z >> 31n);
    };
    const add = (registers: Uint8Array, i: number): void => {
      const h = hash(i);
      const rest = h & 0xfffffffffffffn;
      const rank = 53 - rest.toString(2).length + (rest === 0n ? 1 : 0);
      const at = Number(h >> 52n);
      registers[at] = Math.max(registers[at]!, rank);
    };
    for (const count of [0, 1, 3, 100, 5_000, 60_000]) {
      const [a, b] = [new Uint8Array(4096), new Uint8Array(4096)];
      for (let i = 1; i <= count; ++i) add(i % 2 ? a : b, i);
      for (let i = 1; i <= count / 2; ++i) add(a, i);
      mergeRegisters(a, b);
      expect(Math.abs(distinctOf(a) - count), String(count)).toBeLessThanOrEqual(count * 0.0163 * 3);
    }
  });

  it("tell quantiles within one per cent", () => {
    const gamma = 1.01 / 0.99;
    const bins = new Map<number, number>();
    const values = Array.from({ length: 1001 }, (_, i) => (i - 200) * 1.7);
    for (const value of values) {
      const index = value === 0 ? 0 : Math.ceil(Math.log(Math.abs(value)) / Math.log(gamma)) + 40_000;
      const bin = value < 0 ? -index : index;
      bins.set(bin, (bins.get(bin) ?? 0) + 1);
    }
    for (const q of [0, 0.1, 0.5, 0.95, 1]) {
      const exact = values[Math.round(q * 1000)]!;
      expect(Math.abs(quantileOf(bins, q)! - exact), String(q)).toBeLessThanOrEqual(Math.abs(exact) * 0.0101);
    }
    expect(quantileOf(new Map(), 0.5)).toBeNull();
  });
});
