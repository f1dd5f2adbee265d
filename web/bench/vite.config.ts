import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { type Plugin, defineConfig } from "vite";

import { aliases } from "../aliases.ts";

const root = fileURLToPath(new URL("pages", import.meta.url));
const grids = ["ours", "aggrid", "glide", "hightable"];

/** hightable needs the app's React, Glide an older one: each page gets the one that its grid is made for. */
function reactOfHightable(): Plugin {
  const app = fileURLToPath(new URL("../packages/grid/mount.tsx", import.meta.url));
  return {
    name: "react-of-hightable",
    enforce: "pre",
    resolveId(source, importer) {
      if (!/^react(-dom)?(\/|$)/.test(source) || !importer?.includes("hightable")) return null;
      return this.resolve(source, app, { skipSelf: true });
    },
  };
}

export default defineConfig({
  plugins: [reactOfHightable()],
  root,
  resolve: { alias: aliases },
  build: {
    target: "es2022",
    outDir: resolve(root, "../dist"),
    emptyOutDir: true,
    chunkSizeWarningLimit: 4000,
    rollupOptions: { input: Object.fromEntries(grids.map((name) => [name, resolve(root, `${name}.html`)])) },
  },
  worker: { format: "es" },
});
