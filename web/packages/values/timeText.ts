/**
 * Dates, times and intervals as the server's text formats write them (src/base/format.hpp): proleptic Gregorian, years
 * outside 0 to 9999 with a sign, fractions of three, six or nine digits.
 */

const SECONDS_PER_DAY = 86_400;

/** How many digits a fraction of a second has. */
export type FractionDigits = 0 | 3 | 6 | 9;

const PER_SECOND: Record<FractionDigits, bigint> = { 0: 1n, 3: 1_000n, 6: 1_000_000n, 9: 1_000_000_000n };

const pair = (value: number): string => (value < 10 ? `0${value}` : String(value));

function dayText(daysSinceEpoch: number): string {
  // Days are counted from 0000-03-01, so that a leap day ends a year, in eras of 400 years (146,097 days).
  const shifted = daysSinceEpoch + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0);
  const sign = year < 0 ? "-" : year > 9999 ? "+" : "";
  return `${sign}${Math.abs(year).toString().padStart(4, "0")}-${pair(month)}-${pair(day)}`;
}

function clockText(seconds: number): string {
  return `${pair(Math.floor(seconds / 3600))}:${pair(Math.floor(seconds / 60) % 60)}:${pair(seconds % 60)}`;
}

function fractionText(fraction: number, digits: FractionDigits): string {
  if (fraction === 0) return "";
  let text = fraction.toString().padStart(digits, "0");
  while (text.length > 3 && text.endsWith("000")) text = text.slice(0, -3);
  return `.${text}`;
}

/** Splits a count of fractions since a point in time into whole seconds and the fraction, rounded down. */
function split(value: bigint, digits: FractionDigits): { seconds: number; fraction: number } {
  const divisor = PER_SECOND[digits];
  let seconds = value / divisor;
  let fraction = value % divisor;
  if (fraction < 0n) {
    fraction += divisor;
    seconds -= 1n;
  }
  return { seconds: Number(seconds), fraction: Number(fraction) };
}

/** Days since 1970-01-01; the largest int32 and its negation are DuckDB's infinities. */
export function dateText(days: number): string {
  if (days === 2_147_483_647) return "infinity";
  if (days <= -2_147_483_647) return "-infinity";
  return dayText(days);
}

export function dateMsText(ms: bigint): string {
  return dayText(Math.floor(split(ms, 3).seconds / SECONDS_PER_DAY));
}

/** "23:59:59.125" from a count since midnight. */
export function timeText(value: bigint, digits: FractionDigits): string {
  const size = value < 0n ? -value : value;
  const { seconds, fraction } = split(size, digits);
  return (value < 0n ? "-" : "") + clockText(seconds) + fractionText(fraction, digits);
}

const TIMESTAMP_MAX = 2n ** 63n - 1n;

/** "2024-01-31T12:00:00.125", with Z where the value is an instant. */
export function timestampText(value: bigint, digits: FractionDigits, utc: boolean): string {
  if (value === TIMESTAMP_MAX) return "infinity";
  if (value === -TIMESTAMP_MAX) return "-infinity";
  const { seconds, fraction } = split(value, digits);
  const days = Math.floor(seconds / SECONDS_PER_DAY);
  const clock = clockText(seconds - days * SECONDS_PER_DAY);
  return `${dayText(days)}T${clock}${fractionText(fraction, digits)}${utc ? "Z" : ""}`;
}

const part = (negative: boolean, value: number, name: string): string =>
  value === 0 ? "" : `${negative ? "-" : ""}${value}${name}`;

function elapsedText(value: bigint, digits: FractionDigits): string {
  if (value === 0n) return "";
  const negative = value < 0n;
  const { seconds, fraction } = split(negative ? -value : value, digits);
  const hours = part(negative, Math.floor(seconds / 3600), "H");
  const minutes = part(negative, Math.floor(seconds / 60) % 60, "M");
  if (seconds % 60 === 0 && fraction === 0) return `T${hours}${minutes}`;
  return `T${hours}${minutes}${negative ? "-" : ""}${seconds % 60}${fractionText(fraction, digits)}S`;
}

/** ISO 8601: "P1Y2M3DT4H5M6.500S"; each part with its own sign, "PT0S" for nothing. */
export function intervalText(months: number, days: number, nanoseconds: bigint): string {
  if (months === 0 && days === 0 && nanoseconds === 0n) return "PT0S";
  const size = Math.abs(months);
  const years = part(months < 0, Math.floor(size / 12), "Y") + part(months < 0, size % 12, "M");
  return `P${years}${part(days < 0, Math.abs(days), "D")}${elapsedText(nanoseconds, 9)}`;
}

export function durationText(value: bigint, digits: FractionDigits): string {
  return value === 0n ? "PT0S" : `P${elapsedText(value, digits)}`;
}
