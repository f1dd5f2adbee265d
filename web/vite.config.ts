import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { type Plugin, defineConfig } from "vite";

import { aliases } from "./aliases.ts";

const COMPRESS_BYTES_MIN = 1024;

/** Leaves a .br and a .gz beside each file above 1 KB, so that the server compresses nothing while it serves. */
function compressed(): Plugin {
  let folder = "";
  return {
    name: "compressed",
    apply: "build",
    configResolved: (config) => {
      folder = resolve(config.root, config.build.outDir);
    },
    closeBundle: () => {
      for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
        const file = join(folder, name);
        const size = statSync(file).size;
        if (!statSync(file).isFile() || size <= COMPRESS_BYTES_MIN || /\.(br|gz|png|woff2)$/.test(name)) continue;
        const bytes = readFileSync(file);
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: size };
        writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

// `npm run dev` talks to a server that runs beside it.
const server = process.env.CANVASBACK_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), compressed()],
  root: fileURLToPath(new URL("apps/live", import.meta.url)),
  resolve: { alias: aliases },
  cacheDir: fileURLToPath(new URL("node_modules/.vite", import.meta.url)),
  build: {
    target: "es2022",
    outDir: fileURLToPath(new URL("dist", import.meta.url)),
    emptyOutDir: true,
    chunkSizeWarningLimit: 700,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  worker: { format: "es" },
  server: {
    fs: { allow: [fileURLToPath(new URL(".", import.meta.url))] },
    proxy: Object.fromEntries(
      ["/api", "/metrics", "/health", "/docs", "/openapi.json"].map((path) => [
        path,
        // The server answers to its own name only.
        { target: server, ws: true, changeOrigin: true, headers: { origin: server } },
      ]),
    ),
  },
});
