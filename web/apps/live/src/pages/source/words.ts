/** States and reports of sources in words. */
import type { PullReport, PullTier, Source } from "@canvasback/client/api/schema";
import { duration, integer } from "@canvasback/values/format";

export const STATES: Readonly<
  Record<Source["state"], { label: string; tone: "good" | "warn" | "bad" | "accent" | undefined }>
> = {
  waiting: { label: "waiting", tone: "good" },
  on_demand: { label: "on demand", tone: undefined },
  running: { label: "running", tone: "accent" },
  paused: { label: "paused", tone: "warn" },
  unusable: { label: "unusable", tone: "bad" },
};

export const TIERS: Readonly<Record<PullTier["name"], string>> = {
  gate: "Gate",
  hot_window: "Hot window",
  look_back: "Look-back",
  sweep: "Sweep",
  deletes: "Deletes",
  load: "First load",
};

/** "12 s ago"; times of the server that lie ahead of this clock are now. */
export function ago(iso: string | null | undefined, now = Date.now()): string {
  if (!iso) return "–";
  const ms = Math.max(0, now - Date.parse(iso));
  if (ms < 1000) return "now";
  return ms < 3 * 86_400_000 ? `${duration(ms)} ago` : `${integer(ms / 86_400_000)} days ago`;
}

export function scheduleWords({ cron, every_s, state }: Source): string {
  if (state === "paused") return "paused";
  if (cron) return `cron ${cron}`;
  return every_s ? `every ${duration(every_s * 1000).replace(/ 0 (s|min)$/, "")}` : "on request";
}

/** "pulled: +1,200 ~8,800 −3 in 0.8 s". */
export function resultWords(report: PullReport): string {
  const { result, inserted, updated, deleted, seconds } = report;
  const time = `in ${duration(seconds * 1000)}`;
  if (result === "failed") return `failed after ${duration(seconds * 1000)}`;
  if (result === "unchanged" || result === "fresh") return `${result} ${time}`;
  return `${result}: +${integer(inserted)} ~${integer(updated)} −${integer(deleted)} ${time}`;
}

/** What all statements of a pull cost the source. */
export function costOf(report: PullReport): { statements: number; rows: number; bytes: number; seconds: number } {
  return report.tiers.reduce(
    (sum, tier) => ({
      statements: sum.statements + tier.statements,
      rows: sum.rows + tier.rows,
      bytes: sum.bytes + tier.bytes,
      seconds: sum.seconds + tier.seconds,
    }),
    { statements: 0, rows: 0, bytes: 0, seconds: 0 },
  );
}
