/** All filters of a grid at once, in groups: all of, any of, none of, in each other. */
import { ActionIcon, Button, Drawer, Group, Select, TagsInput, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";

import type { Filter } from "@canvasback/client/api/schema";
import {
  type FilterGroup,
  type FilterNode,
  type Join,
  filterOf,
  groupOf,
  wordsOf,
} from "@canvasback/client/filterTree";
import type { CompareOp, SingleCondition } from "@canvasback/client/condition";
import type { GridColumn } from "@canvasback/frame/dataFrame";
import { fromEntry, toEntry } from "@canvasback/values/visibleText";

type Op = CompareOp | "between" | "in" | "contains" | "like" | "null" | "not null";

const OPS: { value: Op; label: string }[] = [
  { value: "eq", label: "=" },
  { value: "ne", label: "≠" },
  { value: "lt", label: "<" },
  { value: "le", label: "≤" },
  { value: "gt", label: ">" },
  { value: "ge", label: "≥" },
  { value: "between", label: "between" },
  { value: "in", label: "is one of" },
  { value: "contains", label: "contains" },
  { value: "like", label: "like (%, _)" },
  { value: "null", label: "is NULL" },
  { value: "not null", label: "is not NULL" },
];

const JOINS: { value: Join; label: string }[] = [
  { value: "and", label: "All of these" },
  { value: "or", label: "Any of these" },
  { value: "none", label: "None of these" },
];

const DEPTH_MAX = 6;

const opOf = (condition: SingleCondition): Op =>
  condition.kind === "compare"
    ? condition.op
    : condition.kind === "null"
      ? condition.isNull
        ? "null"
        : "not null"
      : condition.kind;

/** What was typed, as a text, whatever the operator is. */
function typedOf(condition: SingleCondition): string {
  if (condition.kind === "between") return condition.from;
  if (condition.kind === "in") return condition.values[0] ?? "";
  return condition.kind === "null" ? "" : condition.value;
}

function withOp(condition: SingleCondition, op: Op): SingleCondition {
  const { column } = condition;
  const value = typedOf(condition);
  if (op === "between") return { column, kind: "between", from: value, to: "" };
  if (op === "in") return { column, kind: "in", values: value === "" ? [] : [value] };
  if (op === "null" || op === "not null") return { column, kind: "null", isNull: op === "null" };
  return op === "contains" || op === "like" ? { column, kind: op, value } : { column, kind: "compare", op, value };
}

function Values({ condition, onChange }: { condition: SingleCondition; onChange(changed: SingleCondition): void }) {
  const { column } = condition;
  const text = (label: string, value: string, changed: (value: string) => SingleCondition) => (
    <TextInput
      aria-label={`${label} of ${column}`}
      className="grow"
      value={value}
      onChange={(event) => onChange(changed(event.currentTarget.value))}
    />
  );
  switch (condition.kind) {
    case "null":
      return null;
    case "in":
      return (
        <TagsInput
          aria-label={`Values of ${column}`}
          className="grow"
          placeholder="Press Enter to add"
          value={condition.values.map(toEntry)}
          onChange={(values) => onChange({ ...condition, values: values.map(fromEntry) })}
        />
      );
    case "between":
      return (
        <>
          {text("From", condition.from, (from) => ({ ...condition, from }))}
          {text("To", condition.to, (to) => ({ ...condition, to }))}
        </>
      );
    default:
      return text("Value", condition.value, (value) => ({ ...condition, value }));
  }
}

interface NodeProps<Node extends FilterNode> {
  node: Node;
  columns: readonly GridColumn[];
  depth: number;
  onChange(changed: FilterNode): void;
  onRemove?: (() => void) | undefined;
}

function Term({ node, columns, onChange, onRemove }: NodeProps<Extract<FilterNode, { kind: "term" }>>) {
  const { condition } = node;
  const set = (changed: SingleCondition): void => onChange({ kind: "term", condition: changed });
  return (
    <div className="filter-term">
      <Select
        aria-label="Column"
        searchable
        allowDeselect={false}
        data={columns.map(({ name }) => name)}
        value={condition.column}
        onChange={(column) => column !== null && set({ ...condition, column })}
      />
      <Select
        aria-label={`Comparison of ${condition.column}`}
        allowDeselect={false}
        w={118}
        data={OPS}
        value={opOf(condition)}
        onChange={(op) => op && set(withOp(condition, op as Op))}
      />
      <Values condition={condition} onChange={set} />
      <ActionIcon aria-label={`Remove the condition on ${condition.column}`} onClick={onRemove}>
        <IconX size={14} />
      </ActionIcon>
    </div>
  );
}

function Parts({ node, columns, depth, onChange, onRemove }: NodeProps<FilterGroup>) {
  const setParts = (parts: FilterNode[]): void => onChange({ ...node, parts });
  const add = (part: FilterNode): void => setParts([...node.parts, part]);
  const condition: SingleCondition = { column: columns[0]?.name ?? "", kind: "compare", op: "eq", value: "" };
  return (
    <div className="filter-group" role="group" aria-label={JOINS.find((each) => each.value === node.join)?.label}>
      <Group gap={6} wrap="nowrap">
        <Select
          aria-label="Combine conditions"
          allowDeselect={false}
          w={150}
          data={JOINS}
          value={node.join}
          onChange={(join) => join && onChange({ ...node, join: join as Join })}
        />
        <span className="spacer" />
        {onRemove && (
          <ActionIcon aria-label="Remove the group" onClick={onRemove}>
            <IconX size={14} />
          </ActionIcon>
        )}
      </Group>
      {node.parts.map((part, at) => {
        const props = {
          columns,
          depth: depth + 1,
          onChange: (changed: FilterNode) => setParts(node.parts.map((each, i) => (i === at ? changed : each))),
          onRemove: () => setParts(node.parts.filter((_, i) => i !== at)),
        };
        return part.kind === "group" ? (
          <Parts key={at} node={part} {...props} />
        ) : (
          <Term key={at} node={part} {...props} />
        );
      })}
      <Group gap={6}>
        <Button
          size="compact-xs"
          variant="light"
          leftSection={<IconPlus size={12} />}
          onClick={() => add({ kind: "term", condition })}
        >
          Condition
        </Button>
        {depth < DEPTH_MAX && (
          <Button
            size="compact-xs"
            variant="subtle"
            leftSection={<IconPlus size={12} />}
            onClick={() => add({ kind: "group", join: "or", parts: [{ kind: "term", condition }] })}
          >
            Group
          </Button>
        )}
      </Group>
    </div>
  );
}

export interface FilterDrawerProps {
  filter: Filter | undefined;
  columns: readonly GridColumn[];
  onApply(filter: Filter | undefined): void;
  onClose(): void;
}

export default function FilterDrawer({ filter, columns, onApply, onClose }: FilterDrawerProps) {
  // A filter that has no form stays in its chip; here a new one is begun.
  const [draft, setDraft] = useState<FilterGroup>(() => groupOf(filter) ?? { kind: "group", join: "and", parts: [] });
  const apply = (event: FormEvent): void => {
    event.preventDefault();
    onApply(filterOf(draft));
    onClose();
  };
  const words = filterOf(draft) ? wordsOf(draft) : "all rows";
  return (
    <Drawer opened onClose={onClose} position="right" size={560} title={<strong>Filters</strong>}>
      <form onSubmit={apply}>
        <Parts
          node={draft}
          columns={columns}
          depth={0}
          onChange={(changed) => changed.kind === "group" && setDraft(changed)}
        />
        <p className="filter-words dim" role="status">
          {words}
        </p>
        <Group gap={8}>
          <Button type="submit">Apply</Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
        </Group>
      </form>
    </Drawer>
  );
}
