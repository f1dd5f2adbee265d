import { defineConfig } from "vitest/config";

import { aliases } from "./aliases.ts";

export default defineConfig({
  resolve: { alias: aliases },
  test: {
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["packages/**/*.test.ts", "apps/**/*.test.ts"], environment: "node" },
      },
      {
        extends: true,
        test: {
          name: "browser",
          include: ["tests/**/*.test.ts"],
          environment: "node",
          testTimeout: 180_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          expect: { poll: { timeout: 60_000, interval: 50 } },
        },
      },
    ],
  },
});
