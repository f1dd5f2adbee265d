/** Search, conditions as chips, a form for one more, and the row to go to. */
import { type FormEvent, useState } from "react";

import { type SingleCondition, describeSingle } from "@canvasback/client/condition";
import type { GridColumn } from "@canvasback/frame/dataFrame";
import { kindOf } from "@canvasback/values/typeKind";

const OPERATIONS = ["=", "≠", "<", "≤", ">", "≥", "contains", "is null", "is not null"] as const;
type Operation = (typeof OPERATIONS)[number];
const COMPARE = { "=": "eq", "≠": "ne", "<": "lt", "≤": "le", ">": "gt", "≥": "ge" } as const;

function conditionOf(column: string, operation: Operation, value: string): SingleCondition {
  if (operation === "contains") return { column, kind: "contains", value };
  if (operation === "is null" || operation === "is not null") {
    return { column, kind: "null", isNull: operation === "is null" };
  }
  return { column, kind: "compare", op: COMPARE[operation], value };
}

export interface FilterLineProps {
  columns: readonly GridColumn[];
  /** The one that the form is about. */
  column: string;
  search: string;
  conditions: readonly SingleCondition[];
  onColumn(name: string): void;
  onSearch(text: string): void;
  onConditions(conditions: readonly SingleCondition[]): void;
  onGo(row: number): void;
}

export function FilterLine(props: FilterLineProps) {
  const { columns, column, search, conditions, onColumn, onSearch, onConditions, onGo } = props;
  const [operation, setOperation] = useState<Operation | "">("");
  const [value, setValue] = useState("");
  const [row, setRow] = useState("");
  const chosen = columns.find((each) => each.name === column) ?? columns[0];
  const usual: Operation = chosen && kindOf(chosen.type) === "text" ? "contains" : "=";
  const add = (event: FormEvent): void => {
    event.preventDefault();
    if (!chosen) return;
    onConditions([...conditions, conditionOf(chosen.name, operation || usual, value)]);
    setValue("");
  };
  const go = (event: FormEvent): void => {
    event.preventDefault();
    const number = Number(row.replace(/[\s,_]/g, ""));
    if (Number.isInteger(number) && number >= 1) onGo(number - 1);
  };
  return (
    <div className="cw-line">
      <input
        type="search"
        aria-label="Search"
        placeholder="Search"
        value={search}
        onChange={(event) => onSearch(event.target.value)}
      />
      <form onSubmit={add}>
        <select aria-label="Column" value={chosen?.name ?? ""} onChange={(event) => onColumn(event.target.value)}>
          {columns.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <select
          aria-label="Operation"
          value={operation || usual}
          onChange={(event) => setOperation(event.target.value as Operation)}
        >
          {OPERATIONS.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
        <input
          aria-label="Value"
          placeholder="Value"
          value={value}
          onChange={(event) => setValue(event.target.value)}
        />
        <button type="submit">Add filter</button>
      </form>
      {conditions.map((condition, index) => (
        <button
          type="button"
          className="cw-chip"
          key={index}
          title="Remove this filter"
          onClick={() => onConditions(conditions.filter((each) => each !== condition))}
        >
          {describeSingle(condition)} ×
        </button>
      ))}
      <form className="cw-go" onSubmit={go}>
        <input
          aria-label="Row"
          placeholder="Go to row"
          value={row}
          onChange={(event) => setRow(event.target.value)}
        />
      </form>
    </div>
  );
}
