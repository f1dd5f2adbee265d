/**
 * Answers that a site has as they are: to the periods that were published, without filters and choices. They are
 * exact for what does not add up, too, and the first ones stand in the document itself.
 */
import type { PeriodSpec } from "@canvasback/dashboards/model";
import type { Answers, Question } from "@canvasback/dashboards/source";

import type { FileRef, SitePage } from "./contract";

const textOf = (period: PeriodSpec): string =>
  typeof period === "string" ? period : `${period.from ?? ""}..${period.to ?? ""}`;

const samePeriod = (a: PeriodSpec, b: PeriodSpec): boolean => textOf(a) === textOf(b);

/** Whether periods end today, whatever the data is. */
const endsToday = (page: SitePage): boolean => {
  const { metrics } = page.document;
  return (Array.isArray(metrics) ? metrics : [metrics]).some(
    (each) => (each as { until?: string } | null)?.until === "now",
  );
};

/** The file that has the answers; null where a question is of something else. */
export function storedFor(page: SitePage, question: Question): (FileRef & { period: PeriodSpec }) | null {
  const isPlain =
    question.compare === undefined &&
    Object.keys(question.filters).length === 0 &&
    question.tiles.every((item) => typeof item === "number");
  if (!isPlain || endsToday(page)) return null;
  return page.answers.find(({ period }) => samePeriod(period, question.period)) ?? null;
}

/** The tiles that are asked for, of an answer to all of them; null where one is missing. */
export function pickTiles(all: Answers, question: Question): Answers | null {
  const byNumber = new Map(all.tiles.map((tile) => [tile.tile, tile]));
  const tiles = question.tiles.map((number) => byNumber.get(number as number));
  if (!tiles.every((tile) => tile !== undefined)) return null;
  return {
    models: all.models,
    tiles: tiles.map((tile) => {
      const key = `${textOf(question.period)}/${tile.tile}`;
      if (tile.error) return tile;
      return question.known.includes(key) ? { tile: tile.tile, key } : { ...tile, key };
    }),
  };
}
