/** Numbers of a published site against the live server's, in random states: equal to the digit. */
import { setMaxListeners } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

import { measuresOfTile, dimensionsOfTile, dashboardOf } from "@canvasback/dashboards/model";
import type { Answers, Question, Value } from "@canvasback/dashboards/source";
import type { SiteIndex, SitePage } from "@canvasback/rollups/contract";
import { Planner } from "@canvasback/rollups/planner";
import { SiteStore } from "@canvasback/rollups/store";
import { modelDifferences, outcomeOf } from "./support/compareAnswers";
import { type Choices, type Random, questionOf, randomOf } from "./support/randomStates";
import { type PublishedWorld, fetchFrom, makePublishedWorld } from "./support/sites";

/** Of each dashboard; where it is not said, of the first ones alone. */
const STATES = Number(process.env.SITE_STATES ?? 2);
const DASHBOARDS = process.env.SITE_STATES ? Infinity : 5;
const SEED = Number(process.env.SITE_SEED ?? 1);
const VALUES = 12;

let world: PublishedWorld;

beforeAll(async () => {
  world = await makePublishedWorld(10_000);
});
afterAll(() => world?.end());

async function live(name: string, question: Omit<Question, "known">): Promise<Answers> {
  const response = await fetch(`${world.url}/api/v1/dashboards/query`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ dashboard: name, ...question, timezone: world.timezone }),
  });
  const body = (await response.json()) as Answers & { detail?: string };
  if (!response.ok) throw new Error(`${JSON.stringify(question)}: ${body.detail}`);
  return body;
}

async function choicesOf(page: SitePage): Promise<Choices> {
  const dashboard = dashboardOf(page.document);
  const values: Record<string, Value[]> = {};
  for (const name of dashboard.filters) {
    const metrics = dashboard.metrics.find(({ dimensions }) => dimensions.some((each) => each.name === name));
    const measure = metrics?.measures.find(({ agg }) => agg === "count") ?? metrics?.measures[0];
    if (!metrics || !measure) continue;
    const tile = {
      type: "table",
      ...(metrics.name ? { metrics: metrics.name } : {}),
      measures: [measure.name],
      by: name,
      limit: VALUES,
    } as const;
    const { tiles } = await live(page.name, { tiles: [tile as never], period: "all", filters: {}, timezone: "UTC" });
    values[name] = (tiles[0]?.answer?.rows ?? []).map(([value]) => value!);
  }
  const days = page.models.flatMap(({ first_day, last_day }) =>
    first_day && last_day ? [[first_day, last_day] as const] : [],
  );
  return {
    values,
    firstDay: days.map(([first]) => first).sort()[0] ?? "2025-01-01",
    lastDay:
      days
        .map(([, last]) => last)
        .sort()
        .at(-1) ?? "2025-12-31",
    tiles: dashboard.tiles.map((tile) => ({
      type: tile.type,
      measures: measuresOfTile(tile),
      by: dimensionsOfTile(tile),
    })),
  };
}

/** All tiles of a question listen to it. */
function patientSignal(): AbortSignal {
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  return signal;
}

/** Whether the order of the tile's rows is by a sketch. */
function isRankApproximate(page: SitePage, item: Question["tiles"][number]): boolean {
  const number = typeof item === "number" ? item : "tile" in item ? item.tile : -1;
  const tile = dashboardOf(page.document).tiles[number];
  if (!tile || dimensionsOfTile(tile).length === 0) return false;
  const change = typeof item === "number" ? {} : (item as { sort?: string });
  const sort = (change.sort ?? tile.sort ?? measuresOfTile(tile)[0] ?? "").replace(/^-/, "");
  const model = page.models.find(({ name }) => name === (tile.metrics ?? page.models[0]?.name)) ?? page.models[0];
  const isExact = (name: string): boolean => {
    const measure = model?.measures[name];
    return !measure || (measure.exact && (measure.make !== "ratio" || measure.of.every(isExact)));
  };
  return !isExact(sort);
}

interface Counts {
  equal: number;
  unavailable: number;
}

async function compareState(page: SitePage, planner: Planner, question: Question, counts: Counts): Promise<string[]> {
  const { known: _, ...asked } = question;
  const [expected, found] = await Promise.all([live(page.name, asked), planner.ask(question, patientSignal())]);
  const wrong = modelDifferences(expected.models, found.models);
  question.tiles.forEach((tile, at) => {
    const outcome = outcomeOf(expected.tiles[at], found.tiles[at], isRankApproximate(page, tile));
    if (outcome === "equal" || outcome === "unavailable") counts[outcome] += 1;
    else wrong.push(...(outcome as string[]).map((each) => `tile ${JSON.stringify(tile)}: ${each}`));
  });
  return wrong.map((each) => `${page.name} ${JSON.stringify({ ...asked, tiles: undefined })} ${each}`);
}

it("every number is the live server's, to the digit, or said not to be there", async () => {
  const index = JSON.parse(readFileSync(join(world.site, "index.json"), "utf8")) as SiteIndex;
  const random: Random = randomOf(SEED);
  const wrong: string[] = [];
  for (const { name, page: ref } of index.dashboards.slice(0, DASHBOARDS)) {
    const page = JSON.parse(readFileSync(join(world.site, ref.file), "utf8")) as SitePage;
    const planner = new Planner(page, new SiteStore({ base: "", fetchOf: fetchFrom(world.site) }));
    const choices = await choicesOf(page);
    const counts: Counts = { equal: 0, unavailable: 0 };
    for (let state = 0; state < STATES && wrong.length < 40; ++state) {
      wrong.push(...(await compareState(page, planner, questionOf(random, choices), counts)));
    }
    console.info(`${name}: ${counts.equal} tiles equal, ${counts.unavailable} not in the site`);
    expect(counts.equal, name).toBeGreaterThan(0);
  }
  expect(wrong.slice(0, 12), `${wrong.length} differences`).toEqual([]);
}, 1_800_000);
