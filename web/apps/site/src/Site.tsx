/** A published site: its dashboards in a list, one of them open. */
import { useCallback, useEffect, useMemo, useState } from "react";

import { Board } from "@canvasback/dashboards/Board";
import { dashboardOf } from "@canvasback/dashboards/model";
import type { DashboardState } from "@canvasback/dashboards/state";
import { siteSource } from "@canvasback/rollups/siteSource";
import { hashOf, placeOf } from "./address";
import { BASE, type Generation, type Shown, useGeneration } from "./generation";
import { cacheForOffline } from "./offline";

function useHash(): string {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const onChange = (): void => setHash(location.hash);
    window.addEventListener("hashchange", onChange);
    return () => window.removeEventListener("hashchange", onChange);
  }, []);
  return hash;
}

const TIME = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const AGE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const STEPS = [
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
] as const;

/** "3 hours ago". */
export function ageText(at: number, now: number): string {
  const seconds = Math.max(0, (now - at) / 1000);
  const step = STEPS.find(([length]) => seconds >= length);
  return step ? AGE.format(-Math.floor(seconds / step[0]), step[1]) : "just now";
}

function Published({ published }: { published: string }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 60_000);
    return () => clearInterval(timer);
  }, []);
  const at = Date.parse(published);
  if (Number.isNaN(at)) return null;
  return (
    <p className="site-published">
      Published <time dateTime={published}>{TIME.format(at)}</time> ({ageText(at, now)})
    </p>
  );
}

/** Links at the side; on a narrow page a list to choose from. */
function Dashboards({ shown, name }: { shown: Shown; name: string }) {
  const { dashboards, title } = shown.index;
  if (dashboards.length < 2) return null;
  return (
    <nav className="site-nav" aria-label={title || "Dashboards"}>
      <ul>
        {dashboards.map((each) => (
          <li key={each.name}>
            <a href={hashOf(each.name)} aria-current={each.name === name ? "page" : undefined}>
              {each.title}
            </a>
          </li>
        ))}
      </ul>
      <label>
        <span>Dashboard</span>
        <select value={name} onChange={(event) => (location.hash = hashOf(event.currentTarget.value))}>
          {dashboards.map((each) => (
            <option key={each.name} value={each.name}>
              {each.title}
            </option>
          ))}
        </select>
      </label>
    </nav>
  );
}

function Page({ shown, state, onMissing }: { shown: Shown; state: DashboardState; onMissing(): void }) {
  const { index, page, inlined } = shown;
  const dashboard = useMemo(() => dashboardOf(page.document), [page]);
  const source = useMemo(() => siteSource({ page, inlined, base: BASE, onMissing }), [page, inlined]);
  const onState = useCallback(
    (next: DashboardState) => {
      location.hash = hashOf(page.name, next);
    },
    [page.name],
  );
  useEffect(() => {
    document.title =
      index.title && index.title !== dashboard.title ? `${dashboard.title} · ${index.title}` : dashboard.title;
  }, [dashboard, index]);
  useEffect(() => cacheForOffline(index, page), [index, page]);
  return (
    <>
      <h1>{dashboard.title}</h1>
      {dashboard.description && <p className="site-description">{dashboard.description}</p>}
      <Board dashboard={dashboard} source={source} state={state} onState={onState} />
    </>
  );
}

function News({ generation }: { generation: Generation }) {
  if (!generation.next) return null;
  return (
    <p className="site-news" role="status">
      Newer numbers were published.{" "}
      <button type="button" onClick={generation.showNext}>
        Show them
      </button>
    </p>
  );
}

export function Site() {
  const hash = useHash();
  const { name, state } = useMemo(() => placeOf(hash), [hash]);
  const generation = useGeneration(name);
  const { shown, error } = generation;
  return (
    <div className="site">
      <header className="site-head">
        {shown && <p className="site-title">{shown.index.title}</p>}
        {shown && <Published published={shown.index.published} />}
      </header>
      {shown && <Dashboards shown={shown} name={shown.page.name} />}
      <main>
        <News generation={generation} />
        {error !== null && !shown && (
          <p className="site-problem" role="alert">
            {error}{" "}
            <button type="button" onClick={() => location.reload()}>
              Load again
            </button>
          </p>
        )}
        {shown ? (
          <Page
            key={`${shown.index.generation}/${shown.page.name}`}
            shown={shown}
            state={state}
            onMissing={generation.onMissing}
          />
        ) : (
          error === null && <p className="site-waiting" role="status" aria-label="Loading" />
        )}
      </main>
    </div>
  );
}
