/** A published site beside the server that it was published from. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execFileSync } from "node:child_process";

import type { Fetch } from "@canvasback/parquet/host";
import { PROGRAM, Server, freePort, makeMarketplace } from "./world";

export interface PublishedWorld {
  /** The live server. */
  url: string;
  /** The folder of the site. */
  site: string;
  /** Of metrics without one. */
  timezone: string;
  end(): Promise<void>;
}

/** The 13 of the marketplace; with `CANVASBACK_SITE` and `CANVASBACK_SITE_SERVER` a site that is there. */
export async function makePublishedWorld(orders = 20_000, timezone = "UTC"): Promise<PublishedWorld> {
  const { CANVASBACK_SITE: site, CANVASBACK_SITE_SERVER: url } = process.env;
  if (site && url) return { url, site, timezone, end: async () => undefined };
  const folder = mkdtempSync(join(tmpdir(), "canvasback-site-"));
  const files = makeMarketplace(folder, orders);
  const server = new Server(await freePort(), [...files, "--data", join(folder, "data"), "--workers", "2"]);
  await server.start();
  const { dashboards } = (await (await fetch(`${server.url}/api/v1/dashboards`)).json()) as {
    dashboards: { name: string }[];
  };
  const first = "marketplace_overview";
  const others = dashboards
    .map(({ name }) => name)
    .filter((name) => name.startsWith("marketplace_") && name !== first);
  const target = join(folder, "site");
  execFileSync(PROGRAM, ["publish", first, ...others, "--to", target, "--timezone", timezone, ...files], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return {
    url: server.url,
    site: target,
    timezone,
    end: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As a host that does all right, from the disk. */
export function fetchFrom(folder: string): Fetch {
  return async (url, init) => {
    const file = join(folder, url);
    const size = statSync(file).size;
    const range = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init.headers).get("range") ?? "");
    const [from, to] = range ? [Number(range[1]), Number(range[2]) + 1] : [0, size];
    const bytes = new Uint8Array(to - from);
    const handle = openSync(file, "r");
    readSync(handle, bytes, 0, bytes.length, from);
    closeSync(handle);
    const headers: Record<string, string> = range ? { "content-range": `bytes ${from}-${to - 1}/${size}` } : {};
    return new Response(bytes, { status: range ? 206 : 200, headers });
  };
}
