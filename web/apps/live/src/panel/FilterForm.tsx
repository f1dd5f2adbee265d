/** What a column may be filtered by, by its type: ranges, lists with counts, text, NULL. */
import { Button, Checkbox, Loader, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { compact, integer } from "@canvasback/values/format";
import { call } from "@canvasback/client/api/client";
import type { Filter } from "@canvasback/client/api/schema";
import type { CompareOp } from "@canvasback/client/condition";
import { type Condition, toFilter, withCondition } from "@canvasback/client/filters";
import { kindOf } from "@canvasback/values/typeKind";
import { labelOf } from "@canvasback/values/visibleText";

type Mode = "values" | "range" | "compare" | "text" | "null";

export interface FilterFormProps {
  column: string;
  type: string;
  /** Lists with counts come from the dataset; a statement's result has none. */
  dataset: string | null;
  conditions: readonly Condition[];
  onChange(conditions: Condition[]): void;
  onDone(): void;
}

const TOP_VALUES = 200;

function modesOf(type: string, dataset: string | null): { value: Mode; label: string }[] {
  const kind = kindOf(type);
  const values = { value: "values" as const, label: "Values" };
  const range = { value: "range" as const, label: "Range" };
  const compare = { value: "compare" as const, label: "Compare" };
  const textual = { value: "text" as const, label: "Text" };
  const nulls = { value: "null" as const, label: "NULL" };
  if (kind === "boolean") return dataset ? [values, nulls] : [compare, nulls];
  // As their JSON text is displayed.
  if (kind === "nested") return [textual, nulls];
  if (kind === "number" || kind === "time") return [range, compare, ...(dataset ? [values] : []), textual, nulls];
  return [...(dataset ? [values] : []), textual, compare, nulls];
}

function startMode(modes: readonly { value: Mode }[], condition: Condition | undefined): Mode {
  const byKind: Partial<Record<Condition["kind"], Mode>> = {
    in: "values",
    between: "range",
    compare: "compare",
    contains: "text",
    like: "text",
    null: "null",
  };
  const wanted = condition ? byKind[condition.kind] : undefined;
  return modes.find((mode) => mode.value === wanted)?.value ?? modes[0]?.value ?? "null";
}

export function FilterForm(props: FilterFormProps) {
  const { column, type, dataset, conditions } = props;
  const own = conditions.find((condition) => condition.column === column);
  const modes = modesOf(type, dataset);
  const [mode, setMode] = useState<Mode>(() => startMode(modes, own));
  const set = (condition: Condition | null): void => {
    props.onChange(withCondition(conditions, column, condition));
    props.onDone();
  };
  return (
    <div className="filter-form">
      {modes.length > 1 && (
        <SegmentedControl
          fullWidth
          aria-label="Filter type"
          data={modes}
          value={mode}
          onChange={(value) => setMode(value as Mode)}
        />
      )}
      {mode === "values" && dataset && <Values {...props} dataset={dataset} own={own} set={set} />}
      {mode === "range" && <Range column={column} own={own} set={set} />}
      {mode === "compare" && <Compare column={column} own={own} set={set} />}
      {mode === "text" && <TextForm column={column} own={own} set={set} />}
      {mode === "null" && <Nulls column={column} own={own} set={set} />}
      {own && (
        <Button variant="subtle" color="gray" size="compact-xs" onClick={() => set(null)}>
          Remove filter
        </Button>
      )}
    </div>
  );
}

interface PartProps {
  column: string;
  own: Condition | undefined;
  set(condition: Condition | null): void;
}

const submit = (run: () => void) => (event: FormEvent) => {
  event.preventDefault();
  run();
};

function Range({ column, own, set }: PartProps) {
  const [from, setFrom] = useState(own?.kind === "between" ? own.from : "");
  const [to, setTo] = useState(own?.kind === "between" ? own.to : "");
  const apply = (): void => {
    if (from && to) set({ column, kind: "between", from, to });
    else if (from) set({ column, kind: "compare", op: "ge", value: from });
    else if (to) set({ column, kind: "compare", op: "le", value: to });
    else set(null);
  };
  return (
    <form className="filter-form" onSubmit={submit(apply)}>
      <div className="row">
        <TextInput
          aria-label="From"
          placeholder="from"
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
          data-autofocus
        />
        <TextInput
          aria-label="To"
          placeholder="to"
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
      </div>
      <Button type="submit">Apply</Button>
    </form>
  );
}

const OPS: { value: CompareOp; label: string }[] = [
  { value: "eq", label: "equals" },
  { value: "ne", label: "is not" },
  { value: "lt", label: "below" },
  { value: "le", label: "at most" },
  { value: "gt", label: "above" },
  { value: "ge", label: "at least" },
];

function Compare({ column, own, set }: PartProps) {
  const [op, setOp] = useState<CompareOp>(own?.kind === "compare" ? own.op : "eq");
  const [value, setValue] = useState(own?.kind === "compare" ? own.value : "");
  return (
    <form className="filter-form" onSubmit={submit(() => set({ column, kind: "compare", op, value }))}>
      <div className="row">
        <Select
          aria-label="Comparison"
          data={OPS}
          value={op}
          w={110}
          allowDeselect={false}
          comboboxProps={{ withinPortal: false }}
          onChange={(chosen) => setOp((chosen ?? "eq") as CompareOp)}
        />
        <TextInput
          aria-label="Value"
          placeholder="value"
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
          data-autofocus
        />
      </div>
      <Button type="submit">Apply</Button>
    </form>
  );
}

function TextForm({ column, own, set }: PartProps) {
  const [kind, setKind] = useState<"contains" | "like">(own?.kind === "like" ? "like" : "contains");
  const [value, setValue] = useState(own?.kind === "like" || own?.kind === "contains" ? own.value : "");
  return (
    <form className="filter-form" onSubmit={submit(() => set(value ? { column, kind, value } : null))}>
      <div className="row">
        <Select
          aria-label="Text match"
          data={[
            { value: "contains", label: "contains" },
            { value: "like", label: "like" },
          ]}
          value={kind}
          w={110}
          allowDeselect={false}
          comboboxProps={{ withinPortal: false }}
          onChange={(chosen) => setKind(chosen === "like" ? "like" : "contains")}
        />
        <TextInput
          aria-label="Text"
          placeholder={kind === "like" ? "a%, _b%" : "text (ignores case)"}
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
          data-autofocus
        />
      </div>
      <Button type="submit">Apply</Button>
    </form>
  );
}

function Nulls({ column, own, set }: PartProps) {
  const now = own?.kind === "null" ? (own.isNull ? "null" : "value") : "any";
  return (
    <SegmentedControl
      fullWidth
      aria-label="NULL values"
      value={now}
      data={[
        { value: "any", label: "All" },
        { value: "value", label: "Has a value" },
        { value: "null", label: "NULL" },
      ]}
      onChange={(value) => set(value === "any" ? null : { column, kind: "null", isNull: value === "null" })}
    />
  );
}

/** Values of a column as rows of an answer of …/top: their text is what a filter takes. */
function useTop(dataset: string, column: string, conditions: readonly Condition[]) {
  const others = toFilter(conditions.filter((condition) => condition.column !== column));
  return useQuery({
    queryKey: ["top", dataset, column, others],
    queryFn: async ({ signal }) => {
      const query = { column, k: TOP_VALUES, ...(others ? { filter: JSON.stringify(others as Filter) } : {}) };
      const answer = await call("top", { params: { name: dataset }, query: query as never }, signal);
      const rows = (answer as unknown as { rows: [unknown, number][] }).rows;
      return rows.map(([value, count]) => ({ value: value === null ? null : String(value), count }));
    },
    staleTime: 60_000,
  });
}

function Values({
  column,
  dataset,
  conditions,
  own,
  set,
}: PartProps & { dataset: string; conditions: readonly Condition[] }) {
  const top = useTop(dataset, column, conditions);
  const [search, setSearch] = useState("");
  const [chosen, setChosen] = useState<ReadonlySet<string | null>>(() => {
    if (own?.kind === "in") return new Set(own.values);
    return new Set(own?.kind === "compare" && own.op === "eq" ? [own.value] : []);
  });
  const toggle = (value: string | null): void => {
    const next = new Set(chosen);
    if (!next.delete(value)) next.add(value);
    setChosen(next);
  };
  const found = (top.data ?? []).filter(({ value }) => labelOf(value).toLowerCase().includes(search.toLowerCase()));
  const typed = search !== "" && !top.data?.some(({ value }) => value === search);
  return (
    <form
      className="filter-form"
      onSubmit={submit(() => set(chosen.size > 0 ? { column, kind: "in", values: [...chosen] } : null))}
    >
      <TextInput
        aria-label="Find value"
        placeholder="Find value"
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        data-autofocus
      />
      <div className="value-list" role="group" aria-label={`Values of ${column}`}>
        {top.isPending && <Loader size="xs" m="sm" />}
        {typed && (
          <label className="value-row">
            <Checkbox checked={chosen.has(search)} onChange={() => toggle(search)} />
            <span>“{search}”</span>
          </label>
        )}
        {found.map(({ value, count }) => (
          <label key={value ?? "\0null"} className="value-row" title={`${labelOf(value)}: ${integer(count)}`}>
            <Checkbox checked={chosen.has(value)} onChange={() => toggle(value)} />
            <span className={value === null || value === "" ? "dim" : ""}>{labelOf(value)}</span>
            <small>{compact(count)}</small>
          </label>
        ))}
        {top.data?.length === TOP_VALUES && <div className="value-note">top {TOP_VALUES} values by frequency</div>}
        {top.error && <div className="value-note">{top.error.message}</div>}
      </div>
      <Button type="submit">{chosen.size > 0 ? `Show ${chosen.size} selected` : "Show all"}</Button>
    </form>
  );
}
