/** What is loaded behind the first chart: the planner with its files, decoded in a worker. */
import type { DataSource } from "@canvasback/dashboards/source";
import { workerDecoder } from "@canvasback/parquet/decoder";

import type { SitePage } from "./contract";
import { Planner } from "./planner";
import { SiteStore } from "./store";

export const open = (page: SitePage, base: string): DataSource =>
  new Planner(page, new SiteStore({ base, decoder: workerDecoder() }));
