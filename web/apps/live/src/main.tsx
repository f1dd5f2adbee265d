import "@mantine/core/styles.css";
import "./ui/app.css";
import "./ui/windows.css";

import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { createRoot } from "react-dom/client";

import { router } from "./app/router";
import { queryClient } from "./services/services";
import { cssVariables, styleNonce, theme } from "./ui/theme";

// Libraries that make style elements of their own (scroll locks of dialogs) look for the nonce here.
(globalThis as { __webpack_nonce__?: string }).__webpack_nonce__ = styleNonce();

const host = document.getElementById("root");
if (!host) throw new Error("The page has no place for the app");
createRoot(host).render(
  <MantineProvider
    theme={theme}
    defaultColorScheme="auto"
    getStyleNonce={styleNonce}
    cssVariablesResolver={cssVariables}
  >
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </MantineProvider>,
);
