/** Collections: adding records by hand and from files, what is said of bad ones, finding, what the types became. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

import { loaded, rowCount, seriousFindings } from "./support/pages";
import { type World, complaints, makeWorld } from "./support/world";

let world: World;
let page: Page;

beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.end());
afterEach(() => page.close());

const figure = (name: string) => page.locator(".figure", { hasText: name }).locator("dd");

it("keeps pasted records, and shows them at once", async () => {
  page = await world.page("/collections/pets");
  const found = complaints(page);
  await page.getByText("No records yet").waitFor();
  await page.getByRole("tab", { name: "Add records" }).click();
  await page.getByRole("textbox", { name: "Paste records" }).fill('[{"id": "a1", "name": "Rex"},\n {"id": "a2"}]');
  await page.getByRole("button", { name: "Add records" }).click();
  await page.getByText("2 records saved").waitFor();
  await page.getByRole("tab", { name: "Overview" }).click();
  await expect.poll(() => figure("Records").textContent()).toBe("2");
  await page.getByRole("cell", { name: "Rex" }).waitFor();
  await page.getByRole("link", { name: /Browse all 2 records/ }).click();
  await loaded(page);
  await expect.poll(() => rowCount(page)).toBe(2);
  expect(found).toEqual([]);
});

it("shows the line that is wrong, and keeps what was typed", async () => {
  page = await world.page("/collections/refused?tab=add");
  const box = page.getByRole("textbox", { name: "Paste records" });
  await box.fill('{"id": 1}\n{"id": 2, "name": }\n{"id": 3}');
  await page.getByRole("button", { name: "Add records" }).click();
  await page.getByText("line 2", { exact: true }).waitFor();
  await page.locator(".offending", { hasText: '{"id": 2, "name": }' }).waitFor();
  expect(await box.inputValue()).toContain('{"id": 3}');
  await page.getByRole("checkbox", { name: /Save valid records/ }).check();
  await page.getByRole("button", { name: "Add records" }).click();
  await page.getByText("2 records saved").waitFor();
  await page.getByText(/1 quarantined/).waitFor();
});

it("takes several files at once, each with its own outcome", async () => {
  page = await world.page("/collections/dropped?tab=add");
  await page.locator('input[type="file"]').setInputFiles([
    { name: "a.ndjson", mimeType: "", buffer: Buffer.from('{"id":"x"}\n{"id":"y"}\n') },
    { name: "b.csv", mimeType: "text/csv", buffer: Buffer.from("id,n\nz,5\n") },
    { name: "c.json", mimeType: "application/json", buffer: Buffer.from('[{"id":') },
  ]);
  const uploads = page.locator(".upload");
  await uploads.filter({ hasText: "a.ndjson" }).getByText("2 records saved").waitFor();
  await uploads.filter({ hasText: "b.csv" }).getByText("1 record saved").waitFor();
  await uploads.filter({ hasText: "c.json" }).getByRole("alert").waitFor();
  await page.getByRole("tab", { name: "Overview" }).click();
  await expect.poll(() => figure("Records").textContent()).toBe("3");
});

it("finds records by words, by id and by time", async () => {
  page = await world.page("/collections/events?tab=find");
  await page.getByRole("textbox", { name: "Text" }).fill("purchase");
  await page.keyboard.press("Enter");
  await page.getByText(/^100 records/).waitFor();
  await page.locator("label", { hasText: /^ID$/ }).click();
  await page.getByRole("textbox", { name: "ID" }).fill("event_7");
  await page.keyboard.press("Enter");
  await page.getByText(/^1 record in/).waitFor();
  await page.getByRole("cell", { name: "event_7", exact: true }).waitFor();
  await page.getByRole("textbox", { name: "ID" }).fill("nobody");
  await page.keyboard.press("Enter");
  await page.getByText("No matching records").waitFor();
  await page.locator("label", { hasText: /^time$/ }).click();
  await page.getByRole("textbox", { name: "From" }).fill("2025-01-10");
  await page.getByRole("textbox", { name: "Until" }).fill("2025-01-12");
  await page.keyboard.press("Enter");
  await page.getByText(/^3 records in/).waitFor();
  await page.getByRole("cell", { name: "event_9", exact: true }).waitFor();
});

it("tells where types met, and which files there are", async () => {
  page = await world.page("/collections/events?tab=schema");
  const met = page.getByRole("region", { name: "Type conflicts" });
  await met.getByRole("row", { name: /value.*integer.*string/ }).waitFor();
  await page.getByRole("cell", { name: "value__string" }).waitFor();
  await page.getByRole("tab", { name: "Files" }).click();
  await page
    .getByRole("cell", { name: /\.parquet$/ })
    .first()
    .waitFor();
});

it("goes from one collection to another, and begins a new one", async () => {
  page = await world.page("/collections/events");
  await page.getByRole("button", { name: "New collection" }).click();
  await page.getByRole("textbox", { name: "Collection name" }).fill("new_ones");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/collections\/new_ones\?tab=add/);
  await page.getByRole("textbox", { name: "Paste records" }).fill('{"id": 1}');
  await page.getByRole("button", { name: "Add records" }).click();
  await page.getByText("1 record saved").waitFor();
  await page.getByRole("combobox", { name: "Collection" }).click();
  await page.getByRole("option", { name: "events" }).click();
  await page.waitForURL(/\/collections\/events/);
});

it("makes records up, merges, checks, archives and restores them, each asked for once more", async () => {
  page = await world.page("/collections/managed?tab=add");
  const found = complaints(page);
  const house = page.getByRole("region", { name: "Maintenance" });
  const dialog = page.getByRole("dialog");
  const done = (kind: string) => page.locator(`.work[data-kind="${kind}"][data-state="done"]`);
  await page.getByRole("textbox", { name: "Number of records" }).fill("2000");
  await page.getByRole("button", { name: "Generate" }).click();
  await done("generate").getByText("2,000 records generated.").waitFor();
  await page.getByRole("tab", { name: "Files" }).click();

  await house.getByRole("button", { name: "Merge now" }).click();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await page.locator(".work").count()).toBe(0);
  await house.getByRole("button", { name: "Merge now" }).click();
  await dialog.getByRole("button", { name: "Merge now" }).click();
  await done("compact").getByText("1 file merged.").waitFor();
  await page.getByRole("cell", { name: "data_2025_w01.parquet" }).waitFor();

  await house.getByRole("button", { name: "Verify files" }).click();
  await dialog.getByRole("button", { name: "Verify files" }).click();
  await done("verify").getByText("1 file with 2,000 records verified; no problems.").waitFor();
  expect(await seriousFindings(page)).toEqual([]);

  await page.getByRole("tab", { name: "Add records" }).click();
  await page
    .getByRole("textbox", { name: "Paste records" })
    .fill('{"id": "old", "timestamp": "2024-02-07T00:00:00Z"}');
  await page.getByRole("button", { name: "Add records" }).click();
  await page.getByText("1 record saved").waitFor();
  await page.getByRole("tab", { name: "Files" }).click();
  await house.getByRole("button", { name: "Merge now" }).click();
  await dialog.getByRole("button", { name: "Merge now" }).click();
  await page.getByRole("cell", { name: "data_2024_w06.parquet" }).waitFor();

  await house.getByRole("button", { name: "Archive…" }).click();
  await dialog.getByText("Queries do not return their records").waitFor();
  await dialog.getByRole("button", { name: "Archive" }).click();
  await done("archive").getByText("1 file moved.").waitFor();
  const old = page.getByRole("row", { name: /data_2024_w06/ });
  await old.getByText("archived").waitFor();
  await house.getByRole("button", { name: "Restore…" }).click();
  await dialog.getByRole("button", { name: "Restore" }).click();
  await done("restore").getByText("1 file moved.").waitFor();
  await old.getByText("archived").waitFor({ state: "detached" });

  await house.getByRole("button", { name: "Back up" }).click();
  await dialog.getByRole("button", { name: "Back up" }).click();
  await done("backup")
    .getByRole("link", { name: /canvasback-backup\.tar/ })
    .waitFor();
  expect(found).toEqual([]);
});

it("renames, empties and deletes a collection, and brings it back", async () => {
  page = await world.page("/collections/gone?tab=add");
  const found = complaints(page);
  await page.getByRole("textbox", { name: "Paste records" }).fill('{"id": 1}\n{"id": 2}');
  await page.getByRole("button", { name: "Add records" }).click();
  await page.getByText("2 records saved").waitFor();
  const dialog = page.getByRole("dialog");
  const more = async (item: string): Promise<void> => {
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: item }).click();
    await page.getByRole("menu").waitFor({ state: "detached" });
  };
  await more("Rename…");
  await dialog.getByRole("textbox", { name: "New name" }).fill("all records");
  await dialog.getByRole("button", { name: "Rename" }).click();
  await dialog.getByText("cannot be the name of a collection").waitFor();
  await dialog.getByRole("textbox", { name: "New name" }).fill("moved");
  await dialog.getByRole("button", { name: "Rename" }).click();
  await page.waitForURL(/\/collections\/moved/);
  await page.getByRole("tab", { name: "Overview" }).click();
  await expect.poll(() => figure("Records").textContent()).toBe("2");

  await more("Empty…");
  expect(await seriousFindings(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Empty" }).click();
  await dialog.waitFor({ state: "detached" });
  await expect.poll(() => figure("Records").textContent()).toBe("0");

  await more("Delete…");
  await dialog.getByText("Its records, archive and schema go to the trash").waitFor();
  await dialog.getByRole("button", { name: "Delete" }).click();
  const trash = page.getByRole("region", { name: "Trash", exact: true });
  const row = (kind: string) => trash.getByRole("row", { name: new RegExp(`moved.*${kind}`) });
  await row("deleted").waitFor();
  expect(await page.getByRole("link", { name: "moved", exact: true }).count()).toBe(0);
  expect(await seriousFindings(page)).toEqual([]);
  // What was emptied waits for the collection to be there.
  await row("emptied").getByRole("button", { name: "Restore" }).click();
  await trash.getByText('There is no collection "moved"').waitFor();
  await row("deleted").getByRole("button", { name: "Restore" }).click();
  await row("deleted").waitFor({ state: "detached" });
  await row("emptied").getByRole("button", { name: "Restore" }).click();
  await trash.waitFor({ state: "detached" });
  await page.getByRole("link", { name: "moved", exact: true }).click();
  await loaded(page);
  await expect.poll(() => rowCount(page)).toBe(2);
  // A name that was refused, and what is asked of a collection that has just gone.
  expect(found.filter((text) => !text.startsWith("Failed to load resource"))).toEqual([]);
});
