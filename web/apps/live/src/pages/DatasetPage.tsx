/** One dataset: its rows, and what can be known of them. How it is looked at stands in the address. */
import { Tabs } from "@mantine/core";
import { Link, getRouteApi } from "@tanstack/react-router";
import { Suspense, lazy, useCallback, useEffect, useMemo, useRef, useState } from "react";

import { bytes, counted } from "@canvasback/values/format";
import type { DatasetDetail } from "@canvasback/client/api/schema";
import { filterProblem, parseFilter, toFilter } from "@canvasback/client/filters";
import type { ViewFrame } from "@canvasback/client/viewFrame";
import type { DatasetSearch } from "../state/addresses";
import { patient } from "../services/loading";
import { useDataset } from "../services/queries";
import { queryClient } from "../services/services";
import { Lines, Problem } from "../ui/states";
import { splitSort } from "../state/gridState";
import { groupingOf } from "../state/grouping";
import { GridPanel } from "../panel/GridPanel";
import { Reading, isUnread } from "./dataset/Reading";
import { SchemaTab } from "./dataset/SchemaTab";
import { useTitle } from "../ui/title";
import "./dataset/dataset.css";

const ExploreTab = lazy(patient(() => import("./dataset/ExploreTab")));
const ProfileTab = lazy(patient(() => import("./dataset/ProfileTab")));
const QualityTab = lazy(patient(() => import("./dataset/QualityTab")));
const ChartsTab = lazy(patient(() => import("./dataset/ChartsTab")));
const MapTab = lazy(patient(() => import("./dataset/MapTab")));
const SampleTab = lazy(patient(() => import("./dataset/SampleTab")));
const GroupPanel = lazy(patient(() => import("../group/GroupPanel")));
const ExportDialog = lazy(patient(() => import("./ExportDialog")));

const TABS = [
  ["rows", "Rows"],
  ["explore", "Explore"],
  ["profile", "Profile"],
  ["quality", "Quality"],
  ["charts", "Charts"],
  ["map", "Density"],
  ["sample", "Sample"],
  ["schema", "Schema & files"],
] as const;

const route = getRouteApi("/datasets/$name");

/** Changes that come in many small steps, or beside another: Back takes none of them back alone. */
const PASSING: readonly string[] = ["widths", "search", "row", "details", "export", "x", "y", "value"];

/** Files that changed make another version: what is known of the dataset is then asked for again. */
function useVersion(frame: ViewFrame | null, name: string): void {
  const known = useRef<string | number | undefined>(undefined);
  useEffect(() => {
    const look = (): void => {
      const { version } = frame?.state ?? {};
      if (version === undefined || version === known.current) return;
      if (known.current !== undefined) void queryClient.invalidateQueries({ queryKey: ["dataset", name] });
      known.current = version;
    };
    look();
    return frame?.subscribe(look);
  }, [frame, name]);
}

/** The row of an address, from 0; undefined where it names none. */
function rowOf(text: string | undefined): number | undefined {
  return text && /^[1-9]\d{0,14}$/.test(text) ? Number(text) - 1 : undefined;
}

