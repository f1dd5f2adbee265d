/** What is loaded behind the first chart: the planner with its files, decoded in a worker. */
import { workerDecoder } from "@canvasback/parquet/decoder";

import type { SitePage } from "./contract";
import { Planner } from "./planner";
import { SiteStore } from "./store";

export function open(page: SitePage, base: string) {
  const store = new SiteStore({ base, decoder: workerDecoder() });
  return {
    planner: new Planner(page, store),
    readJson: <T>(file: string, signal: AbortSignal): Promise<T> => store.readJson<T>(file, signal),
  };
}
