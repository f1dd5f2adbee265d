/** The SQL workbench: statements in tabs, each with its result in the grid. */
import { ActionIcon, Button, Drawer, Popover, SegmentedControl, TextInput, Tooltip } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import {
  IconBookmark,
  IconHistory,
  IconPlayerPlayFilled,
  IconPlayerStopFilled,
  IconPlus,
  IconX,
} from "@tabler/icons-react";
import { useQueries } from "@tanstack/react-query";
import { type FormEvent, Suspense, lazy, useEffect, useMemo, useRef, useState } from "react";

import { duration, moment } from "@canvasback/values/format";
import { call } from "@canvasback/client/api/client";
import { ApiError } from "@canvasback/client/api/error";
import type { DatasetDetail } from "@canvasback/client/api/schema";
import type { ViewFrame } from "@canvasback/client/viewFrame";
import { Empty, Lines } from "../ui/states";
import { type GridState, splitSort } from "../state/gridState";
import { GridPanel } from "../panel/GridPanel";
import { Editor, type EditorHandle } from "../sql/Editor";
import { type Schema, written } from "../sql/completion";
import { characterAt, parameterNames, parameterValues } from "../sql/parameters";
import { type RunStatement, type SqlTab, useSqlStore } from "../sql/store";
import { type SavedView, isViewName, withViews } from "../sql/views";
import { patient } from "../services/loading";
import { useDatasets } from "../services/queries";
import { useTitle } from "../ui/title";
import "../sql/sql.css";

const ResultChart = lazy(patient(() => import("../sql/ResultChart")));
const ExportDialog = lazy(patient(() => import("./ExportDialog")));

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

function Views({ onInsert }: { onInsert(text: string): void }) {
  const { views, add, drop } = useSqlStore();
  return views.map((view) => (
    <details key={view.name}>
      <summary title={view.sql}>
        {view.name} <small className="dim">view</small>
      </summary>
      <button type="button" className="sql-column" onClick={() => onInsert(written(view.name))}>
        <span className="dim">Insert table name</span>
      </button>
      <button type="button" className="sql-column" onClick={() => add(view.sql)}>
        <span className="dim">Open query</span>
      </button>
      <button type="button" className="sql-column" onClick={() => drop(view.name)}>
        <span className="dim">Delete view</span>
      </button>
    </details>
  ));
}

function SaveView({ sql, disabled }: { sql: string; disabled: boolean }) {
  const { views, save } = useSqlStore();
  const [opened, setOpened] = useState(false);
  const [name, setName] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!isViewName(name)) return;
    save({ name, sql: sql.trim() });
    setOpened(false);
    setName("");
  };
  const known = views.some((view) => view.name === name);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus width={290}>
      <Popover.Target>
        <Tooltip label="Save as view">
          <ActionIcon
            size={30}
            variant="default"
            aria-label="Save as view"
            disabled={disabled}
            onClick={() => setOpened((open) => !open)}
          >
            <IconBookmark size={16} stroke={1.6} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown>
        <form className="row" onSubmit={submit}>
          <TextInput
            aria-label="View name"
            placeholder="name"
            error={name !== "" && !isViewName(name)}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          <Button type="submit" disabled={!isViewName(name)}>
            {known ? "Replace" : "Save"}
          </Button>
        </form>
        <p className="dim" style={{ margin: "8px 0 0", fontSize: 12 }}>
          Your queries can use it like a table. Saved in this browser.
        </p>
      </Popover.Dropdown>
    </Popover>
  );
}

