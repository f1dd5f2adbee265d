// Measures the grid in Chromium beside AG Grid Community's infinite row model, Glide Data Grid and hightable, all on
// the same server and the same stream, and writes a report: make bench-web (docs/web-app.md says what is measured).
//   DATA=DIR            the folder of orders.parquet; without it only the million rows of 50 columns
//   BENCH_SECONDS=120   how long each grid is scrolled
//   BENCH_GRIDS, BENCH_SETS   which ones, by name; what was measured of the others before stays in the report
import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

import { report } from "./report.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PROGRAM = process.env.CANVASBACK ?? join(ROOT, "build/release/bin/canvasback");
const OUT = process.env.BENCH_OUT ?? join(ROOT, "build/bench-web");
const PAGES = fileURLToPath(new URL("dist", import.meta.url));
const SECONDS = Number(process.env.BENCH_SECONDS ?? 120);
const TRACED_SECONDS = Math.min(15, SECONDS);
const ORDER = ["ours", "aggrid", "glide", "hightable"];
const GRIDS = (process.env.BENCH_GRIDS ?? ORDER.join()).split(",");
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const MILLION = `SELECT i AS id, ${Array.from({ length: 49 }, (_, c) =>
  c % 3 === 0
    ? `(i * ${c + 7}) % 100003 AS n${c}`
    : c % 3 === 1
      ? `((i * ${c + 3}) % 1000007) / 100.0 AS d${c}`
      : `'value ' || (i * ${c} % 5003) AS t${c}`,
).join(", ")} FROM range(1000000) t(i)`;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const say = (text) => process.stderr.write(`${text}\n`);

async function until(look, what, timeoutMs = 60_000) {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await look().catch(() => null);
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what} did not happen within ${timeoutMs} ms`);
    await pause(50);
  }
}

/** Serves the pages of the grids. */
function servePages() {
  const server = createServer((request, answer) => {
    const file = resolve(PAGES, `.${new URL(request.url, "http://pages").pathname}`);
    if (!file.startsWith(PAGES) || !existsSync(file)) return answer.writeHead(404).end();
    answer
      .writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" })
      .end(readFileSync(file));
  });
  return new Promise((done) =>
    server.listen(0, "127.0.0.1", () => done({ server, url: `http://127.0.0.1:${server.address().port}` })),
  );
}

/** Datasets: [name, argument of the server]. */
function makeData(folder) {
  const sets = [["million", join(folder, "million.parquet")]];
  execFileSync(PROGRAM, ["query", MILLION, "--format", "parquet", "--out", sets[0][1]], { stdio: "ignore" });
  const orders = process.env.DATA && join(resolve(process.env.DATA), "orders.parquet");
  if (orders && existsSync(orders)) {
    const billion = join(folder, "billion");
    mkdirSync(billion);
    for (let i = 0; i < 100; ++i) {
      const name = join(billion, `orders-${String(i).padStart(3, "0")}.parquet`);
      try {
        linkSync(orders, name);
      } catch {
        symlinkSync(orders, name); // another file system
      }
    }
    sets.push(["orders", orders], ["billion", `${billion}/*.parquet`]);
  }
  const wanted = process.env.BENCH_SETS?.split(",");
  return wanted ? sets.filter(([name]) => wanted.includes(name)) : sets;
}

/** Pseudorandom numbers from 0 to 1, the same at each run. */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Notes frames, long tasks and blank cells in the page while it is scrolled. */
function startRecorder() {
  const record = { frames: [], longTasks: [], blankMs: [] };
  const blankSince = new Map();
  window.record = record;
  record.observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) record.longTasks.push(entry.duration);
  });
  record.observer.observe({ entryTypes: ["longtask"] });
  let last = performance.now();
  const frame = (now) => {
    record.frames.push(now - last);
    last = now;
    // Of each row from the frame that first has it blank to the one in which it is filled, or no longer in sight.
    const blank = window.bench.blankRows();
    for (const row of blank) if (!blankSince.has(row)) blankSince.set(row, now);
    for (const [row, since] of blankSince) {
      if (blank.has(row)) continue;
      record.blankMs.push(now - since);
      blankSince.delete(row);
    }
    record.request = requestAnimationFrame(frame);
  };
  record.request = requestAnimationFrame((now) => {
    last = now;
    record.request = requestAnimationFrame(frame);
  });
}

function stopRecorder() {
  const { record } = window;
  cancelAnimationFrame(record.request);
  record.observer.disconnect();
  return { frames: record.frames, longTasks: record.longTasks, blankMs: record.blankMs };
}

