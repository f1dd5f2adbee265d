/** Builds the notebook widget: one module and one style sheet, with everything inside, in apps/widget/dist. */
import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

import { aliases } from "./aliases.ts";

export default defineConfig({
  plugins: [react()],
  root: fileURLToPath(new URL("apps/widget", import.meta.url)),
  resolve: { alias: aliases },
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    target: "es2022",
    outDir: fileURLToPath(new URL("apps/widget/dist", import.meta.url)),
    emptyOutDir: true,
    lib: { entry: "widget.tsx", formats: ["es"], fileName: () => "widget.js", cssFileName: "widget" },
    rolldownOptions: { output: { codeSplitting: false } },
  },
});
