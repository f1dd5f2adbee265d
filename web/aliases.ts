/** Where `@canvasback/…` lies, for everything that builds or tests the app; tsconfig.json says it to the compiler. */
import { fileURLToPath } from "node:url";

export const aliases = { "@canvasback": fileURLToPath(new URL("packages", import.meta.url)) };
