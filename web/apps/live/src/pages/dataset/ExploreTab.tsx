/** A dashboard of a dataset that nobody had to write; it can be saved as a file. */
import { Button } from "@mantine/core";
import { IconDeviceFloppy } from "@tabler/icons-react";
import { useMemo, useState } from "react";

import type { DatasetDetail } from "@canvasback/client/api/schema";
import { Board } from "@canvasback/dashboards/Board";
import { PivotBuilder } from "@canvasback/dashboards/PivotBuilder";
import { dashboardOf } from "@canvasback/dashboards/model";
import { type DashboardState, stateFromText, stateToText } from "@canvasback/dashboards/state";
import type { DatasetSearch } from "../../state/addresses";
import { liveSource, useExplore } from "../../services/dashboards";
import { Lines, Problem } from "../../ui/states";
import { SaveDialog, nameOf } from "../dashboard/SaveDialog";
import { useRows } from "../dashboard/useRows";

interface ExploreTabProps {
  dataset: DatasetDetail;
  search: DatasetSearch;
  onSearch(changed: Partial<Record<keyof DatasetSearch, string | undefined>>): void;
}

export default function ExploreTab({ dataset, search, onSearch }: ExploreTabProps) {
  const { data, error, refetch } = useExplore(dataset.name, dataset.version);
  const [isSaving, setIsSaving] = useState(false);
  const onRows = useRows();
  const { period, compare, where, tiles } = search;
  const state = useMemo(() => {
    const text = { period, compare, filter: where, tiles };
    return stateFromText(Object.fromEntries(Object.entries(text).filter(([, value]) => value)));
  }, [period, compare, where, tiles]);
  const dashboard = useMemo(() => (data ? dashboardOf(data.document) : null), [data]);
  const source = useMemo(() => (data ? liveSource({ document: data.document }) : null), [data]);
  if (error) return <Problem error={error} onRetry={() => void refetch()} />;
  if (!data || !dashboard || !source) return <Lines />;
  const onState = (next: DashboardState): void => {
    const { filter, ...others } = stateToText(next);
    onSearch({ ...others, where: filter });
  };
  return (
    <>
      <div className="row wrap" style={{ marginBottom: 10 }}>
        <span className="dim">Proposed from the columns of {dataset.name}. Click a value to filter by it.</span>
        <span className="spacer" />
        <Button variant="default" leftSection={<IconDeviceFloppy size={14} />} onClick={() => setIsSaving(true)}>
          Save as dashboard
        </Button>
      </div>
      <Board dashboard={dashboard} source={source} state={state} onState={onState} onRows={onRows} isExploring />
      <PivotBuilder dashboard={dashboard} source={source} state={state} onState={onState} />
      {isSaving && (
        <SaveDialog
          title="Save as dashboard"
          proposal={nameOf(dataset.name)}
          yaml={data.yaml}
          onClose={() => setIsSaving(false)}
        />
      )}
    </>
  );
}
