/**
 * Measures as people read them. A figure arrives as its digits ("90071992547411.36") and is formatted from them: no
 * JavaScript number lies between, which would lose the cents of a large sum. Numbers are for geometry alone.
 */

export type FigureKind = "number" | "integer" | "currency" | "percent" | "duration" | "bytes";

export interface FigureFormat {
  kind: FigureKind;
  /** ISO 4217, of kind "currency"; without it the amount has two decimals and no symbol. */
  currency?: string;
  /** Digits after the point; without it those of the kind. */
  decimals?: number;
}

/** The digits of a figure; null is NULL: nothing to show. */
export type Digits = string | null;

export const MISSING = "–";

const PLAIN = /^[-+]?\d+(\.\d+)?([eE][-+]?\d+)?$/;
const DECIMALS_MAX = 20;

const formats = new Map<string, Intl.NumberFormat>();

function formatter(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options);
  let found = formats.get(key);
  if (!found) formats.set(key, (found = new Intl.NumberFormat("en", options)));
  return found;
}

/** Where the digits go on a scale; NaN of NULL and of what is no number. */
export function numberOf(digits: Digits): number {
  return digits === null ? NaN : Number(digits);
}

const fixed = (decimals: number): Intl.NumberFormatOptions => ({
  minimumFractionDigits: decimals,
  maximumFractionDigits: decimals,
});

function currencyOptions(currency: string | undefined): Intl.NumberFormatOptions {
  return currency && /^[A-Z]{3}$/.test(currency)
    ? { style: "currency", currency, currencyDisplay: "narrowSymbol" }
    : fixed(2);
}

function optionsOf(format: FigureFormat): Intl.NumberFormatOptions {
  const { kind, decimals } = format;
  const given = decimals === undefined ? undefined : fixed(Math.min(DECIMALS_MAX, Math.max(0, decimals)));
  if (kind === "currency") return { ...currencyOptions(format.currency), ...given };
  if (kind === "percent") return { style: "percent", ...(given ?? fixed(1)) };
  if (kind === "integer") return given ?? fixed(0);
  return given ?? { maximumFractionDigits: 2 };
}

const STEPS: readonly (readonly [number, string])[] = [
  [86_400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

/** Seconds in the largest unit that fits, and the one below it. */
function durationText(seconds: number): string {
  const sign = seconds < 0 ? "-" : "";
  const size = Math.abs(seconds) < 10 ? Math.abs(seconds) : Math.round(Math.abs(seconds));
  if (size < 10) return `${sign}${size.toFixed(size < 1 ? 2 : 1)} s`;
  const at = STEPS.findIndex(([step]) => size >= step);
  const [step, unit] = STEPS[at] ?? [1, "s"];
  const next = STEPS[at + 1];
  if (!next) return `${sign}${Math.round(size)} s`;
  const rest = Math.round((size % step) / next[0]);
  if (rest * next[0] >= step) return `${sign}${Math.floor(size / step) + 1} ${unit}`;
  return `${sign}${Math.floor(size / step)} ${unit}${rest > 0 ? ` ${rest} ${next[1]}` : ""}`;
}

const BYTE_UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];

function bytesText(value: number): string {
  let unit = 0;
  let rest = value;
  for (; Math.abs(rest) >= 999.5 && unit < BYTE_UNITS.length - 1; ++unit) rest /= 1000;
  return `${formatter({ maximumFractionDigits: unit === 0 ? 0 : 1 }).format(rest)} ${BYTE_UNITS[unit]}`;
}

const TIME = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(Z)?)?$/;
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

/** Days and times, as the first or last of a column, as they are written; seconds left out. */
function momentText(text: string): string | null {
  const [, day, clock, isUtc] = TIME.exec(text) ?? [];
  if (day === undefined || Number.isNaN(Date.parse(day))) return null;
  return DATE.format(new Date(day)) + (clock ? `, ${clock}${isUtc ? " UTC" : ""}` : "");
}

/** The figure in full: every digit of the format, rounded from the exact digits. */
export function figureText(digits: Digits, format: FigureFormat): string {
  if (digits === null || digits === "") return MISSING;
  // NaN and infinities of doubles are said as they are.
  if (!PLAIN.test(digits)) return momentText(digits) ?? digits;
  if (format.kind === "duration") return durationText(Number(digits));
  if (format.kind === "bytes") return bytesText(Number(digits));
  return formatter(optionsOf(format)).format(digits as `${number}`);
}

/** The figure in few characters, for axes, cards and cells of a heat map: "€12.3M". The full one stands elsewhere. */
export function shortFigureText(digits: Digits, format: FigureFormat): string {
  if (digits === null || !PLAIN.test(digits)) return figureText(digits, format);
  const size = Math.abs(Number(digits));
  if (format.kind === "duration" || format.kind === "bytes") return figureText(digits, format);
  if (format.kind === "percent") {
    const decimals = size !== 0 && size < 0.1 ? 1 : 0;
    return formatter({ style: "percent", maximumFractionDigits: decimals }).format(digits as `${number}`);
  }
  const base = format.kind === "currency" && format.currency ? currencyOptions(format.currency) : {};
  const decimals = size >= 1000 ? 1 : size >= 100 || format.kind === "integer" ? 0 : 2;
  return formatter({
    ...base,
    ...(size >= 10_000 ? { notation: "compact" as const } : {}),
    minimumFractionDigits: 0,
    maximumFractionDigits: size >= 1000 && size < 10_000 ? 0 : decimals,
  }).format(digits as `${number}`);
}

/** A place on an axis in few characters; places are round numbers, so that a double has their digits. */
export function axisText(value: number, format: FigureFormat): string {
  return shortFigureText(Number(value.toPrecision(12)).toString(), format);
}

/** How a figure changed against another, as a share: "+12.3%"; null where there is nothing to compare with. */
export function changeText(now: Digits, before: Digits): string | null {
  const share = changeOf(now, before);
  if (share === null) return null;
  const decimals = Math.abs(share) >= 10 ? 0 : 1;
  return formatter({
    style: "percent",
    signDisplay: "exceptZero",
    maximumFractionDigits: decimals,
    minimumFractionDigits: decimals,
  }).format(share);
}

export function changeOf(now: Digits, before: Digits): number | null {
  const [a, b] = [numberOf(now), numberOf(before)];
  return Number.isFinite(a) && Number.isFinite(b) && b !== 0 ? (a - b) / Math.abs(b) : null;
}
