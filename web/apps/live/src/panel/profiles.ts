/** What the columns' values are like, asked for when the page is idle, one column at a time. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";

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

/**
 * Profiles of columns by name, in the order given. One is asked for at a time, and only while the page has nothing else
 * to do: what is on the screen comes first.
 */
export function useIdleProfiles(
  dataset: string,
  version: string | undefined,
  columns: readonly string[],
  filter: Filter | undefined,
  on: boolean,
): ReadonlyMap<string, ColumnProfile> {
  const [allowed, setAllowed] = useState(0);
  const key = JSON.stringify([dataset, version, filter]);
  useEffect(() => setAllowed(0), [key]);
  const results = useQueries({
    queries: columns.map((column, i) => ({
      ...columnQuery(dataset, version, column, filter),
      enabled: on && i < allowed,
    })),
  });
  const settled = results.filter((result) => result.isSuccess || result.isError).length;
  useEffect(() => {
    if (!on || settled < allowed || allowed >= columns.length) return;
    const idle = window.requestIdleCallback ?? ((run: () => void) => window.setTimeout(run, 200));
    const cancel = window.cancelIdleCallback ?? window.clearTimeout;
    const handle = idle(() => setAllowed(settled + 1), { timeout: 2000 });
    return () => cancel(handle);
  }, [on, settled, allowed, columns.length]);
  const dataKey = results.map((result) => result.dataUpdatedAt).join();
  return useMemo(() => {
    const found = new Map<string, ColumnProfile>();
    results.forEach((result, i) => {
      const name = columns[i];
      if (result.data && name !== undefined) found.set(name, result.data);
    });
    return found;
    // The results are new objects at every draw; what they hold changes with dataKey.
  }, [dataKey, columns]);
}
