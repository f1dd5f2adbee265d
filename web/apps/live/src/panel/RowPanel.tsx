/** One row whole: every column with its value, nested ones laid out; the rows before and behind it; and as JSON. */
import { ActionIcon, Button, Drawer, Skeleton, TextInput, Tooltip } from "@mantine/core";
import { IconCheck, IconChevronDown, IconChevronUp, IconCopy } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useState } from "react";

import { isAbort } from "@canvasback/client/api/error";
import type { ViewFrame } from "@canvasback/client/viewFrame";
import { cellOf } from "@canvasback/frame/rowBlock";
import { writeClipboard } from "@canvasback/grid/clipboard";
import { integer } from "@canvasback/values/format";
import { kindOf } from "@canvasback/values/typeKind";
import { shown } from "@canvasback/values/visibleText";
import { Problem } from "../ui/states";
import { indented } from "./indented";
import { type Field, rowJson } from "./rowJson";

/** A browser lays out no more of a value without stopping; what is copied is whole. */
const SHOWN_CHARACTERS_MAX = 20_000;

interface Loaded {
  row: number;
  fields?: Field[];
  error?: Error;
}

function useRow(frame: ViewFrame, row: number): Loaded | null {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const { epoch } = frame;
  useEffect(() => {
    const aborted = new AbortController();
    const all = frame.columns.map((_, index) => index);
    frame.columnsOfRows(row, row + 1, all, aborted.signal).then(
      (block) => {
        if (block.rows === 0) return setLoaded({ row, error: new Error("This row no longer exists.") });
        const fields = frame.columns.map(({ name, type }, index): Field => {
          const column = block.columns[index];
          return { name, type, value: column ? cellOf(column, 0) : null };
        });
        setLoaded({ row, fields });
      },
      (error: unknown) => {
        if (!isAbort(error)) setLoaded({ row, error: error as Error });
      },
    );
    return () => aborted.abort(new DOMException("Another row is wanted.", "AbortError"));
  }, [frame, epoch, row]);
  return loaded;
}

function Value({ field }: { field: Field }) {
  const { type, value } = field;
  if (value === null) return <em className="dim">NULL</em>;
  if (value === "") return <em className="dim">empty</em>;
  const isNested = kindOf(type) === "nested" || type === "JSON";
  const text = isNested ? indented(value) : value;
  const cut = text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
  if (isNested || text.includes("\n")) return <pre>{cut}</pre>;
  return <span>{cut.length > 200 ? cut : shown(cut)}</span>;
}

function CopyJson({ fields }: { fields: readonly Field[] | undefined }) {
  const [state, setState] = useState<"copied" | Error | null>(null);
  const copy = (): void => {
    writeClipboard(rowJson(fields ?? [])).then(
      () => setState("copied"),
      (error: unknown) => setState(error as Error),
    );
  };
  const Icon = state === "copied" ? IconCheck : IconCopy;
  return (
    <Button variant="default" leftSection={<Icon size={14} />} disabled={!fields} onClick={copy}>
      {state instanceof Error ? `Copy failed: ${state.message}` : state === "copied" ? "Copied" : "Copy as JSON"}
    </Button>
  );
}

export interface RowPanelProps {
  frame: ViewFrame;
  row: number;
  onRow(row: number): void;
  onClose(): void;
}

export default function RowPanel({ frame, row, onRow, onClose }: RowPanelProps) {
  const loaded = useRow(frame, row);
  const [search, setSearch] = useState("");
  const last = frame.rowCount - 1;
  const fields = loaded?.fields;
  const wanted = search.toLowerCase();
  const found = fields?.filter(({ name }) => name.toLowerCase().includes(wanted));
  const keys = (event: KeyboardEvent): void => {
    const isTyping = event.target instanceof HTMLInputElement;
    const step =
      event.key === "ArrowDown" || event.key === "j" ? 1 : event.key === "ArrowUp" || event.key === "k" ? -1 : 0;
    if (step === 0 || (isTyping && event.key.length === 1) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (row + step >= 0 && row + step <= last) onRow(row + step);
  };
  return (
    <Drawer
      opened
      onClose={onClose}
      onKeyDown={keys}
      position="right"
      size="lg"
      title={<strong>Row details</strong>}
      className="row-panel"
    >
      <div className="row row-panel-head">
        <Tooltip label="Previous row (↑)">
          <ActionIcon variant="default" aria-label="Previous row" disabled={row <= 0} onClick={() => onRow(row - 1)}>
            <IconChevronUp size={15} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Next row (↓)">
          <ActionIcon variant="default" aria-label="Next row" disabled={row >= last} onClick={() => onRow(row + 1)}>
            <IconChevronDown size={15} />
          </ActionIcon>
        </Tooltip>
        <span className="dim" role="status">
          Row {integer(row + 1)} of {integer(frame.rowCount)}
        </span>
        <span className="spacer" />
        <CopyJson key={row} fields={loaded?.row === row ? fields : undefined} />
      </div>
      <TextInput
        aria-label="Find column"
        placeholder="Find column"
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        data-autofocus
      />
      {loaded?.error && loaded.row === row && <Problem error={loaded.error} />}
      {!fields && !loaded?.error && <Skeleton height={160} mt={12} />}
      {found && (
        <dl className="row-fields" data-row={loaded?.row}>
          {found.map((field) => (
            <div key={field.name}>
              <dt>
                <span title={field.name}>{field.name}</span>
                <small className="mono" title={field.type}>
                  {field.type}
                </small>
              </dt>
              <dd>
                <Value field={field} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </Drawer>
  );
}