/** Wheels, drags and jumps at random, as a hurried person would. */
async function scroll(page, client, seconds, random) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const dice = random();
    if (dice < 0.75) {
      const down = random() < 0.6 ? 1 : -1;
      const across = random() < 0.15;
      for (let i = 0; i < 12 && Date.now() < end; ++i) {
        const delta = down * (60 + 340 * random());
        const wheel = { type: "mouseWheel", x: 700, y: 450, deltaX: across ? delta : 0, deltaY: across ? 0 : delta };
        await client.send("Input.dispatchMouseEvent", wheel);
        await pause(16);
      }
    } else if (dice < 0.9) {
      const share = random();
      // The thumb is dragged through some positions, not only put down.
      await page.evaluate(async (to) => {
        const element = window.bench.scroller();
        const most = element.scrollHeight - element.clientHeight;
        const from = element.scrollTop;
        for (let step = 1; step <= 10; ++step) {
          element.scrollTop = from + ((to * most - from) * step) / 10;
          await new Promise((done) => requestAnimationFrame(done));
        }
      }, share);
    } else {
      await page.evaluate((share) => window.bench.jumpTo(Math.floor(share * window.bench.rows)), random());
      await pause(60);
    }
  }
}

/** The page's main thread in each frame, in ms, from a trace: from begin to end, and what the processor did of it. */
async function traced(page, client, run) {
  const events = [];
  const take = ({ value }) => events.push(...value);
  client.on("Tracing.dataCollected", take);
  await client.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: ["toplevel", "devtools.timeline"] },
  });
  // Frames go on while nothing is drawn, so that each has only its own work.
  await page.evaluate(() => {
    const frame = () => (window.ticking = requestAnimationFrame(frame));
    frame();
  });
  await run();
  await page.evaluate(() => cancelAnimationFrame(window.ticking));
  const complete = new Promise((done) => client.once("Tracing.tracingComplete", done));
  await client.send("Tracing.end");
  await complete;
  client.off("Tracing.dataCollected", take);
  const fires = events.filter((event) => event.name === "FireAnimationFrame");
  const thread = fires[0] && `${fires[0].pid} ${fires[0].tid}`;
  const own = (event) => `${event.pid} ${event.tid}` === thread;
  const starts = [...new Set(fires.filter(own).map((event) => event.ts))].sort((a, b) => a - b);
  const finished = events.filter((event) => own(event) && event.ph === "X");
  // Newer traces name the whole of a task twice, one inside the other.
  const outer = finished.filter((event) => event.name === "ThreadControllerImpl::RunTask");
  const tasks = outer.length > 0 ? outer : finished.filter((event) => event.name === "RunTask");
  const work = new Float64Array(starts.length);
  const processor = new Float64Array(starts.length);
  for (const task of tasks) {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= task.ts + task.dur) low = middle + 1;
      else high = middle;
    }
    if (low === 0) continue;
    work[low - 1] += task.dur / 1000;
    processor[low - 1] += (task.tdur ?? task.dur) / 1000;
  }
  return { work: [...work], processor: [...processor] };
}

async function heapMb(client) {
  await client.send("HeapProfiler.collectGarbage");
  const { usedSize } = await client.send("Runtime.getHeapUsage");
  return usedSize / 1e6;
}

const sorted = (values) => [...values].sort((a, b) => a - b);
const quantile = (values, share) =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

/** Jumps to random rows: how long until the rows there are shown. */
async function jumps(page, random, count = 15) {
  const times = [];
  for (let i = 0; i < count; ++i) {
    times.push(
      await page.evaluate(async (share) => {
        const start = performance.now();
        window.bench.jumpTo(Math.floor(share * window.bench.rows));
        for (;;) {
          await new Promise((done) => requestAnimationFrame(done));
          await new Promise((done) => requestAnimationFrame(done));
          if (window.bench.filled() > 0 && window.bench.blankRows().size === 0) return performance.now() - start;
          if (performance.now() - start > 10_000) return 10_000;
        }
      }, random()),
    );
  }
  return times;
}

/** Random jumps without waiting for rows for long: the caches of blocks are full before the heap is looked at. */
async function fillCaches(page, random, seconds) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    await page.evaluate((share) => window.bench.jumpTo(Math.floor(share * window.bench.rows)), random());
    await pause(40);
  }
}

/** The largest row that the end of the scroll bar, and a jump, bring into sight; and what stands in it. */
async function reach(page) {
  const look = async (act) => {
    await page.evaluate(act);
    await pause(1500);
    return page.evaluate(() => window.bench.last());
  };
  const byBar = await look(() => {
    const element = window.bench.scroller();
    element.scrollTop = element.scrollHeight;
  });
  const byJump = await look(() => window.bench.jumpTo(window.bench.rows - 1));
  const rows = await page.evaluate(() => window.bench.rows);
  return { rows, byBar, byJump };
}

