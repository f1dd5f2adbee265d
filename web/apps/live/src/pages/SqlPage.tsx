/** The SQL workbench: statements in tabs, each with its results in the grid. */
import { ActionIcon, Tooltip } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useQueries } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";

import { call } from "@canvasback/client/api/client";
import type { DatasetDetail } from "@canvasback/client/api/schema";
import { Workbench } from "./Workbench";
import { tabOf } from "../sql/link";
import { useSqlStore } from "../sql/store";
import { useDatasets } from "../services/queries";
import { useTitle } from "../ui/title";
import "../sql/sql.css";

const CATALOG_MAX = 200;

function useCatalog(): DatasetDetail[] {
  const datasets = useDatasets();
  const names = (datasets.data?.datasets ?? []).filter((each) => !each.error).slice(0, CATALOG_MAX);
  const details = useQueries({
    queries: names.map(({ name }) => ({
      queryKey: ["dataset", name],
      queryFn: ({ signal }: { signal: AbortSignal }) => call("getDataset", { params: { name } }, signal),
      staleTime: 60_000,
    })),
  });
  const key = details.map((each) => each.dataUpdatedAt).join();
  return useMemo(() => details.flatMap((each) => each.data ?? []), [key]);
}

function TabStrip() {
  const { tabs, active, choose, close, add } = useSqlStore();
  return (
    <div className="sql-tabs" role="group" aria-label="Queries">
      {tabs.map((tab) => (
        <div key={tab.id} className="sql-tab" data-active={tab.id === active}>
          <button type="button" aria-pressed={tab.id === active} onClick={() => choose(tab.id)}>
            {tab.name}
          </button>
          <ActionIcon size={20} mr={4} aria-label={`Close ${tab.name}`} onClick={() => close(tab.id)}>
            <IconX size={12} />
          </ActionIcon>
        </div>
      ))}
      <Tooltip label="New query">
        <ActionIcon size={26} my={3} aria-label="New query" onClick={() => add()}>
          <IconPlus size={15} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

/** So many tabs keep their results while others are in sight. */
const KEPT_TABS_MAX = 6;

const route = getRouteApi("/sql");

export function SqlPage() {
  useTitle("SQL");
  const { tabs, active } = useSqlStore();
  const catalog = useCatalog();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [arriving, setArriving] = useState<string | null>(null);
  useEffect(() => {
    const brought = tabOf(search);
    if (!brought) return;
    // It gets a tab and runs, and the address is free for the next.
    setArriving(useSqlStore.getState().arrive(brought));
    void navigate({ search: {}, replace: true });
  }, [search.sql]);
  const tab = tabs.find((each) => each.id === active) ?? tabs[0];
  const kept = useRef<string[]>([]);
  if (tab && kept.current.at(-1) !== tab.id) {
    kept.current = [...kept.current.filter((id) => id !== tab.id), tab.id].slice(-KEPT_TABS_MAX);
  }
  return (
    <div className="sql">
      <h1 className="visually-hidden">SQL</h1>
      <TabStrip />
      {tabs
        .filter((each) => kept.current.includes(each.id))
        .map((each) => (
          <Workbench
            key={each.id}
            tab={each}
            catalog={catalog}
            inSight={each === tab}
            isArriving={each.id === arriving}
            onArrived={() => setArriving(null)}
          />
        ))}
    </div>
  );
}