function Side({ catalog, onInsert }: { catalog: readonly DatasetDetail[]; onInsert(text: string): void }) {
  return (
    <aside className="sql-side" aria-label="Datasets">
      <Views onInsert={onInsert} />
      {catalog.map((dataset) => (
        <details key={dataset.name} open={catalog.length <= 2}>
          <summary title={dataset.source}>{dataset.name}</summary>
          <button type="button" className="sql-column" onClick={() => onInsert(written(dataset.name))}>
            <span className="dim">Insert table name</span>
          </button>
          {dataset.columns?.map((column) => (
            <button
              key={column.name}
              type="button"
              className="sql-column"
              title={`${column.name} ${column.type}`}
              onClick={() => onInsert(written(column.name))}
            >
              <span>{column.name}</span>
              <small>{column.type.toLowerCase()}</small>
            </button>
          ))}
        </details>
      ))}
    </aside>
  );
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

function History({ opened, onClose, onChoose }: { opened: boolean; onClose(): void; onChoose(sql: string): void }) {
  const { history, forget } = useSqlStore();
  const [search, setSearch] = useState("");
  const found = history.filter((entry) => entry.sql.toLowerCase().includes(search.toLowerCase()));
  return (
    <Drawer opened={opened} onClose={onClose} position="right" title={<strong>Query history</strong>}>
      <div className="row" style={{ marginBottom: 10 }}>
        <TextInput
          flex={1}
          aria-label="Search history"
          placeholder="Find"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          data-autofocus
        />
        {history.length > 0 && (
          <Button variant="subtle" color="gray" onClick={forget}>
            Clear history
          </Button>
        )}
      </div>
      {found.length === 0 && <Empty title={history.length === 0 ? "No queries yet" : "No matching queries"} />}
      {found.map((entry) => (
        <button
          key={entry.at}
          type="button"
          className="history-entry"
          onClick={() => {
            onChoose(entry.sql);
            onClose();
          }}
        >
          <pre>{entry.sql}</pre>
          <small className="dim">{moment(entry.at)}</small>
        </button>
      ))}
    </Drawer>
  );
}

interface Run extends RunStatement {
  number: number;
  begun: number;
  /** Where a character of `sql` is in what was written. */
  place(character: number): number;
}

/** What took longer is not run again by itself when the page is loaded again. */
const AGAIN_MS_MAX = 10_000;

function runOf(statement: RunStatement, views: readonly SavedView[], number: number): Run {
  const whole = withViews(statement.sql, views);
  return { ...statement, sql: whole.sql, place: whole.from, number, begun: performance.now() };
}

/** How long a statement has been running, or what its first rows took. */
function Clock({ run, going }: { run: Run; going: boolean }) {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    if (!going) return;
    const timer = setInterval(() => setNow(performance.now()), 100);
    return () => clearInterval(timer);
  }, [going]);
  if (!going && run.ms === null) return null;
  return (
    <span className="dim sql-clock" role="timer" title="Time to first rows">
      {duration(Math.max(0, going ? now - run.begun : (run.ms ?? 0)))}
    </span>
  );
}

interface WorkbenchProps {
  tab: SqlTab;
  catalog: readonly DatasetDetail[];
  /** Others are kept out of sight, with their results. */
  inSight: boolean;
}

