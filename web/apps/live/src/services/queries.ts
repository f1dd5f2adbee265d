/** What several pages ask the server for, each under one key of the query cache. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";

import { call } from "@canvasback/client/api/client";
import { watchJob } from "@canvasback/client/api/events";
import { hasEnded } from "../state/work";
import { queryClient } from "./services";

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

/** A job, kept up to date by the server's events while it goes on. */
export function useJob(id: string) {
  const job = useQuery({
    queryKey: ["job", id],
    queryFn: ({ signal }) => call("getJob", { params: { id } }, signal),
    staleTime: 0,
  });
  const ended = job.data ? hasEnded(job.data) : job.isError;
  useEffect(() => {
    if (ended) return;
    return watchJob(id, (seen, isLast) => {
      queryClient.setQueryData(["job", id], seen);
      if (isLast) void queryClient.invalidateQueries({ queryKey: ["jobs"] });
    });
  }, [id, ended]);
  return job;
}

export function useRemoveJob(onGone?: () => void) {
  return useMutation({
    mutationFn: (id: string) => call("removeJob", { params: { id } }),
    onSettled: (_, __, id) => {
      void queryClient.invalidateQueries({ queryKey: ["jobs"] });
      void queryClient.invalidateQueries({ queryKey: ["job", id] });
      onGone?.();
    },
  });
}
