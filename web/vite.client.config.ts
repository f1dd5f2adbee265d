/** Builds the TypeScript client as a package of its own (scripts/client.mjs): a module and the worker that decodes. */
import { fileURLToPath } from "node:url";

import { defineConfig } from "vite";

import { aliases } from "./aliases.ts";

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: { alias: aliases },
  root: folder("packages/client"),
  // The worker lies beside the module, wherever that is served.
  base: "./",
  cacheDir: folder("node_modules/.vite-client"),
  build: {
    target: "es2022",
    outDir: folder("../build/typescript-client"),
    emptyOutDir: true,
    lib: { entry: folder("packages/client/index.ts"), formats: ["es"], fileName: "index" },
  },
  worker: { format: "es" },
});
