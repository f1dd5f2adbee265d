/** The grid with what a notebook needs around it: search, filters, sorting, going to a row, copying, a status line. */
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";

import type { SingleCondition } from "@canvasback/client/condition";
import { toFilter } from "@canvasback/client/filters";
import type { StreamConnection } from "@canvasback/client/stream/connection";
import type { SortKey, ViewSpec } from "@canvasback/client/stream/protocol";
import type { ViewFrame } from "@canvasback/client/viewFrame";
import { NeedsGestureError, writeClipboard } from "@canvasback/grid/clipboard";
import { DataGrid, type GridHandle } from "@canvasback/grid/DataGrid";
import type { ColumnMark } from "@canvasback/grid/Header";
import { type ShownColumn, defaultWidth } from "@canvasback/grid/layout";
import { integer } from "@canvasback/values/format";
import { FilterLine } from "./FilterLine";
import type { WidgetModel } from "./modelSocket";
import { useWidgetView } from "./useWidgetView";

const SEARCH_PAUSE_MS = 300;
const COPY_CELLS_MAX = 5_000_000;

/** A filter as the spec has it and one of the widget's own, both of which must hold. */
function both(first: ViewSpec["filter"], second: ViewSpec["filter"]): ViewSpec["filter"] {
  if (!first || !second) return first ?? second;
  return { and: [first, second] } as ViewSpec["filter"];
}

/** A click on a header: ascending, descending, not at all; `add` keeps the other columns. */
function sorted(keys: readonly SortKey[], column: string, add: boolean): SortKey[] {
  const now = keys.find((key) => key.column === column);
  const others = add ? keys.filter((key) => key.column !== column) : [];
  if (!now) return [...others, { column, descending: false }];
  return now.descending ? others : [...others, { column, descending: true }];
}

async function copySelection(frame: ViewFrame, grid: GridHandle, columns: readonly ShownColumn[]): Promise<string> {
  const area = grid.area();
  if (!area) return "Nothing is selected.";
  const indexes = columns.slice(area.placeStart, area.placeEnd).map((column) => column.index);
  const rows = area.rowEnd - area.rowStart;
  if (rows * indexes.length > COPY_CELLS_MAX) return `Too many cells to copy (at most ${integer(COPY_CELLS_MAX)}).`;
  const range = { rowStart: area.rowStart, rowEnd: area.rowEnd, columns: indexes };
  await writeClipboard(frame.copy(range, new AbortController().signal).then(({ text }) => text));
  return `Copied ${integer(rows)} ${rows === 1 ? "row" : "rows"}.`;
}

function useShownColumns(frame: ViewFrame | null) {
  const names = frame?.columns.map(({ name, type }) => `${name}\n${type}`).join("\n\n") ?? "";
  const [columns, setColumns] = useState<readonly ShownColumn[]>([]);
  useEffect(() => {
    const found = frame?.columns ?? [];
    setColumns(found.map(({ name, type }, index) => ({ index, width: defaultWidth(name, type), pinned: false })));
  }, [names]);
  return [columns, setColumns] as const;
}

export function WidgetGrid({ connection, model }: { connection: StreamConnection; model: WidgetModel }) {
  const given = model.get("spec") as ViewSpec;
  const [sort, setSort] = useState<readonly SortKey[]>(given.sort ?? []);
  const [conditions, setConditions] = useState<readonly SingleCondition[]>([]);
  const [typed, setTyped] = useState("");
  const [search, setSearch] = useState("");
  const [column, setColumn] = useState("");
  const [said, setSaid] = useState("");
  const grid = useRef<GridHandle | null>(null);
  const status = useSyncExternalStore(
    (listener) => connection.subscribe(listener),
    () => connection.status,
  );
  useEffect(() => {
    const timer = setTimeout(() => setSearch(typed), SEARCH_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);

  const spec = useMemo(() => {
    const filter = both(given.filter, toFilter(conditions));
    return { ...given, sort: [...sort], ...(filter ? { filter } : {}), ...(search ? { search } : {}) };
  }, [sort, conditions, search]);
  const { frame, error } = useWidgetView(connection, spec);
  useEffect(() => {
    model.set("shown", { sort: spec.sort, filter: spec.filter ?? null, search });
    model.save_changes();
  }, [spec]);

  const [columns, setColumns] = useShownColumns(frame);
  const marks = useMemo(() => {
    const found = new Map<number, ColumnMark>();
    frame?.columns.forEach(({ name }, index) => {
      const place = sort.findIndex((key) => key.column === name);
      const filtered = conditions.some((condition) => condition.column === name);
      if (place < 0 && !filtered) return;
      found.set(index, { sortPlace: place < 0 ? null : place + 1, descending: !!sort[place]?.descending, filtered });
    });
    return found;
  }, [sort, conditions, frame, columns]);

  const copy = (): void => {
    if (!frame || !grid.current) return;
    setSaid("Copying…");
    copySelection(frame, grid.current, columns).then(setSaid, (reason: unknown) => {
      setSaid(reason instanceof NeedsGestureError ? reason.message : `Not copied: ${(reason as Error).message}`);
    });
  };
  const keys = (event: KeyboardEvent): boolean => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "c") return false;
    copy();
    return true;
  };
  const resize = (index: number, width: number): void => {
    setColumns((before) => before.map((each) => (each.index === index ? { ...each, width } : each)));
  };
  const move = (index: number, place: number): void => {
    setColumns((before) => {
      const moved = before.find((each) => each.index === index);
      const others = before.filter((each) => each.index !== index);
      return moved ? [...others.slice(0, place), moved, ...others.slice(place)] : before;
    });
  };
  const onSort = (index: number, add: boolean): void => {
    const name = frame?.columns[index]?.name;
    if (name !== undefined) setSort((before) => sorted(before, name, add));
  };
  return (
    <>
      <FilterLine
        columns={frame?.columns ?? []}
        column={column}
        search={typed}
        conditions={conditions}
        onColumn={setColumn}
        onSearch={setTyped}
        onConditions={setConditions}
        onGo={(row) => grid.current?.jumpTo(row)}
      />
      <div className="cw-grid">
        {frame && (
          <DataGrid
            ref={grid}
            label="Rows"
            frame={frame}
            columns={columns}
            marks={marks}
            sortKeys={sort.length}
            onSort={onSort}
            onMenu={(index) => setColumn(frame.columns[index]?.name ?? "")}
            onResize={resize}
            onMove={move}
            onKey={keys}
          />
        )}
      </div>
      <StatusLine frame={frame} error={error} lost={status === "lost"} said={said} />
    </>
  );
}

function StatusLine(props: { frame: ViewFrame | null; error: Error | null; lost: boolean; said: string }) {
  const { frame, error, lost, said } = props;
  const state = frame?.state;
  const about = frame && !frame.rowCountExact ? "about " : "";
  const building = state && (state.state === "building" || state.state === "opening");
  const share = building && state.share !== null ? ` ${Math.round((state.share ?? 0) * 100)} %` : "";
  return (
    <div className="cw-status" role="status">
      {frame && <strong data-testid="rows">{`${about}${integer(frame.rowCount)} rows`}</strong>}
      {building && <span>preparing{share}…</span>}
      {state?.state === "limited" && <span className="cw-error">only these can be shown: {state.detail}</span>}
      {lost && <span className="cw-error">The connection to the server is lost. Trying again…</span>}
      {error && <span className="cw-error">{error.message}</span>}
      <span data-testid="said">{said}</span>
    </div>
  );
}
