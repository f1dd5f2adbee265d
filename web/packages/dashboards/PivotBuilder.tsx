/** A pivot table of one's own: a measure by any two dimensions, with the period and filters of the page. */
import { useEffect, useId, useState } from "react";

import { type Dashboard, type Metrics, type Tile } from "./model";
import { TileBody } from "./TileBody";
import type { DataSource, Answers } from "./source";
import { type DashboardState, toggled, withFilter } from "./state";
import { readersZone } from "./zone";

interface PivotBuilderProps {
  dashboard: Dashboard;
  source: DataSource;
  state: DashboardState;
  onState(state: DashboardState): void;
}

interface Found {
  asked: string;
  answers: Answers | null;
  error: string | null;
}

interface Choice {
  measure: string;
  rows: string;
  columns: string;
}

const CELLS_MAX = 1000;

/** The first two dimensions; nothing where there are not two. */
function firstChoice(metrics: Metrics | undefined): Choice | null {
  const [rows, columns] = metrics?.dimensions ?? [];
  const measure = metrics?.measures[0];
  return rows && columns && measure ? { measure: measure.name, rows: rows.name, columns: columns.name } : null;
}

function Select({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: string;
  options: readonly { name: string; label: string }[];
  onChange(value: string): void;
}) {
  return (
    <label className="dash-select">
      <span className="dash-label">{label}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map((option) => (
          <option key={option.name} value={option.name}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}

export function PivotBuilder({ dashboard, source, state, onState }: PivotBuilderProps) {
  const metrics = dashboard.metrics[0];
  const [choice, setChoice] = useState(() => firstChoice(metrics));
  const [found, setFound] = useState<Found>({ asked: "", answers: null, error: null });
  const heading = useId();
  const tile: Tile | null = choice && { type: "pivot", limit: CELLS_MAX, ...choice };
  const period = state.period ?? dashboard.period;
  const asked = JSON.stringify([tile, period, state.filters]);
  useEffect(() => {
    if (!tile) return;
    const abort = new AbortController();
    const question = { tiles: [tile], period, compare: "none", filters: state.filters, known: [] } as const;
    source.ask({ ...question, timezone: readersZone() }, abort.signal).then(
      (answers) => setFound({ asked, answers, error: answers.tiles[0]?.error?.detail ?? null }),
      (error: unknown) => {
        if (!abort.signal.aborted) setFound((old) => ({ ...old, asked, error: (error as Error).message }));
      },
    );
    return () => abort.abort();
  }, [source, asked]);
  if (!choice || !tile || !metrics) return null;
  const answer = found.answers?.tiles[0]?.answer;
  const set = (part: Partial<Choice>): void => setChoice({ ...choice, ...part });
  // Two dimensions, never one by itself: choosing the other's turns them round.
  const setRows = (rows: string): void => set(rows === choice.columns ? { rows, columns: choice.rows } : { rows });
  const setColumns = (columns: string): void =>
    set(columns === choice.rows ? { columns, rows: choice.columns } : { columns });
  return (
    <div className="dash" style={{ marginTop: 12 }}>
      <div className="dash-grid">
        <section
          className="dash-tile"
          data-type="pivot"
          data-stale={(answer && found.asked !== asked) || undefined}
          aria-labelledby={heading}
          aria-busy={found.asked !== asked}
        >
          <header style={{ flexWrap: "wrap" }}>
            <h2 id={heading}>Pivot</h2>
            <div className="dash-pivot-choice">
              <Select
                label="Measure"
                value={choice.measure}
                options={metrics.measures}
                onChange={(measure) => set({ measure })}
              />
              <Select label="Rows" value={choice.rows} options={metrics.dimensions} onChange={setRows} />
              <Select label="Columns" value={choice.columns} options={metrics.dimensions} onChange={setColumns} />
            </div>
          </header>
          {found.error && (
            <p className="dash-problem" role="alert">
              {found.error}
            </p>
          )}
          <div className="dash-body">
            {answer ? (
              <TileBody
                tile={tile}
                title="Pivot"
                answer={answer}
                shape={null}
                metrics={metrics}
                model={found.answers?.models[0]}
                filters={state.filters}
                change={{}}
                compareName=""
                handlers={{
                  onFilter: (values) => {
                    const entries = Object.entries(values);
                    const next = entries.reduce((to, [name, value]) => withFilter(to, name, [value]), state);
                    onState(entries.length === 1 && entries[0] ? toggled(state, ...entries[0]) : next);
                  },
                  onPeriod: () => undefined,
                  onChange: () => undefined,
                }}
              />
            ) : (
              !found.error && (
                <div className="dash-waiting" role="status" aria-label="Loading" style={{ height: 240 }} />
              )
            )}
          </div>
        </section>
      </div>
    </div>
  );
}
