import { describe, expect, it } from "vitest";

import { instantOf, localOf } from "./zone";

const utc = (text: string): number => Date.parse(`${text}Z`);

describe("clocks of time zones", () => {
  it("show another day than Greenwich", () => {
    expect(localOf(utc("2024-03-11T06:30:00"), "America/Los_Angeles")).toBe(utc("2024-03-10T23:30:00"));
    expect(localOf(utc("2024-12-31T18:00:00"), "Asia/Tokyo")).toBe(utc("2025-01-01T03:00:00"));
    expect(localOf(5, "UTC")).toBe(5);
  });

  it("say when a day begins, also where clocks change", () => {
    expect(instantOf(utc("2025-03-30T00:00:00"), "Europe/Berlin")).toBe(utc("2025-03-29T23:00:00"));
    expect(instantOf(utc("2025-03-31T00:00:00"), "Europe/Berlin")).toBe(utc("2025-03-30T22:00:00"));
    // Twice: the first of the two. Never: the moment of the change.
    expect(instantOf(utc("2025-10-26T02:30:00"), "Europe/Berlin")).toBe(utc("2025-10-26T00:30:00"));
    expect(instantOf(utc("2018-11-04T00:00:00"), "America/Sao_Paulo")).toBe(utc("2018-11-04T03:00:00"));
  });

  it("go by UTC where a zone is not known", () => {
    expect(localOf(utc("2024-01-01T00:00:00"), "Mars/Olympus")).toBe(utc("2024-01-01T00:00:00"));
  });
});
