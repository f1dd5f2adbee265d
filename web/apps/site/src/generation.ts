/**
 * The generation of the site that the page shows. Its index is read once; another is only looked at as a whole, with
 * the page that is open, and then shown instead of the old: numbers of two generations are never beside each other.
 */
import { useCallback, useEffect, useRef, useState } from "react";

import type { Answers } from "@canvasback/dashboards/source";
import { fetchJson } from "@canvasback/parquet/host";
import { FORMAT, type InlinedSite, type SiteIndex, type SitePage } from "@canvasback/rollups/contract";

/** Addresses are relative to the document: the site may lie anywhere on a host. */
export const BASE = document.baseURI.replace(/[?#].*$/, "").replace(/[^/]*$/, "");

export interface Shown {
  index: SiteIndex;
  page: SitePage;
  /** Answers to the page's own period, where the document has them. */
  inlined: Answers | null;
}

export function inlinedSite(): InlinedSite | null {
  const text = document.getElementById("site")?.textContent ?? "null";
  return JSON.parse(text) as InlinedSite | null;
}

function checked(index: SiteIndex): SiteIndex {
  if (index.format === FORMAT) return index;
  throw new Error("This site was published by another version: load the page again.");
}

export const readIndex = async (signal: AbortSignal): Promise<SiteIndex> =>
  checked(await fetchJson<SiteIndex>(`${BASE}index.json`, signal, { isFresh: true }));

export async function readPage(index: SiteIndex, name: string | null, signal: AbortSignal): Promise<SitePage> {
  const found = index.dashboards.find((each) => each.name === name) ?? index.dashboards[0];
  if (!found) throw new Error("This site has no dashboards.");
  return fetchJson<SitePage>(BASE + found.page.file, signal);
}

const LOOK_S = 300;
/** Coming back to the page looks at once, but not twice in so many seconds. */
const PAUSE_S = 10;

export interface Generation {
  shown: Shown | null;
  error: string | null;
  /** A newer generation that is ready to be shown. */
  next: Shown | null;
  showNext(): void;
  /** A file of this generation is gone: the next one is shown as soon as it is there. */
  onMissing(): void;
}

export function useGeneration(name: string | null): Generation {
  const [shown, setShown] = useState<Shown | null>(() => {
    const site = inlinedSite();
    if (!site || (name !== null && name !== site.page.name)) return null;
    return { index: checked(site.index), page: site.page, inlined: site.answers };
  });
  const [error, setError] = useState<string | null>(null);
  const [next, setNext] = useState<Shown | null>(null);
  const index = useRef<SiteIndex | null>(shown?.index ?? inlinedSite()?.index ?? null);
  const wanted = name ?? index.current?.dashboards[0]?.name ?? null;
  const current = useRef(wanted);
  current.current = wanted;
  const lookedAt = useRef(Date.now());

  // Another dashboard of the same generation.
  useEffect(() => {
    if (shown && shown.page.name === wanted) return;
    const abort = new AbortController();
    const load = async (): Promise<void> => {
      const known = index.current ?? (await readIndex(abort.signal));
      const site = inlinedSite();
      const isFirst = site !== null && site.page.name === wanted && site.index.generation === known.generation;
      const page = isFirst ? site.page : await readPage(known, wanted, abort.signal);
      index.current = known;
      setShown({ index: known, page, inlined: isFirst ? site.answers : null });
      setNext(null);
      setError(null);
    };
    load().catch((reason: unknown) => {
      if (abort.signal.aborted) return;
      setError((reason as Error).message);
      if ((reason as { isMissing?: boolean }).isMissing) void look(true);
    });
    return () => abort.abort();
  }, [wanted, shown]);

  const show = useCallback((found: Shown): void => {
    index.current = found.index;
    setShown(found);
    setNext(null);
    setError(null);
  }, []);

  const look = useCallback(
    async (isUrgent = false): Promise<void> => {
      lookedAt.current = Date.now();
      try {
        const { signal } = new AbortController();
        const found = await readIndex(signal);
        if (found.generation === index.current?.generation) return;
        const page = await readPage(found, current.current, signal);
        const ready = { index: found, page, inlined: null };
        const isByItself = isUrgent || typeof page.document.refresh_s === "number";
        if (isByItself) show(ready);
        else setNext(ready);
      } catch {
        // Offline, or a publish is running: what is shown stays right, and the next look comes.
      }
    },
    [show],
  );

  const refresh = shown?.page.document.refresh_s;
  const everySeconds = typeof refresh === "number" ? Math.max(5, refresh) : LOOK_S;
  useEffect(() => {
    const lookNow = (): void => {
      const age = (Date.now() - lookedAt.current) / 1000;
      if (document.visibilityState === "visible" && age > Math.min(PAUSE_S, everySeconds)) void look();
    };
    const timer = setInterval(lookNow, everySeconds * 1000);
    window.addEventListener("focus", lookNow);
    document.addEventListener("visibilitychange", lookNow);
    return () => {
      clearInterval(timer);
      window.removeEventListener("focus", lookNow);
      document.removeEventListener("visibilitychange", lookNow);
    };
  }, [everySeconds, look]);

  return {
    shown: shown && shown.page.name === wanted ? shown : null,
    error,
    next,
    showNext: () => next && show(next),
    onMissing: () => void look(true),
  };
}
