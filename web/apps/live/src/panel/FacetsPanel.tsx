/**
 * The most frequent values of some columns beside the rows, with how many rows each has under the other filters: a
 * click filters to it, another takes it back, the sign behind it excludes it. Which columns stands in the address.
 */
import { ActionIcon, Checkbox, Loader, Select, TextInput, Tooltip } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconFilterOff, IconX } from "@tabler/icons-react";
import { useState } from "react";

import {
  type Condition,
  elementOf,
  hasElement,
  isOn,
  valuesOf,
  withConditions,
  withValue,
} from "@canvasback/client/filters";
import type { GridColumn } from "@canvasback/frame/dataFrame";
import { compact, integer } from "@canvasback/values/format";
import { labelOf } from "@canvasback/values/visibleText";
import type { Types } from "../state/sqlText";
import { FACET_VALUES, isList, useFacet } from "./facets";

const SEARCH_PAUSE_MS = 250;
interface FacetProps {
  dataset: string;
  version: string | undefined;
  column: GridColumn;
  types: Types;
  conditions: readonly Condition[];
  /** Of the search over all columns. */
  searched: readonly Condition[];
  onConditions(conditions: Condition[]): void;
  onRemove(): void;
}

/** What is chosen of a column, and how one more value is. */
function choiceOf({ column: { name, type }, conditions, onConditions }: FacetProps) {
  if (!isList(type)) {
    const chosen = valuesOf(conditions, name);
    return {
      chosen,
      toggle: (value: string | null) => onConditions(withValue(conditions, name, value, true)),
      exclude: (value: string | null) =>
        onConditions([
          ...conditions.filter((each) => !isOn(each, name) || chosen.length === 0),
          value === null
            ? { column: name, kind: "null", isNull: false }
            : { column: name, kind: "compare", op: "ne", value },
        ]),
    };
  }
  const own = conditions.flatMap((each) => {
    const found = each.kind === "other" ? elementOf(each.filter) : null;
    return found?.column === name ? [{ condition: each, ...found }] : [];
  });
  const others = conditions.filter((each) => !own.some(({ condition }) => condition === each));
  const having = own.filter(({ has }) => has);
  const toggle = (value: string | null): void => {
    const now = having.find(({ element }) => element === value);
    if (now) return onConditions(conditions.filter((each) => each !== now.condition));
    onConditions([...others, ...own.map(({ condition }) => condition), hasElement(name, value ?? "null", true)]);
  };
  return {
    chosen: having.map(({ element }): string | null => element),
    toggle,
    exclude: (value: string | null) =>
      onConditions([
        ...conditions.filter((each) => !having.some((one) => one.condition === each && one.element === value)),
        hasElement(name, value ?? "null", false),
      ]),
  };
}

function Facet(props: FacetProps) {
  const { dataset, version, column, types, conditions, searched } = props;
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed, SEARCH_PAUSE_MS);
  // A list may have several elements at once: those beside one another are what is left to choose from.
  const counted = isList(column.type) ? conditions : withConditions(conditions, column.name, []);
  const { data, error, isFetching } = useFacet({
    dataset,
    version,
    column: column.name,
    type: column.type,
    conditions: [...counted, ...searched],
    search,
    types,
  });
  const { chosen, toggle, exclude } = choiceOf(props);
  const shown = data?.slice(0, FACET_VALUES) ?? [];
  const most = Math.max(1, ...shown.map(({ count }) => count));
  // What is filtered to stays in sight, however rare it is.
  const rest = chosen.filter((value) => !shown.some((each) => each.value === value));
  const rows = [...shown, ...rest.map((value) => ({ value, count: null }))];
  return (
    <section className="facet" aria-label={`Facet ${column.name}`}>
      <header className="row">
        <strong className="cut">{column.name}</strong>
        {isFetching && <Loader size={12} />}
        <span className="spacer" />
        <ActionIcon size={20} aria-label={`Remove facet ${column.name}`} onClick={props.onRemove}>
          <IconX size={13} />
        </ActionIcon>
      </header>
      <TextInput
        aria-label={`Search ${column.name}`}
        placeholder="Search values"
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <div className="facet-values" role="group" aria-label={`Values of ${column.name}`}>
        {rows.map(({ value, count }) => {
          const label = isList(column.type) && value !== null ? value : labelOf(value);
          return (
            <div key={value ?? "\0null"} className="facet-row">
              <label className="value-row" title={count === null ? label : `${label}: ${integer(count)} rows`}>
                <Checkbox checked={chosen.includes(value)} onChange={() => toggle(value)} />
                <span className={value === null || value === "" ? "dim" : ""}>{label}</span>
                <small>{count === null ? "" : compact(count)}</small>
                <i style={{ width: `${((count ?? 0) / most) * 100}%` }} aria-hidden />
              </label>
              <Tooltip label={`Exclude ${label}`}>
                <ActionIcon size={20} aria-label={`Exclude ${label}`} onClick={() => exclude(value)}>
                  <IconFilterOff size={13} stroke={1.6} />
                </ActionIcon>
              </Tooltip>
            </div>
          );
        })}
        {data?.length === 0 && rest.length === 0 && <div className="value-note">No matching values</div>}
        {(data?.length ?? 0) > FACET_VALUES && (
          <div className="value-note">Top {FACET_VALUES}; search finds the others</div>
        )}
        {error && <div className="value-note">{error.message}</div>}
      </div>
    </section>
  );
}

export interface FacetsPanelProps {
  dataset: string;
  version: string | undefined;
  columns: readonly GridColumn[];
  facets: readonly string[];
  conditions: readonly Condition[];
  searched: readonly Condition[];
  onFacets(names: readonly string[]): void;
  onConditions(conditions: Condition[]): void;
  onClose(): void;
}

export default function FacetsPanel(props: FacetsPanelProps) {
  const { columns, facets, onFacets } = props;
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const known = facets.flatMap((name) => columns.find((column) => column.name === name) ?? []);
  return (
    <aside className="facets" aria-label="Facets">
      <header className="row">
        <h2>Facets</h2>
        <span className="spacer" />
        <ActionIcon size={24} aria-label="Close facets" onClick={props.onClose}>
          <IconX size={15} />
        </ActionIcon>
      </header>
      <Select
        aria-label="Add a facet"
        placeholder="Add a column"
        searchable
        limit={300}
        value={null}
        data={columns.map(({ name }) => name).filter((name) => !facets.includes(name))}
        onChange={(name) => name !== null && onFacets([name, ...facets])}
      />
      {known.map((column) => (
        <Facet
          key={column.name}
          dataset={props.dataset}
          version={props.version}
          column={column}
          types={types}
          conditions={props.conditions}
          searched={props.searched}
          onConditions={props.onConditions}
          onRemove={() => onFacets(facets.filter((name) => name !== column.name))}
        />
      ))}
    </aside>
  );
}
