/** Results of statements: one in sight as a table or a chart, the others a click away. */
import { IconAlertTriangle } from "@tabler/icons-react";
import { Suspense, lazy, useEffect, useMemo, useRef, useState } from "react";

import { duration } from "@canvasback/values/format";
import { ApiError } from "@canvasback/client/api/error";
import type { ViewFrame } from "@canvasback/client/viewFrame";
import { GridPanel } from "../panel/GridPanel";
import type { GridState } from "../state/gridState";
import { patient } from "../services/loading";
import { Lines } from "../ui/states";
import { characterAt } from "./parameters";
import { type RunStatement, useSqlStore } from "./store";
import { withViews } from "./views";

const ResultChart = lazy(patient(() => import("./ResultChart")));

const LABEL_CHARACTERS_MAX = 28;
const TICK_MS = 100;

/** A run that was begun on this page. */
export interface LiveRun {
  /** When its turn came; null while others are before it. */
  begun: number | null;
  frame: ViewFrame | null;
  failed: boolean;
}

export const WAITING: LiveRun = { begun: null, frame: null, failed: false };
export const isSettled = (live: LiveRun): boolean => live.frame !== null || live.failed;

interface ClockProps {
  /** null while its turn has not come. */
  begun: number | null;
  /** What its first rows took, once they are there. */
  ms: number | null;
  going: boolean;
}

/** How long a statement has been running, or what its first rows took. */
export function Clock({ begun, ms, going }: ClockProps) {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    if (!going) return;
    const timer = setInterval(() => setNow(performance.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [going]);
  if (going ? begun === null : ms === null) return null;
  return (
    <span className="dim sql-clock" role="timer" title="Time to first rows">
      {duration(Math.max(0, going ? now - (begun ?? now) : (ms ?? 0)))}
    </span>
  );
}

/** The beginning of a statement, without comments, on one line. */
function labelOf(sql: string): string {
  const text = sql
    .replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  return text.length > LABEL_CHARACTERS_MAX ? `${text.slice(0, LABEL_CHARACTERS_MAX)}…` : text;
}

interface ResultTabsProps {
  runs: readonly RunStatement[];
  live: ReadonlyMap<string, LiveRun>;
  shown: string | null;
  onShow(id: string): void;
}

function stateOf(run: RunStatement, live: LiveRun | undefined): string {
  if (live?.failed) return "failed";
  if (live && !live.frame) return live.begun === null ? "waiting" : "running";
  return run.ms === null ? "" : duration(run.ms);
}

export function ResultTabs({ runs, live, shown, onShow }: ResultTabsProps) {
  return (
    <div className="sql-tabs sql-results" role="group" aria-label="Results">
      {runs.map((run, i) => {
        const state = stateOf(run, live.get(run.id));
        return (
          <div key={run.id} className="sql-tab" data-active={run.id === shown}>
            <button type="button" aria-pressed={run.id === shown} title={run.sql} onClick={() => onShow(run.id)}>
              {state === "failed" && <IconAlertTriangle size={13} stroke={1.8} aria-hidden />}
              <span className="mono">
                {i + 1} · {labelOf(run.sql)}
              </span>
              <small className="dim">{state}</small>
            </button>
          </div>
        );
      })}
    </div>
  );
}

interface ResultProps {
  run: RunStatement;
  live: LiveRun;
  inSight: boolean;
  onBegin(begun: number): void;
  onFrame(frame: ViewFrame | null, begun: number): void;
  onFailed(failed: boolean): void;
  onMark(diagnostic: { from: number; message: string }): void;
  onGrid(grid: GridState): void;
  onExport(): void;
}

export function Result({ run, live, inSight, onBegin, onFrame, onFailed, onMark, onGrid, onExport }: ResultProps) {
  const { views } = useSqlStore();
  const begun = useRef(0);
  // As the views are when it runs: one that is saved later does not change what is shown.
  const whole = useMemo(() => withViews(run.sql, views), []);
  const source = useMemo(
    () => ({ sql: whole.sql, ...(run.parameters ? { parameters: run.parameters } : {}) }),
    [whole],
  );
  useEffect(() => {
    begun.current = performance.now();
    onBegin(begun.current);
  }, []);
  const onError = (error: Error | null): void => {
    onFailed(error !== null);
    if (!(error instanceof ApiError) || error.position === undefined) return;
    const at = run.from + whole.from(characterAt(whole.sql, error.position));
    onMark({ from: at, message: error.message });
  };
  const isTable = inSight && !run.isChart;
  return (
    <>
      <div className="panel" hidden={!isTable} style={isTable ? undefined : { display: "none" }}>
        <GridPanel
          label="Result"
          source={source}
          state={run.grid}
          onState={(changed) => onGrid({ ...run.grid, ...changed } as GridState)}
          onExport={onExport}
          onFrame={(frame) => onFrame(frame, begun.current)}
          onError={onError}
        />
      </div>
      {inSight && run.isChart && live.frame && (
        <Suspense fallback={<Lines />}>
          <ResultChart frame={live.frame} />
        </Suspense>
      )}
    </>
  );
}
