/** Sources of the server: tables of other databases that it keeps copies of. */
import { useMutation, useQuery } from "@tanstack/react-query";

import { call } from "@canvasback/client/api/client";
import type { Source } from "@canvasback/client/api/schema";
import { queryClient } from "./services";

const RUNNING_MS = 1000;
const IDLE_MS = 5000;

export function useSources() {
  return useQuery({
    queryKey: ["sources"],
    queryFn: ({ signal }) => call("listSources", {}, signal),
    staleTime: 0,
    refetchInterval: ({ state }) =>
      state.data?.sources.some((source) => source.state === "running") ? RUNNING_MS : IDLE_MS,
  });
}

/** Its reports; another pull asks for them again. */
export function useReports(source: Source) {
  const last = source.last_report?.started_at;
  return useQuery({
    queryKey: ["reports", source.name, last, source.state],
    queryFn: ({ signal }) => call("listPullReports", { params: { name: source.name } }, signal),
    placeholderData: (old) => old,
  });
}

export type SourceAction = "runPull" | "sweepSource" | "acceptSchema" | "pauseSource" | "resumeSource";

export function useSourceAction(name: string) {
  return useMutation({
    mutationFn: (action: SourceAction) => call(action, { params: { name } }),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: ["sources"] }),
  });
}
