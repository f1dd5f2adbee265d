/** The app from a folder (WEB_DIST) in place of the one that the program carries, to try a change of it alone. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import type { BrowserContext } from "playwright-core";

const POLICY = "content-security-policy";

export async function useDist(context: BrowserContext): Promise<void> {
  const folder = process.env.WEB_DIST;
  if (!folder) return;
  // A page that is not from the network may not otherwise open a WebSocket to this machine.
  await context.grantPermissions(["local-network-access"]);
  await context.route("**/*", async (route) => {
    const request = route.request();
    const { pathname } = new URL(request.url());
    const file = join(folder, pathname);
    if (pathname !== "/" && existsSync(file) && statSync(file).isFile()) {
      await route.fulfill({ path: file });
    } else if (request.resourceType() === "document" && !pathname.startsWith("/docs")) {
      const answer = await route.fetch();
      const nonce = /'nonce-([^']+)'/.exec(answer.headers()[POLICY] ?? "")?.[1] ?? "";
      const body = readFileSync(join(folder, "index.html"), "utf8").replaceAll("@NONCE@", nonce);
      await route.fulfill({ response: answer, body });
    } else {
      await route.fallback();
    }
  });
}
