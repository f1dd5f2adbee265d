/** Builds the app of published sites, web/dist-site: `canvasback publish` puts it beside their data. */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { type Plugin, defineConfig } from "vite";

import { aliases } from "./aliases.ts";

/** What publish replaces with the site's own; it must stand in the document exactly once. */
const PLACE = '<script type="application/json" id="site">null</script>';

/** Tells the service worker which files the app has, and checks the document. */
function siteFiles(): Plugin {
  let folder = "";
  return {
    name: "site-files",
    apply: "build",
    configResolved: (config) => {
      folder = resolve(config.root, config.build.outDir);
    },
    closeBundle: () => {
      const html = readFileSync(join(folder, "index.html"), "utf8");
      if (html.split(PLACE).length !== 2) throw new Error(`index.html must have ${PLACE} once`);
      const assets = readdirSync(join(folder, "assets")).sort();
      const worker = join(folder, "sw.js");
      const text = readFileSync(worker, "utf8");
      const filled = text.replace(
        "const ASSETS = [];",
        `const ASSETS = ${JSON.stringify(assets.map((name) => `assets/${name}`))};`,
      );
      if (filled === text) throw new Error("sw.js has no place for the names of assets");
      writeFileSync(worker, filled);
    },
  };
}

export default defineConfig({
  plugins: [react(), siteFiles()],
  root: fileURLToPath(new URL("apps/site", import.meta.url)),
  // Any host, any folder.
  base: "./",
  resolve: { alias: aliases },
  cacheDir: fileURLToPath(new URL("node_modules/.vite-site", import.meta.url)),
  build: {
    target: "es2022",
    outDir: fileURLToPath(new URL("dist-site", import.meta.url)),
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  worker: { format: "es" },
});
