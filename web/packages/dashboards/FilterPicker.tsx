/** Values of a dimension to filter by, the most frequent first, found by their text. */
import { useEffect, useState } from "react";

import { figureText } from "@canvasback/values/figureText";
import { columnsOf } from "./shapes";
import { dimensionText, digitsOf, keyOf, scalarOf } from "./labels";
import type { Dimension, Metrics, PeriodSpec, Scalar, Tile } from "./model";
import { CloseIcon } from "./icons";
import { Popup } from "./Popup";
import type { Answer, DataSource, Filter, Filters, TileChange } from "./source";
import { valuesOf } from "./state";
import { readersZone } from "./zone";

const VALUES_MAX = 100;
const PAUSE_MS = 200;

interface FilterPickerProps {
  source: DataSource;
  metrics: Metrics;
  dimension: Dimension;
  filters: Filters;
  period: PeriodSpec;
  onFilter(filter: Filter | undefined): void;
}

/** What a filter says, in words; the dimension's name is beside it. */
export function filterWords(dimension: Dimension, filter: Filter): string {
  const text = (value: Scalar): string => dimensionText(dimension, keyOf(value));
  if (Array.isArray(filter)) {
    const [first, ...others] = (filter as readonly Scalar[]).map(text);
    return others.length > 1 ? `${first} or ${others.length} others` : [first, ...others].join(" or ");
  }
  if ("not" in filter) return `not ${filter.not.map(text).join(" or ")}`;
  const { from, to } = filter as { from?: Scalar; to?: Scalar };
  if (from === undefined) return `below ${text(to ?? null)}`;
  return to === undefined ? `from ${text(from)}` : `${text(from)} – ${text(to)}`;
}

function useValues(props: FilterPickerProps, search: string): { answer: Answer | null; error: string | null } {
  const { source, metrics, dimension, filters, period } = props;
  const [found, setFound] = useState<{ answer: Answer | null; error: string | null }>({ answer: null, error: null });
  // Of the other filters, not of its own: the values that it leaves out are to choose from, too.
  const others = JSON.stringify(Object.entries(filters).filter(([name]) => name !== dimension.name));
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(
      () => {
        const tile: Tile & TileChange = {
          type: "table",
          metrics: metrics.name,
          measures: [(metrics.measures.find(({ agg }) => agg === "count") ?? metrics.measures[0])?.name ?? ""],
          by: dimension.name,
          limit: VALUES_MAX,
          ...(search ? { search } : {}),
        };
        if (metrics.name === "") delete tile.metrics;
        const asked = { tiles: [tile], period, compare: "none", timezone: readersZone(), known: [] } as const;
        source
          .ask({ ...asked, filters: Object.fromEntries(JSON.parse(others) as [string, Filter][]) }, abort.signal)
          .then(
            ({ tiles: [first] }) =>
              setFound({
                answer: first?.answer ?? null,
                error: first?.error ? (first.error.detail ?? "Failed") : null,
              }),
            (error: unknown) => {
              if (!abort.signal.aborted) setFound({ answer: null, error: (error as Error).message });
            },
          );
      },
      search ? PAUSE_MS : 0,
    );
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [source, dimension.name, search, others, JSON.stringify(period)]);
  return found;
}

function Values(props: FilterPickerProps) {
  const { dimension, metrics, filters, onFilter } = props;
  const [search, setSearch] = useState("");
  const { answer, error } = useValues(props, search);
  const filter = filters[dimension.name];
  const chosen = valuesOf(filter);
  const toggle = (value: Scalar): void => {
    const next = chosen.includes(value) ? chosen.filter((each) => each !== value) : [...chosen, value];
    onFilter(next.length > 0 ? next : undefined);
  };
  const { dimensions, measures } = answer ? columnsOf(answer, metrics) : { dimensions: [], measures: [] };
  const [by, of] = [dimensions[0], measures[0]];
  const rows = answer && by ? answer.rows.map((row) => ({ key: keyOf(row[by.at]), row })) : [];
  // What is chosen can be taken back where it is not among the values, too.
  const missing = chosen.filter((value) => !rows.some(({ key }) => key === keyOf(value)));
  return (
    <>
      <input
        type="search"
        placeholder={`Find ${dimension.label.toLowerCase()}`}
        aria-label={`Find ${dimension.label.toLowerCase()}`}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
      />
      {error && <p role="alert">{error}</p>}
      <ul className="dash-values">
        {missing.map((value) => (
          <li key={JSON.stringify(value)}>
            <label>
              <input type="checkbox" checked onChange={() => toggle(value)} />
              <span>{dimensionText(dimension, keyOf(value))}</span>
            </label>
          </li>
        ))}
        {by &&
          rows.map(({ key, row }) => {
            const value = scalarOf(key, by.column.type);
            return (
              <li key={JSON.stringify(key)}>
                <label>
                  <input type="checkbox" checked={chosen.includes(value)} onChange={() => toggle(value)} />
                  <span>{dimensionText(dimension, key)}</span>
                  {of && <small>{figureText(digitsOf(row[of.at]), of.measure.format)}</small>}
                </label>
              </li>
            );
          })}
      </ul>
      {answer && rows.length === 0 && <p className="dash-dim">No values</p>}
      {answer && (answer.groups ?? 0) > rows.length && (
        <p className="dash-dim">
          The first {rows.length} of {answer.groups?.toLocaleString("en")}
        </p>
      )}
      {filter !== undefined && (
        <button type="button" className="dash-button" onClick={() => onFilter(undefined)}>
          Clear
        </button>
      )}
    </>
  );
}

export function FilterPicker(props: FilterPickerProps) {
  const { dimension, filters } = props;
  const filter = filters[dimension.name];
  return (
    <span className="dash-filter" data-on={filter !== undefined || undefined}>
      <Popup
        label={`Filter by ${dimension.label.toLowerCase()}`}
        isOn={filter !== undefined}
        button={
          <span>
            {dimension.label}
            {filter !== undefined && <strong>: {filterWords(dimension, filter)}</strong>}
          </span>
        }
      >
        {() => <Values {...props} />}
      </Popup>
      {filter !== undefined && (
        <button
          type="button"
          className="dash-icon"
          aria-label={`Remove filter ${dimension.label}: ${filterWords(dimension, filter)}`}
          onClick={() => props.onFilter(undefined)}
        >
          <CloseIcon />
        </button>
      )}
    </span>
  );
}
