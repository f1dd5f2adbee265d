/** The double by hand: `npx vite-node tests/support/serve.ts http://127.0.0.1:8080 9000`, then open port 9000. */
import { fileURLToPath } from "node:url";

import { StreamDouble } from "./streamDouble";

const [upstream = "http://127.0.0.1:8080", port = "9000"] = process.argv.slice(2);
const double = new StreamDouble(upstream, fileURLToPath(new URL("../../dist", import.meta.url)));
console.log(await double.listen(Number(port)));