/** Which files are not among what is shown, and why. */
function LeftOut({ files }: { files: NonNullable<DatasetDetail["left_out"]> }) {
  return (
    <details className="banner left-out">
      <summary>
        {counted(files.length, "file")} cannot be read and {files.length === 1 ? "is" : "are"} left out: what is shown
        here is of the others.
      </summary>
      <ul>
        {files.map(({ path, reason }) => (
          <li key={path}>
            <code>{path}</code>: {reason}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Head({ name, detail }: { name: string; detail: DatasetDetail | undefined }) {
  return (
    <header className="dataset-head">
      <Link to="/" className="dim">
        Datasets
      </Link>
      <span className="dim">/</span>
      <h1>{name}</h1>
      {detail && (
        <span className="dim">
          {detail.rows === null || detail.rows === undefined ? "" : `${counted(detail.rows, "row")} · `}
          {counted(detail.columns?.length ?? 0, "column")} · {bytes(detail.bytes ?? 0)}
          {(detail.files ?? 0) > 1 && ` · ${counted(detail.files ?? 0, "file")}`}
        </span>
      )}
    </header>
  );
}

export function DatasetPage() {
  const { name } = route.useParams();
  useTitle(name);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data: detail, error, refetch } = useDataset(name);
  const [frame, setFrame] = useState<ViewFrame | null>(null);
  const tab = TABS.find(([value]) => value === search.tab)?.[0] ?? "rows";
  useVersion(frame, name);
  const change = useCallback(
    (changed: Partial<Record<keyof DatasetSearch, string | undefined>>) => {
      void navigate({
        search: (old) => ({ ...old, ...changed }) as DatasetSearch,
        replace: Object.keys(changed).every((key) => PASSING.includes(key)),
      });
    },
    [navigate],
  );
  const source = useMemo(() => ({ dataset: name }), [name]);
  const files = useMemo(() => detail?.file_list?.map((file) => file.path), [detail]);
  const filter = useMemo(() => toFilter(parseFilter(search.filter)), [search.filter]);
  if (error && !detail) {
    return (
      <div className="page">
        <Problem error={error} onRetry={() => void refetch()} />
      </div>
    );
  }
  if (detail?.error && isUnread(detail)) {
    return (
      <>
        <Head name={name} detail={undefined} />
        <div className="page">
          <Problem
            error={new Error(detail.error.message)}
            title="This dataset cannot be read"
            onRetry={() => void refetch()}
          />
          <Reading dataset={detail} />
        </div>
      </>
    );
  }
  const body = {
    explore: detail && <ExploreTab dataset={detail} search={search} onSearch={change} />,
    profile: detail && <ProfileTab dataset={detail} filter={filter} />,
    quality: detail && <QualityTab dataset={detail} filter={filter} />,
    charts: detail && <ChartsTab dataset={detail} filter={filter} />,
    map: detail && <MapTab dataset={detail} search={search} onSearch={change} filter={filter} />,
    sample: detail && <SampleTab dataset={detail} />,
    schema: detail && <SchemaTab dataset={detail} />,
    rows: null,
  }[tab];
  const wrongFilter = filterProblem(search.filter);
  const grouping = wrongFilter ? null : groupingOf(search);
  return (
    <>
      <Head name={name} detail={detail} />
      {detail?.left_out && detail.left_out.length > 0 && <LeftOut files={detail.left_out} />}
      <Tabs
        value={tab}
        onChange={(value) => change({ tab: value === "rows" || !value ? undefined : value })}
        className="dataset-tabs"
        keepMounted={false}
      >
        <Tabs.List aria-label="Dataset sections">
          {TABS.map(([value, label]) => (
            <Tabs.Tab key={value} value={value}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="rows" className="panel">
          {grouping ? (
            <Suspense fallback={<Lines />}>
              {detail ? (
                <GroupPanel key={name} detail={detail} grouping={grouping} state={search} onState={change} />
              ) : (
                <Lines />
              )}
            </Suspense>
          ) : (
            <GridPanel
              key={name}
              label={`Rows of ${name}`}
              source={source}
              version={detail?.version}
              rowsHint={detail?.rows}
              state={search}
              onState={change}
              onExport={() => change({ export: "new" })}
              startRow={rowOf(search.row)}
              onFrame={setFrame}
              files={files}
            />
          )}
        </Tabs.Panel>
        {tab !== "rows" && (
          <Tabs.Panel value={tab} className={tab === "sample" || tab === "map" ? "panel" : "page"} tabIndex={0}>
            {wrongFilter ? (
              <Problem
                error={new Error(wrongFilter)}
                retryLabel="Remove filter"
                onRetry={() => change({ filter: undefined })}
              />
            ) : (
              <Suspense fallback={<Lines />}>{body ?? <Lines />}</Suspense>
            )}
          </Tabs.Panel>
        )}
      </Tabs>
      {search.export && detail && !wrongFilter && (
        <Suspense fallback={null}>
          <ExportDialog
            job={search.export === "new" ? null : search.export}
            source={{ dataset: name }}
            columns={(detail.columns ?? []).map((column) => column.name)}
            state={search}
            sort={splitSort(search.sort)}
            rows={frame?.rowCountExact ? frame.rowCount : null}
            onJob={(id) => change({ export: id })}
            onClose={() => change({ export: undefined })}
          />
        </Suspense>
      )}
    </>
  );
}
