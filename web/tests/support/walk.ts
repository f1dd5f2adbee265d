/**
 * A walk: what somebody does from an empty folder to a result, without documents. Each step is one act (a command, a
 * click, a text that is typed, a key, a dropped file); steps and seconds are counted and printed.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Browser, Locator, Page } from "playwright-core";

import { useDist } from "./dist";
import { Server, complaints, freePort } from "./world";

const WIDE = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

/** Until what the new size asks for is drawn. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.waitForFunction(
    () => document.querySelector(".cg-row.is-waiting, .cg-cell.is-loading, [aria-busy='true']") === null,
  );
}

export class Walk {
  /** Empty at first. */
  readonly folder = mkdtempSync(join(tmpdir(), "canvasback-walk-"));
  page!: Page;
  url = "";
  /** Errors of the pages' scripts. */
  readonly complaints: string[] = [];
  private readonly name: string;
  private readonly browser: Browser;
  private server: Server | null = null;
  private readonly begun = performance.now();
  private aside = 0;
  private steps = 0;

  constructor(name: string, browser: Browser) {
    this.name = name;
    this.browser = browser;
  }

  /** The command `canvasback serve …`, and the address that it prints, opened. Two steps. */
  async serve(...args: string[]): Promise<void> {
    this.steps += 2;
    this.server = new Server(await freePort(), [...args, "--data", join(this.folder, "data"), "--workers", "2"]);
    await this.server.start();
    this.url = this.server.url;
    this.page = await this.open(this.url);
  }

  /** An address in a browser that has seen nothing of this server. */
  async open(address: string): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: WIDE,
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await useDist(context);
    const page = await context.newPage();
    const found = complaints(page);
    page.on("close", () => this.complaints.push(...found));
    await page.goto(address);
    return page;
  }

  async click(what: Locator, options: Parameters<Locator["click"]>[0] = {}): Promise<void> {
    ++this.steps;
    await what.click(options);
  }

  async type(text: string): Promise<void> {
    ++this.steps;
    await this.page.keyboard.type(text);
  }

  async press(key: string): Promise<void> {
    ++this.steps;
    await this.page.keyboard.press(key);
  }

  /** Opens a list and takes one of it: two steps. */
  async choose(list: Locator, option: string): Promise<void> {
    await this.click(list);
    await this.click(this.page.getByRole("option", { name: option, exact: true }));
  }

  /** Any other act. */
  async step<T>(act: () => Promise<T>): Promise<T> {
    ++this.steps;
    return act();
  }

  /** A file dropped on what is in the middle of the page. */
  async drop(name: string, content: string): Promise<void> {
    ++this.steps;
    const data = await this.page.evaluateHandle(
      ([file, text]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([text], file));
        return transfer;
      },
      [name, content] as [string, string],
    );
    const target = this.page.locator("main");
    for (const event of ["dragenter", "dragover", "drop"]) await target.dispatchEvent(event, { dataTransfer: data });
  }

  /** Pictures of what is in sight, wide and as on a phone; the time that they take is not the walk's. */
  async shot(name: string, page = this.page): Promise<void> {
    const folder = process.env.SHOTS ?? join(this.folder, "shots");
    const begun = performance.now();
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${this.name}-${name}.png`) });
    await page.setViewportSize(PHONE);
    await settled(page);
    await page.screenshot({ path: join(folder, `${this.name}-${name}-390.png`) });
    await page.setViewportSize(WIDE);
    this.aside += performance.now() - begun;
  }

  async end(): Promise<void> {
    const seconds = (performance.now() - this.begun - this.aside) / 1000;
    console.log(`${this.name}: ${this.steps} steps, ${seconds.toFixed(1)} s`);
    for (const context of this.browser.contexts()) await context.close();
    await this.server?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