function Workbench({ tab, catalog, inSight }: WorkbenchProps) {
  const { change, remember, add, views } = useSqlStore();
  const editor = useRef<EditorHandle>(null);
  const [run, setRun] = useState<Run | null>(() => {
    const { run: last } = tab;
    return last?.ms !== null && last && last.ms < AGAIN_MS_MAX ? runOf(last, views, 1) : null;
  });
  const [frame, setFrame] = useState<ViewFrame | null>(null);
  const [failed, setFailed] = useState(false);
  const [mode, setMode] = useState("table");
  const [history, setHistory] = useState(false);
  const schema = useMemo<Schema>(
    () => [
      ...catalog.map((dataset) => ({ name: dataset.name, columns: dataset.columns ?? [] })),
      ...views.map((view) => ({ name: view.name, columns: [] })),
    ],
    [catalog, views],
  );
  const names = parameterNames(tab.sql);

  const start = (): void => {
    const statement = editor.current?.statement();
    if (!statement?.sql.trim()) return;
    editor.current?.mark(null);
    remember(statement.sql.trim());
    setFrame(null);
    setFailed(false);
    const parameters = parameterValues(statement.sql, tab.parameters);
    const begun: RunStatement = { ...statement, parameters, ms: null };
    change(tab.id, { grid: {}, run: begun });
    setRun((last) => runOf(begun, views, (last?.number ?? 0) + 1));
  };
  const cancel = (): void => {
    setRun(null);
    change(tab.id, { run: null });
  };
  const onFrame = (next: ViewFrame | null): void => {
    setFrame(next);
    if (!next || !run || run.ms !== null) return;
    const ms = performance.now() - run.begun;
    setRun({ ...run, ms });
    if (tab.run) change(tab.id, { run: { ...tab.run, ms } });
  };
  const onError = (error: Error | null): void => {
    setFailed(error !== null);
    if (!run || !(error instanceof ApiError) || error.position === undefined) return;
    const at = run.from + run.place(characterAt(run.sql, error.position));
    editor.current?.mark({ from: at, message: error.message });
  };
  const source = useMemo(
    () => run && { sql: run.sql, ...(run.parameters ? { parameters: run.parameters } : {}) },
    [run?.number],
  );
  const going = run !== null && frame === null && !failed;
  return (
    <div className="sql-work" style={{ display: inSight ? "contents" : "none" }}>
      <Side catalog={catalog} onInsert={(text) => editor.current?.insert(text)} />
      <div className="sql-main">
        <div className="sql-write">
          <Editor
            ref={editor}
            value={tab.sql}
            schema={schema}
            onChange={(sql) => change(tab.id, { sql })}
            onRun={start}
          />
        </div>
        <div className="sql-bar">
          {going ? (
            <Button color="red" variant="light" leftSection={<IconPlayerStopFilled size={14} />} onClick={cancel}>
              Cancel
            </Button>
          ) : (
            <Button leftSection={<IconPlayerPlayFilled size={14} />} onClick={start}>
              Run
            </Button>
          )}
          {run && <Clock run={run} going={going} />}
          <span className="dim" style={{ fontSize: 12 }}>
            Ctrl+Enter to run; select text to run only that
          </span>
          {names.map((name) => (
            <TextInput
              key={name}
              aria-label={`Parameter $${name}`}
              leftSection={<code>${name}</code>}
              leftSectionWidth={18 + 8 * (name.length + 1)}
              w={130 + 8 * name.length}
              value={tab.parameters[name] ?? ""}
              onChange={(event) =>
                change(tab.id, { parameters: { ...tab.parameters, [name]: event.currentTarget.value } })
              }
            />
          ))}
          <span className="spacer" />
          {frame && (
            <SegmentedControl aria-label="Result view" data={["table", "chart"]} value={mode} onChange={setMode} />
          )}
          <SaveView sql={tab.sql} disabled={tab.sql.trim() === "" || names.length > 0} />
          <Tooltip label="Query history">
            <ActionIcon size={30} variant="default" aria-label="Query history" onClick={() => setHistory(true)}>
              <IconHistory size={16} stroke={1.6} />
            </ActionIcon>
          </Tooltip>
        </div>
        {!source && (
          <Empty title="Run a query to see results">
            <p>Every dataset is a table. Run one read-only SELECT at a time; rows load as you scroll.</p>
          </Empty>
        )}
        {source && run && (
          <div className="panel" hidden={mode === "chart"} style={mode === "chart" ? { display: "none" } : undefined}>
            <GridPanel
              key={run.number}
              label="Result"
              source={source}
              state={tab.grid}
              onState={(changed) => change(tab.id, { grid: { ...tab.grid, ...changed } as GridState })}
              onExport={() => change(tab.id, { exportJob: "new" })}
              onFrame={onFrame}
              onError={onError}
            />
          </div>
        )}
        {mode === "chart" && frame && (
          <Suspense fallback={<Lines />}>
            <ResultChart key={run?.number} frame={frame} />
          </Suspense>
        )}
      </div>
      <History
        opened={history}
        onClose={() => setHistory(false)}
        onChoose={(sql) => (tab.sql.trim() === "" ? editor.current?.insert(sql) : add(sql))}
      />
      {/* A job that goes on needs no result: after a reload it is there again. */}
      {tab.exportJob !== null && (source || tab.exportJob !== "new") && (
        <Suspense fallback={null}>
          <ExportDialog
            job={tab.exportJob === "new" ? null : tab.exportJob}
            source={source ?? { sql: tab.sql }}
            columns={frame?.columns.map((column) => column.name) ?? []}
            state={tab.grid}
            sort={splitSort(tab.grid.sort)}
            rows={frame?.rowCountExact ? frame.rowCount : null}
            onJob={(exportJob) => change(tab.id, { exportJob })}
            onClose={() => change(tab.id, { exportJob: null })}
          />
        </Suspense>
      )}
    </div>
  );
}

/** So many tabs keep their results while others are in sight. */
const KEPT_TABS_MAX = 6;

const route = getRouteApi("/sql");

export function SqlPage() {
  useTitle("SQL");
  const { tabs, active, add } = useSqlStore();
  const catalog = useCatalog();
  const { sql } = route.useSearch();
  const navigate = route.useNavigate();
  useEffect(() => {
    if (!sql) return;
    // An address may bring a statement; it gets a tab, and the address is free for the next.
    if (!useSqlStore.getState().tabs.some((tab) => tab.sql === sql)) add(sql);
    void navigate({ search: {}, replace: true });
  }, [sql]);
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
          <Workbench key={each.id} tab={each} catalog={catalog} inSight={each === tab} />
        ))}
    </div>
  );
}
