/** Clocks of time zones, by the browser's own tables. */

const formats = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string): Intl.DateTimeFormat {
  let found = formats.get(zone);
  if (!found) {
    const options = {
      timeZone: zone,
      calendar: "iso8601",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    } as const;
    try {
      found = new Intl.DateTimeFormat("en", options);
    } catch {
      // A zone that this browser does not know.
      found = new Intl.DateTimeFormat("en", { ...options, timeZone: "UTC" });
    }
    formats.set(zone, found);
  }
  return found;
}

/** What clock and calendar of the zone show at an instant, counted as if the zone were UTC. */
export function localOf(instant: number, zone: string): number {
  if (zone === "UTC") return instant;
  const parts: Record<string, number> = {};
  for (const { type, value } of formatter(zone).formatToParts(instant)) parts[type] = Number(value);
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** When the clock of the zone shows this: the first time of two, and where it never does, the moment of its change. */
export function instantOf(local: number, zone: string): number {
  if (zone === "UTC") return local;
  const day = 86_400_000;
  const offsets = [local - day, local + day].map((at) => localOf(at, zone) - at);
  const found = offsets.map((offset) => local - offset).filter((at) => localOf(at, zone) === local);
  if (found.length > 0) return Math.min(...found);
  return local - Math.min(...offsets);
}

/** The reader's own. */
export function readersZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}
