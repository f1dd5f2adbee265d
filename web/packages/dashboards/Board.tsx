/**
 * A dashboard on a page: period, comparison and filters above, tiles below. What is chosen is the caller's (it belongs
 * in the address), numbers come from a DataSource, and where rows are shown is the caller's to know.
 */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import { FilterPicker, filterWords } from "./FilterPicker";
import { CloseIcon, FullScreenIcon, PrintIcon, RefreshIcon } from "./icons";
import { type Dashboard, type Metrics, type Scalar, dimensionNamed, metricsOfTile, whereOf } from "./model";
import { compareWords, periodWords, spanWords } from "./periods";
import { ComparePicker, PeriodPicker } from "./PeriodPicker";
import { TileFrame } from "./TileFrame";
import { type RowsBehind, rowsBehind } from "./drill";
import type { AnsweredModel, DataSource } from "./source";
import { type DashboardState, EMPTY_STATE, toggled, withChange, withCompare, withFilter, withPeriod } from "./state";
import { Tones } from "./tones";
import { useAnswers } from "./useAnswers";
import "./dashboards.css";

export interface BoardProps {
  dashboard: Dashboard;
  source: DataSource;
  state: DashboardState;
  onState(state: DashboardState): void;
  /** Another number asks again: the data may have changed. */
  revision?: number;
  isExploring?: boolean;
  onRows?: (rows: RowsBehind) => void;
}

const NEWEST = { dateStyle: "medium", timeStyle: "short" } as const;

function newestWords({ newest, timezone }: AnsweredModel): string | null {
  const at = newest === null ? NaN : Date.parse(newest);
  if (Number.isNaN(at)) return null;
  try {
    return new Intl.DateTimeFormat("en-GB", { ...NEWEST, timeZone: timezone }).format(at);
  } catch {
    return new Intl.DateTimeFormat("en-GB", { ...NEWEST, timeZone: "UTC" }).format(at);
  }
}

/** Asks again after so many seconds, while the page is looked at. */
function useRefresh(seconds: number | null, ask: () => void): void {
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => {
    if (seconds === null) return;
    const timer = setInterval(
      () => {
        if (document.visibilityState === "visible") latest.current();
      },
      Math.max(5, seconds) * 1000,
    );
    return () => clearInterval(timer);
  }, [seconds]);
}

function useInSight() {
  const [inSight, setInSight] = useState<ReadonlySet<number>>(new Set());
  const onInSight = useCallback((tile: number, isInSight: boolean) => {
    setInSight((old) => {
      if (old.has(tile) === isInSight) return old;
      const next = new Set(old);
      if (isInSight) next.add(tile);
      else next.delete(tile);
      return next;
    });
  }, []);
  return { inSight, onInSight };
}

function Chips({ dashboard, state, onState }: Pick<BoardProps, "dashboard" | "state" | "onState">) {
  // The others have a button above, which says so.
  const names = Object.keys(state.filters).filter((name) => !dashboard.filters.includes(name));
  if (names.length === 0) return null;
  return (
    <ul className="dash-chips" aria-label="Filters">
      {names.map((name) => {
        const metrics = dashboard.metrics.find(({ dimensions }) => dimensions.some((each) => each.name === name));
        const dimension = dimensionNamed(metrics, name);
        const words = `${dimension.label}: ${filterWords(dimension, state.filters[name]!)}`;
        return (
          <li key={name}>
            <span>{words}</span>
            <button
              type="button"
              aria-label={`Remove filter ${words}`}
              onClick={() => onState(withFilter(state, name, undefined))}
            >
              <CloseIcon />
            </button>
          </li>
        );
      })}
    </ul>
  );
}

interface ControlsProps extends BoardProps {
  model: AnsweredModel | undefined;
  isAsking: boolean;
  onRefresh(): void;
  onFullScreen(): void;
}

function Controls(props: ControlsProps) {
  const { dashboard, source, state, onState, model, isAsking } = props;
  const metrics = dashboard.metrics[0];
  const period = state.period ?? dashboard.period;
  const hasTime = dashboard.metrics.some(({ time }) => time !== null);
  const newest = model ? newestWords(model) : null;
  const isChanged = state.period !== undefined || state.compare !== undefined || Object.keys(state.tiles).length > 0;
  return (
    <div className="dash-controls" role="group" aria-label="Period and filters">
      {hasTime && (
        <>
          <PeriodPicker
            period={period}
            span={model?.period ?? null}
            onPeriod={(chosen) => onState(withPeriod(state, chosen))}
          />
          <ComparePicker
            compare={state.compare ?? dashboard.compare}
            onCompare={(compare) => onState(withCompare(state, compare))}
          />
        </>
      )}
      {dashboard.filters.map((name) => {
        const of =
          dashboard.metrics.find(({ dimensions }) => dimensions.some((each) => each.name === name)) ?? metrics;
        if (!of) return null;
        return (
          <FilterPicker
            key={name}
            source={source}
            metrics={of}
            dimension={dimensionNamed(of, name)}
            filters={state.filters}
            period={period}
            onFilter={(filter) => onState(withFilter(state, name, filter))}
          />
        );
      })}
      {(isChanged || Object.keys(state.filters).length > 0) && (
        <button type="button" className="dash-link" onClick={() => onState(EMPTY_STATE)}>
          Reset
        </button>
      )}
      <span className="dash-spacer" />
      {newest && (
        <span className="dash-dim dash-as-of" title="Time of the newest row">
          As of {newest} ({model?.timezone})
        </span>
      )}
      <span className="dash-actions">
        <button
          type="button"
          className="dash-icon"
          aria-label="Refresh"
          title="Refresh"
          data-busy={isAsking || undefined}
          onClick={props.onRefresh}
        >
          <RefreshIcon />
        </button>
        <button
          type="button"
          className="dash-icon"
          aria-label="Full screen"
          title="Full screen"
          onClick={props.onFullScreen}
        >
          <FullScreenIcon />
        </button>
        <button type="button" className="dash-icon" aria-label="Print" title="Print" onClick={() => window.print()}>
          <PrintIcon />
        </button>
      </span>
    </div>
  );
}

