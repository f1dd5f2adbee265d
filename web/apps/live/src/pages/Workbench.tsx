/** One tab of the SQL page: the editor, and a result for each statement that ran. */
import { ActionIcon, Button, SegmentedControl, TextInput, Tooltip } from "@mantine/core";
import {
  IconHistory,
  IconLink,
  IconPlayerPlayFilled,
  IconPlayerStopFilled,
  IconPlayerTrackNextFilled,
} from "@tabler/icons-react";
import { Suspense, lazy, useEffect, useMemo, useRef, useState } from "react";

import type { DatasetDetail } from "@canvasback/client/api/schema";
import type { ViewFrame } from "@canvasback/client/viewFrame";
import { writeClipboard } from "@canvasback/grid/clipboard";
import { randomId } from "@canvasback/values/randomId";
import { splitSort } from "../state/gridState";
import { patient } from "../services/loading";
import { Empty } from "../ui/states";
import { Editor, type EditorHandle } from "../sql/Editor";
import { History } from "../sql/History";
import { Clock, type LiveRun, Result, ResultTabs, WAITING, isSettled } from "../sql/Results";
import { SaveView } from "../sql/SaveView";
import { Side } from "../sql/Side";
import type { Schema } from "../sql/completion";
import { LINK_CHARACTERS_MAX, linkOf } from "../sql/link";
import { parameterNames, parameterValues } from "../sql/parameters";
import { type Statement, statementsIn } from "../sql/statements";
import { type RunStatement, type SqlTab, useSqlStore } from "../sql/store";
import { withViews } from "../sql/views";

const ExportDialog = lazy(patient(() => import("./ExportDialog")));

/** What took longer is not run again by itself when the page is loaded again. */
const AGAIN_MS_MAX = 10_000;
/** Of one start: each has a grid and a view on the server. */
const STATEMENTS_MAX = 20;

/** Runs that are there again after a reload, by their id. */
function quickOnes(runs: readonly RunStatement[]): ReadonlyMap<string, LiveRun> {
  return new Map(runs.filter(({ ms }) => ms !== null && ms < AGAIN_MS_MAX).map(({ id }) => [id, WAITING]));
}

/** Those whose turn has come: one after another, as they were written. */
function turns(runs: readonly RunStatement[], live: ReadonlyMap<string, LiveRun>): RunStatement[] {
  const begun = runs.filter(({ id }) => live.has(id));
  const going = begun.findIndex(({ id }) => !isSettled(live.get(id) ?? WAITING));
  return going < 0 ? begun : begun.slice(0, going + 1);
}

interface CopyLinkProps {
  tab: SqlTab;
}

function CopyLink({ tab }: CopyLinkProps) {
  const { views } = useSqlStore();
  const [message, setMessage] = useState<string | null>(null);
  useEffect(() => setMessage(null), [tab.sql, tab.name]);
  const copy = async (): Promise<void> => {
    const link = linkOf(location.origin, tab, views);
    try {
      if (link === null) throw new Error(`the link would have more than ${LINK_CHARACTERS_MAX} characters`);
      await writeClipboard(link);
      setMessage("Link copied");
    } catch (error) {
      setMessage(`Copy failed: ${(error as Error).message}`);
    }
  };
  return (
    <>
      <span className={message ? "dim sql-said" : "visually-hidden"} role="status">
        {message}
      </span>
      <Tooltip label="Copy link to this query">
        <ActionIcon
          size={30}
          variant="default"
          aria-label="Copy link to this query"
          disabled={tab.sql.trim() === ""}
          onClick={() => void copy()}
        >
          <IconLink size={16} stroke={1.6} />
        </ActionIcon>
      </Tooltip>
    </>
  );
}

function Parameters({ tab, names }: { tab: SqlTab; names: readonly string[] }) {
  const { change } = useSqlStore();
  return names.map((name) => (
    <TextInput
      key={name}
      aria-label={`Parameter $${name}`}
      leftSection={<code>${name}</code>}
      leftSectionWidth={18 + 8 * (name.length + 1)}
      w={130 + 8 * name.length}
      value={tab.parameters[name] ?? ""}
      onChange={(event) => change(tab.id, { parameters: { ...tab.parameters, [name]: event.currentTarget.value } })}
    />
  ));
}

