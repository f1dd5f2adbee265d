/** What the whole app shares: the stream, the query cache, and the settings that outlive a page. */
import { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { create } from "zustand";
import { persist } from "zustand/middleware";

import { ApiError, OfflineError } from "@canvasback/client/api/error";
import { WorkerDecoder } from "@canvasback/client/decoder";
import { type ConnectionStatus, StreamConnection } from "@canvasback/client/stream/connection";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // What the server refuses it refuses again; a server that is away comes back.
      retry: (count, error) =>
        error instanceof OfflineError ? count < 8 : !(error instanceof ApiError) && count < 2,
      retryDelay: (count) => Math.min(4000, 300 * 2 ** count),
      refetchOnWindowFocus: false,
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

let made: StreamConnection | null = null;

export function stream(): StreamConnection {
  if (!made) {
    const url = new URL("/api/v1/stream", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    made = new StreamConnection({ url: url.href, decoder: new WorkerDecoder() });
    const connection = made;
    window.addEventListener("online", () => connection.retryNow());
    // What was asked while the server was away is asked again.
    let before: ConnectionStatus = connection.status;
    connection.subscribe(() => {
      if (before === "lost" && connection.status === "open") void queryClient.invalidateQueries();
      before = connection.status;
    });
  }
  return made;
}

export function useConnectionStatus(): ConnectionStatus {
  return useSyncExternalStore(
    (listener) => stream().subscribe(listener),
    () => stream().status,
  );
}

interface Settings {
  /** Column profiles in the grid's header. */
  headerProfiles: boolean;
  setHeaderProfiles(on: boolean): void;
}

export const useSettings = create<Settings>()(
  persist((set) => ({ headerProfiles: true, setHeaderProfiles: (headerProfiles) => set({ headerProfiles }) }), {
    name: "canvasback-settings",
  }),
);