/** Several values at once are one filter each: a cell of a heat map. */
function withValues(state: DashboardState, values: Readonly<Record<string, Scalar>>): DashboardState {
  const entries = Object.entries(values);
  if (entries.length === 1 && entries[0]) return toggled(state, ...entries[0]);
  const isThere = entries.every(([name, value]) => {
    const filter = state.filters[name];
    return Array.isArray(filter) && filter.length === 1 && filter[0] === value;
  });
  return entries.reduce((next, [name, value]) => withFilter(next, name, isThere ? undefined : [value]), state);
}

export function Board(props: BoardProps) {
  const { dashboard, source, state, onState, revision = 0, onRows } = props;
  const [asked, setAsked] = useState(0);
  const { inSight, onInSight } = useInSight();
  const answers = useAnswers({ source, dashboard, state, wanted: inSight, revision: revision * 100_000 + asked });
  const ask = (): void => setAsked((count) => count + 1);
  useRefresh(dashboard.refreshSeconds, ask);
  const host = useRef<HTMLDivElement>(null);
  const tones = useMemo(() => new Tones(), [dashboard]);
  const modelOf = (metrics: Metrics | undefined): AnsweredModel | undefined =>
    answers.models.find(({ name }) => name === metrics?.name);
  const first = modelOf(dashboard.metrics[0]);
  const period = state.period ?? dashboard.period;
  const subtitle = useMemo(() => {
    const filters = Object.entries(state.filters).map(([name, filter]) => {
      const metrics = dashboard.metrics.find(({ dimensions }) => dimensions.some((each) => each.name === name));
      const dimension = dimensionNamed(metrics, name);
      return `${dimension.label} ${filterWords(dimension, filter)}`;
    });
    return [first?.period ? spanWords(first.period) : periodWords(period), ...filters].join(" · ");
  }, [state.filters, dashboard, first, period]);
  const fullScreen = (): void => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void host.current?.requestFullscreen().catch(() => undefined);
  };
  return (
    <div className="dash" ref={host}>
      <Controls {...props} model={first} isAsking={answers.isAsking} onRefresh={ask} onFullScreen={fullScreen} />
      <Chips dashboard={dashboard} state={state} onState={onState} />
      <p className="dash-printed">{subtitle}</p>
      <div className="dash-grid">
        {dashboard.tiles.map((tile, index) => {
          const metrics = metricsOfTile(dashboard, tile);
          const model = modelOf(metrics);
          const compare = state.compare ?? tile.compare ?? dashboard.compare;
          const filters = { ...state.filters, ...whereOf(tile.where) };
          const isThere = metrics !== undefined && onRows !== undefined && Boolean(answers.slots.get(index)?.answer);
          const rows = isThere ? rowsBehind(metrics, model, filters) : undefined;
          return (
            <TileFrame
              key={index}
              dashboard={dashboard}
              tile={tile}
              slot={answers.slots.get(index)}
              isLoading={answers.isLoading(index)}
              model={model}
              filters={state.filters}
              change={state.tiles[index] ?? NO_CHANGE}
              compareName={compareWords(compare, null)}
              subtitle={subtitle}
              isExploring={props.isExploring}
              rows={typeof rows === "object" && onRows ? () => onRows(rows) : (rows as string | undefined)}
              onInSight={(isInSight) => onInSight(index, isInSight)}
              handlers={{
                onFilter: (values) => onState(withValues(state, values)),
                onPeriod: (chosen) => onState(withPeriod(state, chosen)),
                onChange: (change) => onState(withChange(state, index, change)),
                tonesOf: (dimension, keys) => tones.of(dimension, keys),
                onRows:
                  isThere && typeof rows === "object"
                    ? (values, measure) => {
                        const found = rowsBehind(metrics, model, { ...filters, ...values }, measure);
                        if (typeof found === "object") onRows(found);
                      }
                    : undefined,
              }}
            />
          );
        })}
      </div>
    </div>
  );
}

const NO_CHANGE = {};