/** The runs of a tab on this page: what was begun, what of it is there. */
function useRuns(tab: SqlTab) {
  const { change, changeRun, remember } = useSqlStore();
  const [live, setLive] = useState(() => quickOnes(tab.runs));
  const set = (id: string, changed: Partial<LiveRun>): void =>
    setLive((all) => {
      const old = all.get(id);
      return old ? new Map(all).set(id, { ...old, ...changed }) : all;
    });
  const start = (statements: readonly Statement[]): void => {
    const runs = statements.slice(0, STATEMENTS_MAX).map((each): RunStatement => ({
      ...each,
      id: randomId(),
      parameters: parameterValues(each.sql, tab.parameters),
      ms: null,
      grid: {},
      isChart: false,
    }));
    if (runs.length === 0) return;
    for (const { sql } of runs) remember(sql);
    setLive(new Map(runs.map(({ id }) => [id, WAITING])));
    change(tab.id, { runs, shown: runs[0]?.id ?? null });
  };
  const again = (id: string): void => {
    changeRun(tab.id, id, { ms: null });
    setLive((all) => new Map(all).set(id, WAITING));
  };
  /** What has a result keeps it. */
  const cancel = (): void => {
    const left = tab.runs.filter(({ id }) => isSettled(live.get(id) ?? WAITING));
    setLive((all) => new Map([...all].filter(([id]) => left.some((run) => run.id === id))));
    const shown = left.find(({ id }) => id === tab.shown) ?? left.at(-1);
    change(tab.id, { runs: left, shown: shown?.id ?? null });
  };
  return { live, set, start, again, cancel };
}

interface WorkbenchProps {
  tab: SqlTab;
  catalog: readonly DatasetDetail[];
  /** Others are kept out of sight, with their results. */
  inSight: boolean;
  /** A link brought it: it runs at once. */
  isArriving: boolean;
  onArrived(): void;
}

