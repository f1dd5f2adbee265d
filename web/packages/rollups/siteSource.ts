/**
 * The DataSource of a published page: what stands in the document or in a file of answers at once, all else by the
 * planner, whose script is loaded when it is first needed.
 */
import type { Answers, DataSource, Question } from "@canvasback/dashboards/source";

import { fetchJson } from "@canvasback/parquet/host";
import { Shared } from "@canvasback/parquet/shared";

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

export function siteSource({ page, inlined, base, onMissing }: SiteSourceOptions): DataSource {
  const files = new Shared<Answers>();
  let planner: Promise<DataSource> | null = null;
  const load = (): Promise<DataSource> => {
    planner ??= import("./open").then(({ open }) => open(page, base));
    // A script that did not come is asked for again.
    planner.catch(() => (planner = null));
    return planner;
  };
  const ask = async (question: Question, signal: AbortSignal): Promise<Answers> => {
    const stored = storedFor(page, question);
    if (stored) {
      const isInlined = inlined !== null && page.answers[0] === stored;
      const all = isInlined
        ? inlined
        : await files.get(stored.file, signal, (inner) => fetchJson<Answers>(base + stored.file, inner));
      const found = pickTiles(all, question);
      if (found) return found;
    }
    const made = await load();
    signal.throwIfAborted();
    return made.ask(question, signal);
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
