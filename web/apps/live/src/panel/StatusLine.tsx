/** The line below a grid: how many rows, where the focus stands, what is selected, what is being copied. */
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";

import { duration, integer } from "@canvasback/values/format";
import type { ViewFrame } from "@canvasback/client/viewFrame";
import { type Selection, rectangle } from "@canvasback/grid/selection";
import type { Copy } from "./useCopy";

const PAUSE_MS = 120;

/** File and row of the focused row. */
function useOrigin(frame: ViewFrame | null, row: number | undefined): { file: number; row: number } | null {
  const [origin, setOrigin] = useState<{ file: number; row: number; of: number } | null>(null);
  useEffect(() => {
    if (!frame || row === undefined || row >= frame.rowCount) return;
    const aborted = new AbortController();
    // Somebody who walks over the rows wants none of those on the way.
    const timer = setTimeout(() => {
      frame.identify(row, aborted.signal).then(
        (found) => setOrigin(found && { ...found, of: row }),
        () => setOrigin(null),
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      aborted.abort();
    };
  }, [frame, row]);
  return origin && origin.of === row ? origin : null;
}

interface StatusLineProps {
  frame: ViewFrame | null;
  selection: Selection | null;
  copy: Copy;
  files?: readonly string[] | undefined;
}

function Count({ frame }: { frame: ViewFrame }) {
  const { state } = frame;
  const failed = frame.view.error !== null;
  const rows = state.rows === null ? null : frame.rowCount;
  if (rows === null) return failed ? null : <span>counting rows…</span>;
  return (
    <span>
      <strong>
        {frame.rowCountExact ? "" : "≈ "}
        {integer(rows)}
      </strong>{" "}
      {rows === 1 ? "row" : "rows"}
      {!failed &&
        state.state === "building" &&
        state.share !== null &&
        ` · sorting ${Math.floor(state.share * 100)} %`}
      {state.state === "limited" && ` · ${state.detail ?? "only the first rows are available"}`}
    </span>
  );
}

export function StatusLine({ frame, selection, copy, files }: StatusLineProps) {
  const focus = selection?.focus;
  const origin = useOrigin(frame, focus?.row);
  const area = selection ? rectangle(selection) : null;
  const rows = area ? area.rowEnd - area.rowStart : 0;
  const places = area ? area.placeEnd - area.placeStart : 0;
  const file = origin && files?.[origin.file];
  return (
    <div className="status">
      {frame && <Count frame={frame} />}
      {focus && (
        <span className="wide">
          row <strong data-testid="focus-row">{integer(focus.row + 1)}</strong>
        </span>
      )}
      {origin && (
        <span
          className="wide"
          data-testid="origin"
          data-file={origin.file}
          data-row={origin.row}
          title={file ?? undefined}
        >
          {file ? file.split("/").at(-1) : `file ${integer(origin.file + 1)}`}, row {integer(origin.row + 1)}
        </span>
      )}
      {rows * places > 1 && (
        <span>
          {integer(rows)} × {integer(places)} selected
        </span>
      )}
      <span className="spacer" />
      <span role="status">{copy.message}</span>
      {copy.running && (
        <Button size="compact-xs" variant="subtle" onClick={copy.cancel}>
          Cancel
        </Button>
      )}
      {frame?.lastServerMs !== null && frame && (
        <span className="wide" title="Server time for the rows loaded last">
          rows in {(frame.lastServerMs ?? 0) < 1 ? "< 1 ms" : duration(frame.lastServerMs ?? 0)}
        </span>
      )}
    </div>
  );
}
