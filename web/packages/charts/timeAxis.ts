/**
 * Ticks of a time axis and the words for its places. Moments are those of the dashboard's time zone, counted as if that
 * were UTC: days have 24 hours here, so that a change of the clock moves no tick.
 */
import { utcTicks } from "d3-time";

export type Grain = "hour" | "day" | "week" | "month" | "quarter" | "year";

export interface Tick {
  at: number;
  label: string;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const utc = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });

const FORMATS = {
  clock: utc({ hour: "2-digit", minute: "2-digit" }),
  day: utc({ day: "numeric", month: "short" }),
  month: utc({ month: "short" }),
  monthOfYear: utc({ month: "short", year: "numeric" }),
  year: utc({ year: "numeric" }),
  dayOfYear: utc({ weekday: "short", day: "numeric", month: "short", year: "numeric" }),
  date: utc({ day: "numeric", month: "short", year: "numeric" }),
};

const quarterOf = (at: Date): string => `Q${Math.floor(at.getUTCMonth() / 3) + 1}`;

/** A place in full, for tables and tips: "Mon, 4 Mar 2024", "Week from 4 Mar 2024", "Q1 2024". */
export function placeText(at: number, grain: Grain): string {
  const date = new Date(at);
  switch (grain) {
    case "year":
      return FORMATS.year.format(date);
    case "quarter":
      return `${quarterOf(date)} ${FORMATS.year.format(date)}`;
    case "month":
      return FORMATS.monthOfYear.format(date);
    case "week":
      return `Week from ${FORMATS.date.format(date)}`;
    case "day":
      return FORMATS.dayOfYear.format(date);
    default:
      return `${FORMATS.date.format(date)}, ${FORMATS.clock.format(date)}`;
  }
}

/** What a tick says: as little as tells it from its neighbours; the first of a year or day says more. */
export function tickText(at: number, grain: Grain, before: number | null): string {
  const date = new Date(at);
  const isNewYear = before === null || new Date(before).getUTCFullYear() !== date.getUTCFullYear();
  if (grain === "year") return FORMATS.year.format(date);
  if (grain === "quarter") return isNewYear ? placeText(at, "quarter") : quarterOf(date);
  if (grain === "month") return isNewYear ? FORMATS.monthOfYear.format(date) : FORMATS.month.format(date);
  if (grain === "hour") {
    const isNewDay = before === null || Math.floor(before / DAY_MS) !== Math.floor(at / DAY_MS);
    return isNewDay ? FORMATS.day.format(date) : FORMATS.clock.format(date);
  }
  return isNewYear && before !== null ? FORMATS.monthOfYear.format(date) : FORMATS.day.format(date);
}

/** The grain that ticks at this distance are told apart by. */
function grainOfTicks(distance: number): Grain {
  if (distance >= 360 * DAY_MS) return "year";
  if (distance >= 27 * DAY_MS) return "month";
  return distance >= DAY_MS ? "day" : "hour";
}

/** Every nth place, so that no more than `most` are left; of several, those where a year begins. */
function thinned(places: readonly number[], most: number, grain: Grain): number[] {
  const steps = grain === "month" ? [1, 2, 3, 6, 12, 24, 60, 120] : grain === "quarter" ? [1, 2, 4, 8, 20, 40] : null;
  const needed = Math.ceil(places.length / Math.max(1, most));
  const step = steps?.find((each) => each >= needed) ?? needed;
  if (!steps || step === 1) return places.filter((_, index) => index % step === 0);
  const unit = grain === "month" ? 1 : 3;
  const isOn = (at: number): boolean => {
    const date = new Date(at);
    return ((date.getUTCFullYear() * 12 + date.getUTCMonth()) / unit) % step === 0;
  };
  const found = places.filter(isOn);
  return found.length > 0 ? found : places.slice(0, 1);
}

/** Ticks for places that lie in this order, at most `most`; where places are far apart, ticks are of the places. */
export function timeTicks(places: readonly number[], grain: Grain, most: number): Tick[] {
  const [first, last] = [places[0], places.at(-1)];
  if (first === undefined || last === undefined) return [];
  const isFine = grain === "hour" || grain === "day";
  let at = places.length <= 2 || !isFine ? thinned(places, most, grain) : scaleTicks(first, last, most);
  if (isFine && places.length > 2 && at.length < 2) at = thinned(places, most, grain);
  const distance = at.length > 1 ? Math.min(...at.slice(1).map((each, i) => each - (at[i] ?? 0))) : 0;
  const labels: Grain =
    grain === "quarter" || grain === "year" || grain === "month" || at.length < 2
      ? grain
      : at.every((each) => new Date(each).getUTCDate() === 1 && each % DAY_MS === 0)
        ? grainOfTicks(distance)
        : distance >= DAY_MS
          ? "day"
          : "hour";
  return at.map((each, i) => ({ at: each, label: tickText(each, labels, i === 0 ? null : (at[i - 1] ?? null)) }));
}

function scaleTicks(first: number, last: number, most: number): number[] {
  for (let count = Math.max(2, most); count >= 1; --count) {
    const found = utcTicks(new Date(first), new Date(last), count).map((each) => each.getTime());
    if (found.length <= most) return found;
  }
  return [first];
}

/** The start of the place after this one. */
export function nextPlace(at: number, grain: Grain): number {
  const date = new Date(at);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  switch (grain) {
    case "hour":
      return at + HOUR_MS;
    case "day":
      return at + DAY_MS;
    case "week":
      return at + 7 * DAY_MS;
    case "month":
      return Date.UTC(year, month + 1, 1);
    case "quarter":
      return Date.UTC(year, month + 3, 1);
    case "year":
      return Date.UTC(year + 1, 0, 1);
  }
}

const PLACES_MAX = 20_000;

/** All places from the first to the last: a day without rows is a place, too. */
export function placesBetween(first: number, last: number, grain: Grain): number[] {
  const places: number[] = [];
  for (let at = first; at <= last && places.length < PLACES_MAX; at = nextPlace(at, grain)) places.push(at);
  return places;
}

/** A local moment as the interface writes it ("2024-03-10", "2024-03-10T06:00:00"), as if in UTC; else NaN. */
export function momentOf(text: string): number {
  const found = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?$/.exec(text);
  if (!found) return NaN;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = found
    .slice(1)
    .map((each) => Number(each ?? 0));
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

const pad = (value: number): string => String(value).padStart(2, "0");

export function dateText(at: number): string {
  const date = new Date(at);
  return `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`;
}
