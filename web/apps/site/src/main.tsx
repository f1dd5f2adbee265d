import "./site.css";

import { createRoot } from "react-dom/client";

import { startServiceWorker } from "./offline";
import { Site } from "./Site";

const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = (): void =>
  document.documentElement.setAttribute("data-mantine-color-scheme", dark.matches ? "dark" : "light");
paint();
dark.addEventListener("change", paint);

const host = document.getElementById("root");
if (!host) throw new Error("The page has no place for the site");
createRoot(host).render(<Site />);
startServiceWorker();
