/** What the columns' values are like, asked for when the page is idle, one column at a time. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { call } from "@canvasback/client/api/client";
import type { ColumnProfile, Filter } from "@canvasback/client/api/schema";

/** Above so many rows a profile is made when somebody asks for it, not by itself. */
export const PROFILE_ROWS_MAX = 20_000_000;

const PROFILE_STALE_MS = 10 * 60_000;

function columnQuery(dataset: string, version: string | undefined, column: string, filter: Filter | undefined) {
  return {
    queryKey: ["profile", dataset, version, column, filter],
    queryFn: async ({ signal }: { signal: AbortSignal }): Promise<ColumnProfile | null> => {
      const query = {
        type: "profile" as const,
        // Names in the list of columns are told apart by commas: one that has a comma can be had with all others only.
        ...(column.includes(",") ? {} : { columns: column }),
        ...(filter ? { filter: JSON.stringify(filter) } : {}),
      };
      const answer = await call("profile", { params: { name: dataset }, query: query as never }, signal);
      return answer.columns.find((each) => each.name === column) ?? null;
    },
    staleTime: PROFILE_STALE_MS,
    retry: false,
  };
}

export function useColumnProfile(
  dataset: string,
  version: string | undefined,
  column: string,
  filter: Filter | undefined,
  on: boolean,
) {
  return useQuery({ ...columnQuery(dataset, version, column, filter), enabled: on });
}

type Profiles = ReadonlyMap<string, ColumnProfile>;

const NONE: Profiles = new Map();

/** Resolves when the page has nothing else to do, or after two seconds; rejects when the signal says so. */
function idle(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = window.requestIdleCallback ?? ((run: () => void) => window.setTimeout(run, 200));
    const cancel = window.cancelIdleCallback ?? window.clearTimeout;
    const handle = request(() => resolve(), { timeout: 2000 });
    signal.addEventListener("abort", () => {
      cancel(handle);
      reject(signal.reason as Error);
    });
  });
}

/**
 * Profiles of columns by name, in the order given. One is asked for at a time, and only while the page has nothing else
 * to do: what is on the screen comes first. Watches none of them: to draw again costs the same however many there are.
 * `columns` is kept from draw to draw while it is the same.
 */
export function useIdleProfiles(
  dataset: string,
  version: string | undefined,
  columns: readonly string[],
  filter: Filter | undefined,
  on: boolean,
): Profiles {
  const client = useQueryClient();
  const key = JSON.stringify([dataset, version, filter]);
  const [known, setKnown] = useState<{ key: string; profiles: Profiles }>({ key, profiles: NONE });
  useEffect(() => {
    if (!on) return;
    const controller = new AbortController();
    const { signal } = controller;
    const run = async (): Promise<void> => {
      const profiles = new Map<string, ColumnProfile>();
      const queries = columns.map((name) => ({ name, query: columnQuery(dataset, version, name, filter) }));
      for (const { name, query } of queries) {
        const found = client.getQueryData<ColumnProfile | null>(query.queryKey);
        if (found) profiles.set(name, found);
      }
      setKnown({ key, profiles: new Map(profiles) });
      for (const { name, query } of queries) {
        if (profiles.has(name)) continue;
        await idle(signal);
        const found = await client.fetchQuery(query).catch(() => null);
        signal.throwIfAborted();
        if (!found) continue;
        profiles.set(name, found);
        setKnown({ key, profiles: new Map(profiles) });
      }
    };
    run().catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    return () => {
      controller.abort();
      void client.cancelQueries({
        queryKey: ["profile", dataset, version],
        fetchStatus: "fetching",
        type: "inactive",
      });
    };
    // The filter is a new object at every draw; what it holds is in key.
  }, [client, on, key, columns]);
  return known.key === key ? known.profiles : NONE;
}
