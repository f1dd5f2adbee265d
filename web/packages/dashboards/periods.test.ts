import { describe, expect, it } from "vitest";

import { dayAfter, dayBefore, periodWords, spanWords } from "./periods";

describe("periods in words", () => {
  it("say the last day that is in them", () => {
    expect(spanWords({ from: "2025-01-03", to: "2025-02-02" })).toBe("3 Jan 2025 – 1 Feb 2025");
    expect(spanWords({ from: "2025-01-03", to: "2025-01-04" })).toBe("3 Jan 2025");
    expect(spanWords({ from: "2025-01-03", to: null })).toBe("from 3 Jan 2025");
    expect(spanWords({ from: null, to: "2025-01-01" })).toBe("until 31 Dec 2024");
    expect(spanWords({ from: null, to: null })).toBe("all time");
  });

  it("say whole months and years in short", () => {
    expect(spanWords({ from: "2025-02-01", to: "2025-03-01" })).toBe("Feb 2025");
    expect(spanWords({ from: "2025-01-01", to: "2025-04-01" })).toBe("Jan 2025 – Mar 2025");
    expect(spanWords({ from: "2025-01-01", to: "2026-01-01" })).toBe("2025");
  });

  it("have names", () => {
    expect(periodWords("last_30_days")).toBe("Last 30 days");
    expect(periodWords("last_14_days")).toBe("Last 14 days");
    expect(periodWords({ from: "2024-02-29", to: "2024-03-01" })).toBe("29 Feb 2024");
  });

  it("know the days beside a day", () => {
    expect(dayAfter("2024-02-28")).toBe("2024-02-29");
    expect(dayAfter("2024-12-31")).toBe("2025-01-01");
    expect(dayBefore("2025-03-01")).toBe("2025-02-28");
  });
});
