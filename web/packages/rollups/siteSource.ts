/**
 * The DataSource of a published page: what stands in the document or in a file of answers at once, all else by the planner,
 * whose script is loaded when it is first needed.
 */
import type { Answers, DataSource, Question } from "@canvasback/dashboards/source";

import type { SitePage } from "./contract";
import { pickTiles, storedFor } from "./stored";

export interface SiteSourceOptions {
  page: SitePage;
  /** Answers to the page's own period, of index.html. */
  inlined: Answers | null;
  /** What addresses are relative to. */
  base: string;
  /** A file is not there any more: another generation was published. */
  onMissing?: () => void;
}

interface Parts {
  planner: DataSource;
  readJson<T>(file: string, signal: AbortSignal): Promise<T>;
}

export function siteSource({ page, inlined, base, onMissing }: SiteSourceOptions): DataSource {
  let parts: Promise<Parts> | null = null;
  const load = (): Promise<Parts> => {
    parts ??= import("./open").then(({ open }) => open(page, base));
    // A script that did not come is asked for again.
    parts.catch(() => (parts = null));
    return parts;
  };
  const ask = async (question: Question, signal: AbortSignal): Promise<Answers> => {
    const stored = storedFor(page, question);
    if (stored) {
      const isInlined = inlined !== null && page.answers[0] === stored;
      const all = isInlined ? inlined : await (await load()).readJson<Answers>(stored.file, signal);
      const found = pickTiles(all, question);
      if (found) return found;
    }
    const { planner } = await load();
    signal.throwIfAborted();
    return planner.ask(question, signal);
  };
  return {
    ask: async (question, signal) => {
      try {
        return await ask(question, signal);
      } catch (error) {
        if ((error as { isMissing?: boolean }).isMissing) onMissing?.();
        throw error;
      }
    },
  };
}
