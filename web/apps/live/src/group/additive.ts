/** Totals that follow from the groups: then no second look at all rows is needed for them. */
import type { Measure } from "../state/grouping";
import type { Value } from "./requests";

/** Of these types sums are exact, in whatever order they are added. */
const EXACT = /^(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL\b.*)$/;

export function isAdditive({ function: name, column }: Measure, types: ReadonlyMap<string, string>): boolean {
  return name === "count" || (name === "sum" && EXACT.test(types.get(column ?? "") ?? ""));
}

function scaled(text: string): { digits: bigint; scale: number } {
  const [whole = "", decimals = ""] = text.split(".");
  return { digits: BigInt(whole + decimals), scale: decimals.length };
}

/** The sum of exact numbers as texts, with the decimals that they have; NULLs count for nothing. */
export function sumOf(values: readonly Value[]): Value {
  const numbers = values.flatMap((value) => (value === null ? [] : [scaled(value)]));
  if (numbers.length === 0) return null;
  const scale = Math.max(...numbers.map((number) => number.scale));
  const sum = numbers.reduce((all, number) => all + number.digits * 10n ** BigInt(scale - number.scale), 0n);
  const digits = String(sum < 0n ? -sum : sum).padStart(scale + 1, "0");
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return sum < 0n ? `-${text}` : text;
}
