/** What several pages ask the server for, each under one key of the query cache. */
import { useQuery } from "@tanstack/react-query";

import { call } from "@canvasback/client/api/client";

export function useDatasets() {
  return useQuery({ queryKey: ["datasets"], queryFn: ({ signal }) => call("listDatasets", {}, signal) });
}

export function useDataset(name: string) {
  return useQuery({
    queryKey: ["dataset", name],
    queryFn: ({ signal }) => call("getDataset", { params: { name } }, signal),
    // A file that was moved away may come back.
    refetchInterval: ({ state }) => (state.status === "error" ? 3000 : false),
  });
}

export function useJobs() {
  return useQuery({
    queryKey: ["jobs"],
    queryFn: ({ signal }) => call("listJobs", {}, signal),
    refetchInterval: ({ state }) =>
      state.data?.jobs.some((job) => job.state === "running" || job.state === "queued") ? 1000 : 10_000,
  });
}
