import { defineConfig } from "vitest/config";

import { aliases } from "./aliases.ts";

const inBrowser = {
  environment: "node" as const,
  testTimeout: 180_000,
  hookTimeout: 300_000,
  fileParallelism: false,
  expect: { poll: { timeout: 60_000, interval: 50 } },
};

export default defineConfig({
  resolve: { alias: aliases },
  test: {
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["packages/**/*.test.ts", "apps/**/*.test.ts"], environment: "node" },
      },
      { extends: true, test: { name: "browser", include: ["tests/**/*.test.ts"], ...inBrowser } },
      // With packages of its own, which `npm run interop` installs.
      { extends: true, test: { name: "interop", include: ["interop/**/*.test.ts"], ...inBrowser } },
    ],
  },
});
