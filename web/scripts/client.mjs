// Builds the TypeScript client as a package: build/typescript-client, ready for `npm pack` or to be copied to a server.
//   node scripts/client.mjs
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const web = fileURLToPath(new URL("..", import.meta.url));
const out = join(web, "../build/typescript-client");
const types = join(out, "types");
const run = (name, ...args) =>
  execFileSync(join(web, "node_modules/.bin", name), args, { cwd: web, stdio: "inherit" });

run("vite", "build", "--config", "vite.client.config.ts", "--logLevel", "warn");

// Declarations come out per source file, in the folders of the packages; names of packages become paths.
run("tsc", "--project", "tsconfig.client.json", "--outDir", types);
for (const name of readdirSync(types, { recursive: true, encoding: "utf8" })) {
  if (!name.endsWith(".d.ts")) continue;
  const file = join(types, name);
  const up = relative(dirname(name), ".") || ".";
  writeFileSync(file, readFileSync(file, "utf8").replaceAll('"@canvasback/', `"${up}/`));
}

const { version } = JSON.parse(readFileSync(join(web, "packages/client/package.json"), "utf8"));
for (const name of ["package.json", "README.md", "example.html"]) {
  copyFileSync(join(web, "packages/client", name), join(out, name));
}
copyFileSync(join(web, "../LICENSE"), join(out, "LICENSE"));
console.log(`the TypeScript client ${version} is in build/typescript-client`);
