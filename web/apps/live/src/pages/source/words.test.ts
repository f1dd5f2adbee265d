import { describe, expect, it } from "vitest";

import type { PullReport, Source } from "@canvasback/client/api/schema";
import { ago, costOf, resultWords, scheduleWords } from "./words";

const tier = { name: "hot_window", statements: 1, rows: 10, bytes: 500, changed: 9, seconds: 0.1 } as const;
const report: PullReport = {
  source: "orders",
  result: "pulled",
  trigger: "schedule",
  started_at: "2026-01-31T08:15:00.000Z",
  seconds: 0.84,
  rows: 100,
  inserted: 1200,
  updated: 8800,
  deleted: 3,
  tiers: [tier, { ...tier, name: "look_back", statements: 2, rows: 5 }],
};

describe("a source in words", () => {
  it("says how old its copy is", () => {
    const now = Date.parse("2026-01-31T08:20:00.000Z");
    expect(ago("2026-01-31T08:19:48.000Z", now)).toBe("12 s ago");
    expect(ago("2026-01-26T08:20:00.000Z", now)).toBe("5 days ago");
    expect(ago("2026-01-31T08:20:03.000Z", now)).toBe("now");
    expect(ago(null, now)).toBe("–");
  });

  it("says what its last pull did", () => {
    expect(resultWords(report)).toBe("pulled: +1,200 ~8,800 −3 in 840 ms");
    expect(resultWords({ ...report, result: "unchanged" })).toBe("unchanged in 840 ms");
    expect(resultWords({ ...report, result: "failed" })).toBe("failed after 840 ms");
    expect(costOf(report)).toEqual({ statements: 3, rows: 15, bytes: 1000, seconds: 0.2 });
  });

  it("says when it is pulled", () => {
    const source: Source = { name: "orders", state: "waiting", last_report: null };
    expect(scheduleWords({ ...source, every_s: 300 })).toBe("every 5 min");
    expect(scheduleWords({ ...source, cron: "0 3 * * *" })).toBe("cron 0 3 * * *");
    expect(scheduleWords({ ...source, every_s: 7200 })).toBe("every 2 h");
    expect(scheduleWords({ ...source, every_s: 300, state: "paused" })).toBe("paused");
    expect(scheduleWords(source)).toBe("on request");
  });
});
