import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { defineConfig } from "vite";

const root = fileURLToPath(new URL("pages", import.meta.url));
const grids = ["ours", "aggrid", "glide", "hightable"];

export default defineConfig({
  root,
  build: {
    target: "es2022",
    outDir: resolve(root, "../dist"),
    emptyOutDir: true,
    chunkSizeWarningLimit: 4000,
    rollupOptions: { input: Object.fromEntries(grids.map((name) => [name, resolve(root, `${name}.html`)])) },
  },
  worker: { format: "es" },
});
