/** Copies the selected cells, loaded or not, exactly as they are shown. */
import { type RefObject, useRef, useState } from "react";

import { isAbort } from "@canvasback/client/api/error";
import type { ViewFrame } from "@canvasback/client/viewFrame";
import type { GridHandle } from "@canvasback/grid/DataGrid";
import type { Rectangle } from "@canvasback/grid/selection";
import { counted } from "@canvasback/values/format";
import { NeedsGestureError, writeClipboard } from "@canvasback/grid/clipboard";
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

/** What a copy came to. `cells` is what the data had, which may be less than was selected. */
interface Copied {
  text: string;
  cells: number;
}

const NEEDS_QUOTES = /["\t\n\r]/;
const field = (text: string): string => (NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

async function textOf(
  frame: ViewFrame,
  columns: Columns,
  area: Rectangle,
  headers: boolean,
  signal: AbortSignal,
  onShare: (share: number) => void,
): Promise<Copied> {
  const ordered = [...columns.shown.filter((each) => each.pinned), ...columns.shown.filter((each) => !each.pinned)];
  const indexes = ordered.slice(area.placeStart, area.placeEnd).map((column) => column.index);
  const [column = 0] = indexes;
  const rows = area.rowEnd - area.rowStart;
  // A single value is copied bare: quoting it would change it.
  if (rows === 1 && indexes.length === 1 && !headers) {
    return { text: (await frame.fetchCell(area.rowStart, column, signal)) ?? "", cells: 1 };
  }
  const range = { rowStart: area.rowStart, rowEnd: area.rowEnd, columns: indexes };
  const body = await frame.copy(range, signal, (done) => onShare(done / rows));
  if (body.rows === 0) throw new Error("these rows no longer exist");
  const names = indexes.map((index) => field(columns.all[index]?.name ?? "")).join("\t");
  return { text: headers ? `${names}\n${body.text}` : body.text, cells: body.rows * indexes.length };
}

export function useCopy(frame: ViewFrame | null, columns: Columns, grid: RefObject<GridHandle | null>): Copy {
  const [message, setMessage] = useState<string | null>(null);
  const running = useRef<AbortController | null>(null);
  /** A text that came too late for the browser: the next copy of the same cells takes it. */
  const ready = useRef<{ frame: ViewFrame; what: string; copied: Copied } | null>(null);

  const start = (headers = false): void => {
    const area = grid.current?.area();
    if (!area || !frame) return;
    const cells = (area.rowEnd - area.rowStart) * (area.placeEnd - area.placeStart);
    if (cells > CELLS_MAX) {
      setMessage(`${counted(cells, "cell")} is too much for the clipboard; export instead`);
      return;
    }
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    const what = JSON.stringify([area, headers, frame.epoch, columns.shown.map((column) => column.index)]);
    const before = ready.current?.frame === frame && ready.current.what === what ? ready.current.copied : null;
    ready.current = null;
    setMessage("Copying…");
    const share = (done: number): void => setMessage(`Copying ${Math.floor(done * 100)} %`);
    const made = before ?? textOf(frame, columns, area, headers, controller.signal, share);
    const written = writeClipboard("then" in made ? made.then(({ text }) => text) : made.text);
    Promise.all([made, written])
      .then(
        ([copied]) => setMessage(`Copied ${counted(copied.cells, "cell")}`),
        async (error: unknown) => {
          if (isAbort(error) || controller.signal.aborted) return setMessage(null);
          if (error instanceof NeedsGestureError) ready.current = { frame, what, copied: await made };
          setMessage(`Copy failed: ${(error as Error).message}`);
        },
      )
      .finally(() => {
        if (running.current !== controller) return;
        running.current = null;
        setMessage((said) => said);
      });
  };
  return { message, running: running.current !== null, start, cancel: () => running.current?.abort() };
}
