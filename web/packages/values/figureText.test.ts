import { describe, expect, it } from "vitest";

import { axisText, changeText, figureText, shortFigureText } from "./figureText";

const EURO = { kind: "currency", currency: "EUR" } as const;

describe("figures", () => {
  it("keep digits that no JavaScript number holds", () => {
    expect(figureText("90071992547411.36", EURO)).toBe("€90,071,992,547,411.36");
    expect(figureText("-99999999999999999999.995", { kind: "currency" })).toBe("-100,000,000,000,000,000,000.00");
    expect(figureText("170141183460469231731687303715884105727", { kind: "integer" })).toBe(
      "170,141,183,460,469,231,731,687,303,715,884,105,727",
    );
  });

  it("are rounded from their digits, half away from zero", () => {
    // As doubles these two would round the other way.
    expect(figureText("1.005", { kind: "number", decimals: 2 })).toBe("1.01");
    expect(figureText("-8.345", { kind: "currency" })).toBe("-8.35");
    expect(figureText("0.12345", { kind: "percent" })).toBe("12.3%");
    expect(figureText("0.1", { kind: "percent", decimals: 0 })).toBe("10%");
  });

  it("say what is missing, and what is no number", () => {
    expect(figureText(null, EURO)).toBe("–");
    expect(figureText("NaN", { kind: "number" })).toBe("NaN");
    expect(shortFigureText(null, EURO)).toBe("–");
  });

  it("may be days and times", () => {
    expect(figureText("2025-12-31T23:59:51.5", { kind: "number" })).toBe("31 Dec 2025, 23:59");
    expect(figureText("2025-12-31T23:59:51Z", { kind: "number" })).toBe("31 Dec 2025, 23:59 UTC");
    expect(figureText("2024-02-29", { kind: "number" })).toBe("29 Feb 2024");
    expect(figureText("2024-99-99", { kind: "number" })).toBe("2024-99-99");
  });

  it("have other units", () => {
    expect(figureText("93784", { kind: "duration" })).toBe("1 d 2 h");
    expect(figureText("3599.9", { kind: "duration" })).toBe("1 h");
    expect(figureText("1.25", { kind: "duration" })).toBe("1.3 s");
    expect(figureText("13500000", { kind: "bytes" })).toBe("13.5 MB");
    // A currency that is none does not break a page.
    expect(figureText("1", { kind: "currency", currency: "euro" })).toBe("1.00");
  });

  it("are short where there is little room", () => {
    expect(shortFigureText("12345678.9", EURO)).toBe("€12.3M");
    expect(shortFigureText("1234.56", EURO)).toBe("€1,235");
    expect(shortFigureText("0.054", { kind: "percent" })).toBe("5.4%");
    expect(axisText(0.1 + 0.2, { kind: "number" })).toBe("0.3");
    expect(axisText(250_000, { kind: "integer" })).toBe("250K");
  });
});

describe("a change", () => {
  it("is a share of what was before", () => {
    expect(changeText("112.3", "100")).toBe("+12.3%");
    expect(changeText("50", "-100")).toBe("+150.0%");
    expect(changeText("100", "100")).toBe("0.0%");
    expect(changeText("5000", "100")).toBe("+4,900%");
  });

  it("needs something to compare with", () => {
    expect(changeText("1", "0")).toBeNull();
    expect(changeText("1", null)).toBeNull();
    expect(changeText(null, "1")).toBeNull();
  });
});
