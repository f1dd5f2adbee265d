/**
 * Numbers as the server's text formats write them (src/base/format.hpp): what is displayed is what is exported, and
 * what a filter finds.
 */

/** Digits and exponent of the first digit, from JavaScript's own shortest notation. */
function digitsOf(text: string): { digits: string; exponent: number } {
  const [mantissa = "", power] = text.split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const all = whole + fraction;
  const leading = /^0*/.exec(all)?.[0].length ?? 0;
  const digits = all.slice(leading).replace(/0+$/, "");
  return { digits, exponent: whole.length - 1 - leading + (power === undefined ? 0 : Number(power)) };
}

function layOut(shortest: string): string {
  const { digits, exponent } = digitsOf(shortest);
  if (exponent < -4 || exponent >= 16) {
    const size = Math.abs(exponent).toString().padStart(2, "0");
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return `${digits.padEnd(exponent + 1, "0")}.0`;
  return `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

function floatingText(value: number, shortest: (size: number) => string): string {
  if (Number.isNaN(value)) return "NaN";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (value === 0) return `${sign}0.0`;
  const size = Math.abs(value);
  return size === Infinity ? `${sign}Infinity` : sign + layOut(shortest(size));
}

/** The shortest digits that read back as the same double; a whole one keeps ".0"; exponents below 1e-4, from 1e16. */
export function doubleText(value: number): string {
  return floatingText(value, String);
}

/** As doubleText, with the shortest digits that read back as the same 32-bit float. */
export function floatText(value: number): string {
  return floatingText(value, (size) => {
    for (let precision = 1; precision < 9; ++precision) {
      const text = size.toPrecision(precision);
      if (Math.fround(Number(text)) === size) return text;
    }
    return size.toPrecision(9);
  });
}

/** unscaled × 10^-scale in plain digits; the fraction has exactly `scale` digits. */
export function decimalText(unscaled: bigint, scale: number): string {
  const negative = unscaled < 0n;
  const digits = (negative ? -unscaled : unscaled).toString();
  const sign = negative ? "-" : "";
  if (scale === 0) return sign + digits;
  if (scale < 0) return unscaled === 0n ? "0" : sign + digits + "0".repeat(-scale);
  const padded = digits.padStart(scale + 1, "0");
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

/** A two's complement integer from its 32-bit words, least significant first. */
export function wordsToBigInt(words: Uint32Array, start: number, count: number): bigint {
  let value = 0n;
  for (let i = count - 1; i >= 0; --i) value = (value << 32n) | BigInt(words[start + i] ?? 0);
  return BigInt.asIntN(32 * count, value);
}

/** 16-bit floating point: one sign bit, five of the exponent, ten of the fraction. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
