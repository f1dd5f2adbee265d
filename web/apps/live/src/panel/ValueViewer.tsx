/** One value, whole: texts as they are, nested values laid out. */
import { Button, Drawer, SegmentedControl, Skeleton } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useState } from "react";

import { bytes, integer } from "@canvasback/values/format";
import { isAbort } from "@canvasback/client/api/error";
import type { ViewFrame } from "@canvasback/client/viewFrame";
import { kindOf } from "@canvasback/values/typeKind";
import { writeClipboard } from "@canvasback/grid/clipboard";
import { Problem } from "../ui/states";
import { indented } from "./indented";

/** A browser lays out no more than this without stopping; the whole value can be copied. */
const SHOWN_CHARACTERS_MAX = 1_000_000;

export interface ViewedCell {
  frame: ViewFrame;
  row: number;
  /** In the frame. */
  column: number;
}

function useValue(cell: ViewedCell | null) {
  const [state, setState] = useState<{ value?: string | null; error?: Error }>({});
  useEffect(() => {
    if (!cell) return;
    const aborted = new AbortController();
    setState({});
    cell.frame.fetchCell(cell.row, cell.column, aborted.signal).then(
      (value) => setState({ value }),
      (error: unknown) => {
        if (!isAbort(error)) setState({ error: error as Error });
      },
    );
    return () => aborted.abort();
  }, [cell]);
  return state;
}

function CopyButton({ value }: { value: string }) {
  const [state, setState] = useState<"copied" | Error | null>(null);
  const copy = (): void => {
    writeClipboard(value).then(
      () => setState("copied"),
      (error: unknown) => setState(error as Error),
    );
  };
  const Icon = state === "copied" ? IconCheck : IconCopy;
  return (
    <Button variant="default" leftSection={<Icon size={14} />} onClick={copy}>
      {state instanceof Error ? `Copy failed: ${state.message}` : state === "copied" ? "Copied" : "Copy"}
    </Button>
  );
}

export function ValueViewer({ cell, onClose }: { cell: ViewedCell | null; onClose(): void }) {
  const { value, error } = useValue(cell);
  const [mode, setMode] = useState("Formatted");
  const column = cell ? cell.frame.columns[cell.column] : undefined;
  const nested = (column && kindOf(column.type) === "nested") || (column?.type === "JSON" && value);
  const text = value && nested && mode === "Formatted" ? indented(value) : (value ?? "");
  const size = value ? new TextEncoder().encode(value).length : 0;
  return (
    <Drawer
      opened={cell !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title={
        <span className="row viewer-title">
          <strong className="cut" title={column?.name}>
            {column?.name}
          </strong>
          <span className="tag mono cut" title={column?.type}>
            {column?.type}
          </span>
          <span className="dim">row {cell ? integer(cell.row + 1) : ""}</span>
        </span>
      }
    >
      {error && <Problem error={error} />}
      {!error && value === undefined && <Skeleton height={120} />}
      {value === null && <p className="dim">NULL</p>}
      {value === "" && <p className="dim">Empty string</p>}
      {typeof value === "string" && (
        <>
          <div className="row" style={{ marginBottom: 10 }}>
            <span className="dim">
              {integer(value.length)} characters · {bytes(size)}
            </span>
            <span className="spacer" />
            {nested && <SegmentedControl data={["Formatted", "Raw"]} value={mode} onChange={setMode} />}
            <CopyButton key={value} value={value} />
          </div>
          <pre className="value" tabIndex={0} aria-label="Value">
            {text.slice(0, SHOWN_CHARACTERS_MAX)}
          </pre>
          {text.length > SHOWN_CHARACTERS_MAX && (
            <p className="dim">
              Showing the first {integer(SHOWN_CHARACTERS_MAX)} characters. Copy includes the full value.
            </p>
          )}
        </>
      )}
    </Drawer>
  );
}
