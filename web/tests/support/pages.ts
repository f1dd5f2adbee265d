/** What the tests of pages do again and again. */
import axe from "axe-core";
import type { Locator, Page } from "playwright-core";

export function cell(page: Page, row: number, place: number): Locator {
  const inRow = `[role="gridcell"][aria-colindex="${place + 2}"]`;
  return page.locator(`.cg-row[aria-rowindex="${row + 2}"] ${inRow}, .cg-row-left[data-row="${row}"] ${inRow}`);
}

/** The text of a cell, once it has come into sight and its value is there. */
export async function text(page: Page, row: number, place: number): Promise<string> {
  const found = cell(page, row, place).and(page.locator(":not(.is-loading)"));
  return (await found.textContent()) ?? "";
}

export const grid = (page: Page): Locator => page.getByRole("grid");

export const header = (page: Page, name: string): Locator =>
  page.locator(".cg-head").filter({ has: page.locator(".cg-label", { hasText: new RegExp(`^${name}$`) }) });

/** Waits until the grid has rows, all cells in sight loaded. */
export async function loaded(page: Page): Promise<void> {
  // Not waitForSelector: the element that it gives would be kept, and with it the page that the app has left.
  await page.locator(".cg-row[aria-rowindex] .cg-cell").first().waitFor();
  const done = await page.waitForFunction(
    () =>
      document.querySelectorAll(".cg-row.is-waiting, .cg-row[aria-rowindex] .cg-cell.is-loading").length === 0 &&
      document.querySelector('.grid-host[data-stale="true"]') === null,
  );
  await done.dispose();
}

/** How many rows the status line says there are. */
export async function rowCount(page: Page): Promise<number> {
  const text = await page.locator(".status strong").first().textContent();
  return Number((text ?? "").replace(/[^\d]/g, ""));
}

export async function clipboard(page: Page): Promise<string> {
  return page.evaluate(() => navigator.clipboard.readText());
}

/** Copies with the keyboard and waits until the clipboard has it and the status line says so. */
export async function copy(page: Page, keys = "Control+c"): Promise<string> {
  await page.evaluate(() => navigator.clipboard.writeText("(before the copy)"));
  await grid(page).press(keys);
  await page.waitForFunction(async () => (await navigator.clipboard.readText()) !== "(before the copy)");
  await page.locator('.status [role="status"]', { hasText: /^Copied/ }).waitFor();
  return clipboard(page);
}

/** Moves the focus to a cell of the first row. */
export async function focusOn(page: Page, place: number): Promise<void> {
  await grid(page).focus();
  await grid(page).press("Control+Home");
  for (let step = 0; step < place; ++step) await grid(page).press("ArrowRight");
  await loaded(page);
}

/** Serious findings of axe, each with where it is. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // As a function's argument it is not subject to the page's Content-Security-Policy, as a script element would be.
  await page.evaluate(axe.source);
  const result = await page.evaluate(async () => {
    const { axe: run } = window as unknown as { axe: typeof import("axe-core") };
    return run.run(document, { resultTypes: ["violations"] });
  });
  return result.violations
    .filter((violation) => violation.impact === "serious" || violation.impact === "critical")
    .flatMap((violation) =>
      violation.nodes.map((node) => `${violation.id}: ${node.target.join(" ")} ${node.failureSummary}`),
    );
}
