/** One job: its state as it goes on, and its end. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";

import { call } from "@canvasback/client/api/client";
import { watchJob } from "@canvasback/client/api/events";
import { hasEnded } from "../state/work";
import { queryClient } from "./services";

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
