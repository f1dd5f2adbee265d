/** Copies the selected cells, loaded or not, exactly as they are shown. */
import { type RefObject, useRef, useState } from "react";

import { isAbort } from "@canvasback/client/api/error";
import type { ViewFrame } from "@canvasback/client/viewFrame";
import type { GridHandle } from "@canvasback/grid/DataGrid";
import type { Columns } from "./useColumns";

/** Beyond this a clipboard is the wrong way; an export is the right one. */
const CELLS_MAX = 5_000_000;

export interface Copy {
  /** What goes on or went, in words; null where nothing did. */
  message: string | null;
  running: boolean;
  start(headers?: boolean): void;
  cancel(): void;
}

const NEEDS_QUOTES = /["\t\n\r]/;
const field = (text: string): string => (NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

export function useCopy(frame: ViewFrame | null, columns: Columns, grid: RefObject<GridHandle | null>): Copy {
  const [message, setMessage] = useState<string | null>(null);
  const running = useRef<AbortController | null>(null);

  const text = async (headers: boolean, signal: AbortSignal): Promise<string> => {
    const area = grid.current?.area();
    if (!area || !frame) throw new Error("Nothing is selected");
    const ordered = [...columns.shown.filter((each) => each.pinned), ...columns.shown.filter((each) => !each.pinned)];
    const indexes = ordered.slice(area.placeStart, area.placeEnd).map((column) => column.index);
    const [column = 0] = indexes;
    // A single value is copied bare: quoting it would change it.
    if (area.rowEnd - area.rowStart === 1 && indexes.length === 1 && !headers) {
      return (await frame.fetchCell(area.rowStart, column, signal)) ?? "";
    }
    const range = { rowStart: area.rowStart, rowEnd: area.rowEnd, columns: indexes };
    const rows = area.rowEnd - area.rowStart;
    const body = await frame.copy(range, signal, (done) =>
      setMessage(`Copying ${Math.floor((done / rows) * 100)} %`),
    );
    const names = indexes.map((index) => field(columns.all[index]?.name ?? "")).join("\t");
    return headers ? `${names}\n${body}` : body;
  };

  const start = (headers = false): void => {
    const area = grid.current?.area();
    if (!area || !frame) return;
    const cells = (area.rowEnd - area.rowStart) * (area.placeEnd - area.placeStart);
    if (cells > CELLS_MAX) {
      setMessage(`${cells.toLocaleString("en")} cells are too many for the clipboard: export them instead`);
      return;
    }
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setMessage("Copying");
    const made = text(headers, controller.signal);
    // The clipboard is asked for at once, while the key is still down; the text may come later.
    const item = new ClipboardItem({ "text/plain": made.then((value) => new Blob([value], { type: "text/plain" })) });
    Promise.all([navigator.clipboard.write([item]), made])
      .then(
        () => setMessage(`Copied ${cells.toLocaleString("en")} ${cells === 1 ? "cell" : "cells"}`),
        (error: unknown) =>
          setMessage(isAbort(error) || controller.signal.aborted ? null : `Not copied: ${(error as Error).message}`),
      )
      .finally(() => {
        if (running.current === controller) running.current = null;
      });
  };
  return { message, running: running.current !== null, start, cancel: () => running.current?.abort() };
}
