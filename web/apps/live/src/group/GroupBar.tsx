/** What rows are grouped by, what is computed of each group, and whose values are columns. */
import { ActionIcon, Select, Tooltip } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useMemo, useState } from "react";

import type { GridColumn } from "@canvasback/frame/dataFrame";
import { kindOf } from "@canvasback/values/typeKind";
import {
  FUNCTIONS,
  GRANULARITIES,
  type GroupKey,
  type Grouping,
  type MeasureFunction,
  PIVOT_TOPS,
  labelOfKey,
  labelOfMeasure,
  tokenOfKey,
  tokenOfMeasure,
} from "../state/grouping";

/** A list to choose from is no place for more; typing narrows it down. */
const OPTIONS_MAX = 300;

const NAMES: Record<MeasureFunction, string> = {
  sum: "Sum of",
  mean: "Mean of",
  median: "Median of",
  min: "Min of",
  max: "Max of",
  count: "Count of",
  distinct: "Distinct of",
};

interface Choice {
  key: GroupKey;
  value: string;
  label: string;
}

/** What may be a key: every column, and times also cut to their beginning. */
function choicesOf(columns: readonly GridColumn[]): Choice[] {
  return columns.flatMap(({ name, type }) => {
    const keys: GroupKey[] = [{ column: name, granularity: null }];
    const steps =
      type === "DATE" ? GRANULARITIES.filter((each) => each !== "hour" && each !== "minute") : GRANULARITIES;
    if (type === "DATE" || type.startsWith("TIMESTAMP")) {
      keys.push(...steps.map((granularity) => ({ column: name, granularity })));
    }
    return keys.map((key) => ({ key, value: tokenOfKey(key), label: labelOfKey(key) }));
  });
}

function Chip({ label, onRemove }: { label: string; onRemove(): void }) {
  return (
    <span className="chip">
      <span title={label}>{label}</span>
      <ActionIcon size={18} color="petrol" aria-label={`Remove ${label}`} onClick={onRemove}>
        <IconX size={12} />
      </ActionIcon>
    </span>
  );
}

interface PickProps {
  label: string;
  placeholder: string;
  choices: { value: string; label: string }[];
  onPick(value: string): void;
}

/** Chooses one more of a list: empty again afterwards. */
function Pick({ label, placeholder, choices, onPick }: PickProps) {
  const [search, setSearch] = useState("");
  return (
    <Select
      className="group-pick"
      aria-label={label}
      placeholder={placeholder}
      data={choices}
      value={null}
      searchable
      searchValue={search}
      onSearchChange={setSearch}
      limit={OPTIONS_MAX}
      maxDropdownHeight={320}
      comboboxProps={{ width: "max-content", position: "bottom-start" }}
      onChange={(value) => {
        if (value !== null) onPick(value);
        setSearch("");
      }}
    />
  );
}

export interface GroupBarProps {
  grouping: Grouping;
  columns: readonly GridColumn[];
  onGrouping(grouping: Grouping): void;
}

export function GroupBar({ grouping, columns, onGrouping }: GroupBarProps) {
  const { keys, measures, pivot, top } = grouping;
  const [chosen, setChosen] = useState<MeasureFunction>("sum");
  const choices = useMemo(() => choicesOf(columns), [columns]);
  const set = (change: Partial<Grouping>): void => onGrouping({ ...grouping, ...change });
  const taken = new Set([...keys, ...(pivot ? [pivot] : [])].map(tokenOfKey));
  const free = choices.filter(({ value }) => !taken.has(value));
  const measured = columns
    .filter(({ type }) => kindOf(type) === "number" || !["sum", "mean", "median"].includes(chosen))
    .filter(({ name }) => !measures.some((each) => each.function === chosen && each.column === name))
    .map(({ name }) => ({ value: name, label: name }));
  const keyOf = (value: string): GroupKey | undefined => choices.find((each) => each.value === value)?.key;
  return (
    <div className="group-bar">
      <div className="group-part" role="group" aria-label="Group by">
        <strong>Group by</strong>
        {keys.map((key) => (
          <Chip
            key={tokenOfKey(key)}
            label={labelOfKey(key)}
            onRemove={() => set({ keys: keys.filter((each) => each !== key) })}
          />
        ))}
        <Pick
          label="Add a column to group by"
          placeholder="Add column"
          choices={free}
          onPick={(value) => set({ keys: [...keys, ...(keyOf(value) ? [keyOf(value) as GroupKey] : [])] })}
        />
      </div>
      <div className="group-part" role="group" aria-label="Measures">
        <strong>Measures</strong>
        {measures.map((measure) => (
          <Chip
            key={tokenOfMeasure(measure)}
            label={labelOfMeasure(measure)}
            onRemove={() => set({ measures: measures.filter((each) => each !== measure) })}
          />
        ))}
        <Select
          aria-label="Function"
          className="group-function"
          data={FUNCTIONS.map((value) => ({ value, label: NAMES[value] }))}
          value={chosen}
          allowDeselect={false}
          onChange={(value) => value && setChosen(value)}
        />
        <Pick
          label="Column of the measure"
          placeholder="Add measure"
          choices={measured}
          onPick={(column) => set({ measures: [...measures, { function: chosen, column }] })}
        />
      </div>
      <div className="group-part" role="group" aria-label="Pivot">
        <strong>Pivot</strong>
        {pivot ? (
          <>
            <Chip label={labelOfKey(pivot)} onRemove={() => set({ pivot: null })} />
            <Tooltip label="Most frequent values as columns; all others together">
              <Select
                aria-label="Number of pivot columns"
                className="group-function"
                data={[...new Set([...PIVOT_TOPS, top])]
                  .sort((a, b) => a - b)
                  .map((each) => ({ value: String(each), label: `Top ${each}` }))}
                value={String(top)}
                allowDeselect={false}
                onChange={(value) => value && set({ top: Number(value) })}
              />
            </Tooltip>
          </>
        ) : (
          <Pick
            label="Column whose values become columns"
            placeholder="Values as columns"
            choices={free}
            onPick={(value) => set({ pivot: keyOf(value) ?? null })}
          />
        )}
      </div>
    </div>
  );
}