async function measure(browser, pages, server, grid, dataset) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const client = await context.newCDPSession(page);
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  const open = async () => {
    await page.goto(`${pages}/${grid}.html?server=${encodeURIComponent(server)}&dataset=${dataset}`);
    await page.waitForFunction(() => window.bench?.readyAt != null, null, { timeout: 60_000 });
    return page.evaluate(() => window.bench.readyAt);
  };
  const firstMs = [];
  for (let i = 0; i < 5; ++i) firstMs.push(await open());
  const random = numbers(20_210_101);
  await client.send("HeapProfiler.enable");
  await scroll(page, client, Math.min(5, SECONDS), random);
  await fillCaches(page, random, SECONDS / 3);
  const recorded = { frames: [], longTasks: [], blankMs: [] };
  const heaps = [];
  // The heap is looked at half-way and at the end; the collection is in no frame's time.
  for (let half = 0; half < 2; ++half) {
    await page.evaluate(startRecorder);
    await scroll(page, client, SECONDS / 2, random);
    const part = await page.evaluate(stopRecorder);
    for (const [name, values] of Object.entries(part)) recorded[name].push(...values);
    heaps.push(await heapMb(client));
  }
  const { work, processor } = await traced(page, client, () => scroll(page, client, TRACED_SECONDS, random));
  const jumpMs = await jumps(page, random);
  const reached = await reach(page);
  await context.close();
  const over = (limit) =>
    recorded.frames.filter((frame) => frame > limit).length / Math.max(1, recorded.frames.length);
  return {
    grid,
    dataset,
    errors: errors.slice(0, 5),
    seconds: SECONDS,
    first_rows_ms: quantile(firstMs.slice(1), 0.5),
    frames: recorded.frames.length,
    frame_p95_ms: quantile(recorded.frames, 0.95),
    frames_over_25_ms: over(25),
    long_tasks: recorded.longTasks.length,
    longest_task_ms: Math.max(0, ...recorded.longTasks),
    work_p95_ms: quantile(work, 0.95),
    processor_p95_ms: quantile(processor, 0.95),
    blank_longest_ms: Math.max(0, ...recorded.blankMs),
    blank_p95_ms: quantile(recorded.blankMs, 0.95),
    heap_before_mb: heaps[0],
    heap_after_mb: heaps[1],
    jump_median_ms: quantile(jumpMs, 0.5),
    jump_p95_ms: quantile(jumpMs, 0.95),
    ...reached,
    frame_histogram: histogram(recorded.frames),
  };
}

/** Frames by length: up to 8, 17, 25, 33, 50, 100 ms and above. */
function histogram(frames) {
  const limits = [8, 17, 25, 33, 50, 100, Infinity];
  const counts = limits.map(() => 0);
  for (const frame of frames) counts[limits.findIndex((limit) => frame <= limit)] += 1;
  return counts;
}

/** What pieces of the run found before this one. */
function resultsBefore() {
  const file = join(OUT, "results.json");
  const whole = !process.env.BENCH_GRIDS && !process.env.BENCH_SETS;
  return whole || !existsSync(file) ? [] : JSON.parse(readFileSync(file, "utf8")).results;
}

const place = ({ grid, dataset }) => ["million", "orders", "billion"].indexOf(dataset) * 10 + ORDER.indexOf(grid);

async function main() {
  const folder = mkdtempSync(join(process.env.BENCH_TMP ?? tmpdir(), "canvasback-bench-web-"));
  mkdirSync(OUT, { recursive: true });
  const { server: files, url: pages } = await servePages();
  const sets = makeData(folder);
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const args = sets.map(([name, path]) => `${name}=${path}`);
  const env = { ...process.env, CANVASBACK_ORIGINS: pages };
  const child = spawn(PROGRAM, ["serve", ...args, "--listen", `127.0.0.1:${port}`, "--data", join(folder, "data")], {
    env,
    stdio: "ignore",
  });
  const server = `http://127.0.0.1:${port}`;
  let browser;
  const results = [];
  try {
    await until(async () => (await fetch(`${server}/health`)).ok, "The server's start");
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    for (const [dataset] of sets) {
      for (const grid of GRIDS) {
        say(`${dataset}: ${grid}`);
        try {
          results.push(await measure(browser, pages, server, grid, dataset));
        } catch (error) {
          results.push({ grid, dataset, failed: String(error.message).split("\n")[0] });
        }
        const { frame_histogram: _, ...shown } = results.at(-1);
        say(JSON.stringify(shown));
      }
    }
    const measured = new Set(results.map(({ grid, dataset }) => `${grid} ${dataset}`));
    const others = resultsBefore().filter(({ grid, dataset }) => !measured.has(`${grid} ${dataset}`));
    const document = {
      chromium: browser.version(),
      made: new Date().toISOString(),
      results: [...results, ...others].sort((a, b) => place(a) - place(b)),
    };
    writeFileSync(join(OUT, "results.json"), `${JSON.stringify(document, null, 2)}\n`);
    writeFileSync(join(OUT, "report.html"), report(document));
    say(`${join(OUT, "report.html")}`);
  } finally {
    await browser?.close();
    child.kill("SIGTERM");
    files.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
