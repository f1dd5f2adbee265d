/** Asks the service worker to have what the open page needs, so that it opens without a network. */
import type { SiteIndex, SitePage } from "@canvasback/rollups/contract";
import { BASE } from "./generation";

export function cacheForOffline(index: SiteIndex, page: SitePage): void {
  const { serviceWorker } = navigator as { serviceWorker?: ServiceWorkerContainer };
  if (!serviceWorker) return;
  const own = index.dashboards.find(({ name }) => name === page.name);
  const files = [own?.page.file, page.answers[0]?.file].flatMap((file) => (file ? [BASE + file] : []));
  void serviceWorker.ready.then(({ active }) =>
    active?.postMessage({ files: [...files, BASE, `${BASE}index.json`] }),
  );
}

/** Behind the first chart: the script of the worker is none that it waits for. */
export function startServiceWorker(): void {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  const start = (): void => void navigator.serviceWorker.register(`${BASE}sw.js`).catch(() => undefined);
  if (document.readyState === "complete") setTimeout(start, 1000);
  else window.addEventListener("load", () => setTimeout(start, 1000), { once: true });
}