export function Workbench({ tab, catalog, inSight, isArriving, onArrived }: WorkbenchProps) {
  const { change, changeRun, add, views } = useSqlStore();
  const editor = useRef<EditorHandle>(null);
  const { live, set, start, again, cancel } = useRuns(tab);
  const [history, setHistory] = useState(false);
  const schema = useMemo<Schema>(
    () => [
      ...catalog.map((dataset) => ({ name: dataset.name, columns: dataset.columns ?? [] })),
      ...views.map((view) => ({ name: view.name, columns: [] })),
    ],
    [catalog, views],
  );
  const names = parameterNames(tab.sql);
  const statements = useMemo(() => statementsIn(tab.sql), [tab.sql]);
  const begin = (chosen: readonly Statement[]): void => {
    editor.current?.mark(null);
    start(chosen);
  };
  useEffect(() => {
    if (!isArriving) return;
    onArrived();
    begin(statements);
  }, [isArriving]);
  const run = tab.runs.find(({ id }) => id === tab.shown) ?? tab.runs[0] ?? null;
  const shown = run ? live.get(run.id) : undefined;
  const going = tab.runs.some(({ id }) => live.has(id) && !isSettled(live.get(id) ?? WAITING));
  const source = useMemo(() => {
    if (!run) return null;
    return { sql: withViews(run.sql, views).sql, ...(run.parameters ? { parameters: run.parameters } : {}) };
  }, [run?.id]);
  const onFrame = (of: RunStatement, frame: ViewFrame | null, begun: number): void => {
    set(of.id, { frame });
    if (frame && of.ms === null) changeRun(tab.id, of.id, { ms: performance.now() - begun });
  };
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
            onRun={() => begin(editor.current?.statements() ?? [])}
            onRunAll={() => begin(statements)}
          />
        </div>
        <div className="sql-bar">
          {going ? (
            <Button color="red" variant="light" leftSection={<IconPlayerStopFilled size={14} />} onClick={cancel}>
              Cancel
            </Button>
          ) : (
            <Button
              leftSection={<IconPlayerPlayFilled size={14} />}
              onClick={() => begin(editor.current?.statements() ?? [])}
            >
              Run
            </Button>
          )}
          {statements.length > 1 && !going && (
            <Tooltip label="Ctrl+Shift+Enter">
              <Button
                variant="default"
                leftSection={<IconPlayerTrackNextFilled size={14} />}
                onClick={() => begin(statements)}
              >
                Run all {statements.length}
              </Button>
            </Tooltip>
          )}
          {run && shown && <Clock begun={shown.begun} ms={run.ms} going={!isSettled(shown)} />}
          <span className="dim sql-hint">
            {statements.length > 1
              ? "Ctrl+Enter runs the statement at the cursor, or what is selected"
              : "Ctrl+Enter to run; select text to run only that"}
          </span>
          <Parameters tab={tab} names={names} />
          <span className="spacer" />
          {run && shown?.frame && (
            <SegmentedControl
              aria-label="Result view"
              data={["table", "chart"]}
              value={run.isChart ? "chart" : "table"}
              onChange={(value) => changeRun(tab.id, run.id, { isChart: value === "chart" })}
            />
          )}
          <SaveView
            statement={() => editor.current?.statements()[0]?.sql ?? tab.sql.trim()}
            disabled={statements.length === 0 || names.length > 0}
            onSaved={(name) => change(tab.id, { name })}
          />
          <CopyLink tab={tab} />
          <Tooltip label="Query history">
            <ActionIcon size={30} variant="default" aria-label="Query history" onClick={() => setHistory(true)}>
              <IconHistory size={16} stroke={1.6} />
            </ActionIcon>
          </Tooltip>
        </div>
        {tab.runs.length > 1 && (
          <ResultTabs
            runs={tab.runs}
            live={live}
            shown={run?.id ?? null}
            onShow={(id) => change(tab.id, { shown: id })}
          />
        )}
        {!run && (
          <Empty title="Run a query to see results">
            <p>Every dataset is a table. Statements only read; rows load as you scroll.</p>
          </Empty>
        )}
        {run && !shown && (
          <Empty title="This result is not loaded">
            {run.ms !== null && <p>The query took long, so it was not run again when the page was loaded.</p>}
            <Button variant="default" onClick={() => again(run.id)}>
              Run again
            </Button>
          </Empty>
        )}
        {turns(tab.runs, live).map((each) => (
          <Result
            key={each.id}
            run={each}
            live={live.get(each.id) ?? WAITING}
            inSight={each === run}
            onBegin={(begun) => set(each.id, { begun })}
            onFrame={(frame, begun) => onFrame(each, frame, begun)}
            onFailed={(failed) => set(each.id, { failed })}
            onMark={(diagnostic) => editor.current?.mark(diagnostic)}
            onGrid={(grid) => changeRun(tab.id, each.id, { grid })}
            onExport={() => change(tab.id, { exportJob: "new" })}
          />
        ))}
      </div>
      <History
        opened={history}
        onClose={() => setHistory(false)}
        onChoose={(sql) => (tab.sql.trim() === "" ? editor.current?.insert(sql) : add({ sql }))}
      />
      {/* A job that goes on needs no result: after a reload it is there again. */}
      {tab.exportJob !== null && (source || tab.exportJob !== "new") && (
        <Suspense fallback={null}>
          <ExportDialog
            job={tab.exportJob === "new" ? null : tab.exportJob}
            source={source ?? { sql: tab.sql }}
            columns={shown?.frame?.columns.map((column) => column.name) ?? []}
            state={run?.grid ?? {}}
            sort={splitSort(run?.grid.sort)}
            rows={shown?.frame?.rowCountExact ? shown.frame.rowCount : null}
            onJob={(exportJob) => change(tab.id, { exportJob })}
            onClose={() => change(tab.id, { exportJob: null })}
          />
        </Suspense>
      )}
    </div>
  );
}
