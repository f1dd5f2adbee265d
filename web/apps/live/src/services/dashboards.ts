/** Dashboards of the server: their files, and the numbers of their tiles. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { call, pathOf, send } from "@canvasback/client/api/client";
import { ApiError, OfflineError } from "@canvasback/client/api/error";
import {
  type DashboardBody,
  type DashboardDetail,
  type DashboardQuery,
  OPERATIONS,
} from "@canvasback/client/api/schema";
import type { Dashboard } from "@canvasback/dashboards/model";
import type { Answers, DataSource, Question } from "@canvasback/dashboards/source";
import { queryClient } from "./services";

export interface DashboardFile extends DashboardDetail {
  /** Of the text, so that what someone else saved meanwhile is not overwritten. */
  etag: string;
}

export async function readDashboard(name: string, signal: AbortSignal): Promise<DashboardFile> {
  const path = pathOf(OPERATIONS.getDashboard.path, { name });
  const response = await send(path, { headers: { accept: "application/json" }, signal });
  const detail = (await response.json()) as DashboardDetail;
  return { ...detail, etag: response.headers.get("etag") ?? "" };
}

export function useDashboards() {
  return useQuery({ queryKey: ["dashboards"], queryFn: ({ signal }) => call("listDashboards", {}, signal) });
}

export function useDashboard(name: string) {
  return useQuery({ queryKey: ["dashboard", name], queryFn: ({ signal }) => readDashboard(name, signal) });
}

export function useExplore(dataset: string, version: string | undefined) {
  return useQuery({
    queryKey: ["explore", dataset, version],
    queryFn: ({ signal }) => call("exploreDataset", { params: { name: dataset } }, signal),
    staleTime: Infinity,
  });
}

const LOOK_MS = 15_000;

/** A number that is another one when a dataset of the dashboard has changed. */
export function useRevision(dashboard: Dashboard | null): number {
  const names = (dashboard?.metrics ?? []).flatMap(({ source }) => source ?? []);
  const { data } = useQuery({
    queryKey: ["versions", names],
    queryFn: async ({ signal }) => {
      const { datasets } = await call("listDatasets", {}, signal);
      return datasets.filter(({ name }) => names.includes(name)).map(({ version }) => version);
    },
    enabled: names.length > 0,
    refetchInterval: LOOK_MS,
  });
  const versions = JSON.stringify(data ?? null);
  const [known, setKnown] = useState({ versions, revision: 0 });
  useEffect(() => {
    if (versions === "null" || versions === known.versions) return;
    // The first answer says what there is, not that it has changed.
    setKnown({ versions, revision: known.versions === "null" ? 0 : known.revision + 1 });
  }, [versions, known]);
  return known.revision;
}

async function changed(name: string): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["dashboards"] }),
    queryClient.invalidateQueries({ queryKey: ["dashboard", name] }),
  ]);
}

/** Saves a text; `etag` is of the file that it replaces, null where there must be none of this name. */
export async function saveDashboard(name: string, yaml: string, etag: string | null): Promise<void> {
  const headers: Record<string, string> = etag === null ? { "if-none-match": "*" } : { "if-match": etag };
  await call("saveDashboard", { params: { name }, body: { yaml }, headers });
  await changed(name);
}

export async function deleteDashboard(name: string, etag: string): Promise<void> {
  await call("removeDashboard", { params: { name }, headers: etag ? { "if-match": etag } : {} });
  queryClient.removeQueries({ queryKey: ["dashboard", name] });
  await queryClient.invalidateQueries({ queryKey: ["dashboards"] });
}

const PAUSE_MS = 1000;

async function pause(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  signal.throwIfAborted();
}

/** Whether what failed is likely to succeed in a moment: the server is away, or busy. */
const isPassing = (error: unknown): boolean =>
  error instanceof OfflineError || (error instanceof ApiError && (error.status === 429 || error.status === 503));

/** Numbers from the server, of a dashboard by its name or as it is being edited. */
export function liveSource(of: { dashboard: string } | { document: DashboardBody }): DataSource {
  return {
    ask: async (question: Question, signal: AbortSignal): Promise<Answers> => {
      const body = { ...of, ...question } as unknown as DashboardQuery;
      for (;;) {
        try {
          return (await call("queryDashboard", { body }, signal)) as unknown as Answers;
        } catch (error) {
          if (!isPassing(error)) throw error;
          await pause(signal);
        }
      }
    },
  };
}
