/**
 * A dataset's rows in groups: counts and measures, totals, a pivot. Everything is computed by the server and stands in
 * the address. A group is opened as a filter: its rows.
 */
import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import { IconDownload, IconFilter, IconTable } from "@tabler/icons-react";
import { Suspense, lazy, useCallback, useMemo, useRef, useState } from "react";

import type { DatasetDetail } from "@canvasback/client/api/schema";
import { type Condition, parseFilter, toFilter } from "@canvasback/client/filters";
import { DataGrid, type GridHandle } from "@canvasback/grid/DataGrid";
import type { ColumnMark } from "@canvasback/grid/Header";
import { writeClipboard } from "@canvasback/grid/clipboard";
import { boldWidth, fitWidth } from "@canvasback/grid/fit";
import { type ShownColumn, defaultWidth } from "@canvasback/grid/layout";
import { type Position, type Selection, rectangle } from "@canvasback/grid/selection";
import { counted, duration, integer } from "@canvasback/values/format";
import { kindOf } from "@canvasback/values/typeKind";
import { labelOf } from "@canvasback/values/visibleText";
import { CopyAs } from "../panel/CopyAs";
import { Chips, SearchBox } from "../panel/Narrowing";
import type { ChangeState } from "../panel/useColumns";
import { searchCondition } from "../state/selection";
import { patient } from "../services/loading";
import { type CopyKind, curlOfGroups, pythonOfGroups } from "../state/copyAs";
import type { GridState } from "../state/gridState";
import { type Grouping, NO_GROUPING, groupOrder, stateOfGrouping } from "../state/grouping";
import { Bar, Empty, Problem } from "../ui/states";
import { GroupBar } from "./GroupBar";
import { GroupColumnMenu, type GroupMenuAt } from "./GroupColumnMenu";
import type { GroupColumn, GroupFrame } from "./groupFrame";
import { anyOf, conditionsOf, drilled, namedRequest } from "./requests";
import { type TableFormat, saveTable, tableSql } from "./saveTable";
import { useGroups } from "./useGroups";
import "./group.css";

const FilterDrawer = lazy(patient(() => import("../panel/FilterDrawer")));

const TOTALS_HEIGHT = 24;
const FITTED_WIDTH_MAX = 300;
const ICON = { size: 15, stroke: 1.6 } as const;

export interface GroupPanelProps {
  detail: DatasetDetail;
  grouping: Grouping;
  state: GridState;
  onState: ChangeState;
}

/** The next order when a heading is clicked: measures begin with the largest, keys with the first. */
function sortedBy(grouping: Grouping, column: GroupColumn, add: boolean): Grouping {
  if (column.role === "cell") return grouping;
  const down = column.role === "measure";
  const old = grouping.sort.find((each) => each.column === column.token);
  const next = !old
    ? { column: column.token, descending: down }
    : old.descending === down
      ? { column: column.token, descending: !down }
      : null;
  const others = add ? grouping.sort.filter((each) => each !== old) : [];
  return { ...grouping, sort: [...others, ...(next ? [next] : [])] };
}

/** The rows behind a cell: of its group, and of its value of the pivot where it stands in a column of that. */
function rowsBehind(frame: GroupFrame, grouping: Grouping, conditions: readonly Condition[], at: Position) {
  const group = frame.group(at.row);
  if (!group) return null;
  const inGroup = drilled(conditions, grouping.keys, group);
  const column = frame.columns[at.place];
  const { pivot } = grouping;
  if (column?.role !== "cell" || !pivot) return inGroup;
  if (!column.isRest) return [...inGroup, ...conditionsOf(pivot, column.value)];
  const values = frame.columns.flatMap((each) => (each.role === "cell" && !each.isRest ? [each.value] : []));
  const filter = { not: anyOf(pivot, [...new Set(values)]) } as never;
  return [...inGroup, { column: "", kind: "other", filter } satisfies Condition];
}

function Total({
  column,
  value,
  isFirst,
}: {
  column: GroupColumn | undefined;
  value: string | null;
  isFirst: boolean;
}) {
  const text = isFirst ? "Total" : value === null ? (column?.role === "key" ? "" : "–") : value;
  return (
    <div
      className={`group-total${column && kindOf(column.type) === "number" && !isFirst ? " num" : ""}`}
      title={text}
    >
      {text}
    </div>
  );
}

function useMarks(frame: GroupFrame | null, grouping: Grouping): ReadonlyMap<number, ColumnMark> {
  return useMemo(() => {
    const keys = groupOrder(grouping).slice(0, Math.max(1, grouping.sort.length));
    const marks = new Map<number, ColumnMark>();
    frame?.columns.forEach((column, index) => {
      const place = column.role === "cell" ? -1 : keys.findIndex((key) => key.column === column.token);
      const descending = keys[place]?.descending ?? false;
      if (place >= 0) marks.set(index, { sortPlace: place + 1, descending, filtered: false });
    });
    return marks;
  }, [frame, grouping]);
}

export default function GroupPanel({ detail, grouping, state, onState }: GroupPanelProps) {
  const columns = detail.columns ?? [];
  const types = useMemo(() => new Map(columns.map(({ name, type }) => [name, type])), [detail]);
  const own = useMemo(() => parseFilter(state.filter), [state.filter]);
  const conditions = useMemo((): Condition[] => {
    const { search } = state;
    return search ? [...own, searchCondition(search, [...types.keys()])] : own;
  }, [own, state.search, types]);
  const filter = useMemo(() => toFilter(conditions), [conditions]);
  const groups = useGroups(detail.name, detail.version, grouping, filter, types);
  const { frame, stale, error } = groups;
  const [selection, setSelection] = useState<Selection | null>(null);
  const [menu, setMenu] = useState<GroupMenuAt | null>(null);
  const [cellMenu, setCellMenu] = useState<{ at: Position; x: number; y: number } | null>(null);
  const [filtering, setFiltering] = useState(false);
  const [message, setMessage] = useState<string | null>(null);
  const [widths, setWidths] = useState<ReadonlyMap<string, number>>(new Map());
  const grid = useRef<GridHandle>(null);
  const marks = useMarks(frame, grouping);

  const shown = useMemo(
    (): ShownColumn[] =>
      (frame?.columns ?? []).map((column, index) => ({
        index,
        width:
          widths.get(column.name) ??
          Math.max(
            frame ? fitWidth(frame, index, 0, FITTED_WIDTH_MAX) : defaultWidth(column.name, column.type),
            boldWidth(frame?.totals[index] ?? ""),
          ),
        pinned: false,
      })),
    [frame, widths],
  );
  const setGrouping = (next: Grouping): void => onState(stateOfGrouping(next));
  const latest = useRef({ frame, grouping, setGrouping });
  latest.current = { frame, grouping, setGrouping };
  const sort = useCallback((index: number, add: boolean) => {
    const { frame: now, grouping: by, setGrouping: set } = latest.current;
    const column = now?.columns[index];
    if (column && column.role !== "cell") set(sortedBy(by, column, add));
  }, []);
  const openMenu = useCallback((index: number, anchor: HTMLElement) => {
    const column = latest.current.frame?.columns[index];
    if (column) setMenu({ column, box: (anchor.closest(".cg-head") ?? anchor).getBoundingClientRect() });
  }, []);
  const resize = useCallback((index: number, width: number) => {
    const name = latest.current.frame?.columns[index]?.name;
    if (name !== undefined) setWidths((old) => new Map(old).set(name, width));
  }, []);
  const totals = useCallback(
    (index: number) => (
      <Total column={frame?.columns[index]} value={frame?.totals[index] ?? null} isFirst={index === 0} />
    ),
    [frame],
  );
  const setConditions = (next: readonly Condition[], more: Parameters<ChangeState>[0] = {}): void => {
    const made = toFilter(next);
    onState({ filter: made ? JSON.stringify(made) : undefined, ...more });
  };
  const showRows = (at: Position): void => {
    const found = frame && rowsBehind(frame, grouping, own, at);
    if (found) setConditions(found, NO_GROUPING);
  };
  const filterTo = (at: Position): void => {
    const group = frame?.group(at.row);
    if (group) setConditions(drilled(own, grouping.keys, group));
  };
  const copy = (headers: boolean): void => {
    const area = grid.current?.area();
    if (!area || !frame) return;
    const range = {
      rowStart: area.rowStart,
      rowEnd: area.rowEnd,
      columns: Array.from({ length: area.placeEnd - area.placeStart }, (_, i) => area.placeStart + i),
    };
    const made = frame.text(range, new AbortController().signal, headers);
    Promise.all([made, writeClipboard(made.then(({ text }) => text))]).then(
      ([{ rows }]) => setMessage(`Copied ${counted(rows * range.columns.length, "cell")}`),
      (reason: unknown) => setMessage(`Copy failed: ${(reason as Error).message}`),
    );
  };
  const table = { dataset: detail.name, grouping, conditions, filter, types };
  const copyAs = (kind: CopyKind): string => {
    if (kind === "link") return location.href;
    const sql = tableSql(table, frame);
    const request = grouping.pivot ? null : namedRequest(grouping, filter);
    const view = { origin: location.origin, dataset: detail.name, request, sql };
    return kind === "sql" ? sql : kind === "curl" ? curlOfGroups(view) : pythonOfGroups(view);
  };
  const save = (format: TableFormat): void => {
    if (!frame) return;
    setMessage("Exporting…");
    saveTable(table, frame, format).then(
      () => setMessage("Exported"),
      (reason: unknown) => setMessage(`Export failed: ${(reason as Error).message}`),
    );
  };
  const key = (event: KeyboardEvent): boolean => {
    const ctrl = event.ctrlKey || event.metaKey;
    if (ctrl && event.key.toLowerCase() === "c") copy(event.shiftKey);
    else if (ctrl || event.altKey || !selection) return false;
    else if (event.key === "s" || event.key === "S") sort(selection.focus.place, event.key === "S");
    else if (event.key === "Backspace") onState(NO_GROUPING);
    else return false;
    return true;
  };
  const area = selection ? rectangle(selection) : null;
  const cells = area ? (area.rowEnd - area.rowStart) * (area.placeEnd - area.placeStart) : 0;
  const empty = frame && !stale && frame.rowCountExact && frame.rowCount === 0;
  return (
    <div className="panel">
      <div className="toolbar">
        <SearchBox value={state.search ?? ""} onChange={(text) => onState({ search: text })} />
        <span className="spacer" />
        <Tooltip label="Advanced filters">
          <ActionIcon
            size={30}
            variant={own.length > 0 ? "light" : "default"}
            color={own.length > 0 ? "petrol" : "gray"}
            aria-label="Advanced filters"
            onClick={() => setFiltering(true)}
          >
            <IconFilter {...ICON} />
          </ActionIcon>
        </Tooltip>
        <CopyAs make={copyAs} />
        <Button variant="default" leftSection={<IconTable {...ICON} />} onClick={() => onState(NO_GROUPING)}>
          Back to rows
        </Button>
        <Menu position="bottom-end">
          <Menu.Target>
            <Button leftSection={<IconDownload {...ICON} />}>Export</Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => save("xlsx")}>Excel workbook</Menu.Item>
            <Menu.Item onClick={() => save("csv")}>CSV</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      <GroupBar grouping={grouping} columns={columns} onGrouping={setGrouping} />
      <Chips conditions={own} onChange={(next) => setConditions(next)} />
      <div className="grid-host" data-stale={stale} data-failed={error !== null}>
        {!error && (stale || !frame) && (
          <div className="grid-busy">
            <Bar share={null} label="Computing groups" />
          </div>
        )}
        {frame && (
          <DataGrid
            ref={grid}
            label={`Groups of ${detail.name}`}
            frame={frame}
            columns={shown}
            marks={marks}
            sortKeys={grouping.sort.length}
            detail={totals}
            detailHeight={TOTALS_HEIGHT}
            onSort={sort}
            onMenu={openMenu}
            onResize={resize}
            onMove={() => undefined}
            onSelection={setSelection}
            onOpen={showRows}
            onCellMenu={(at, x, y) => setCellMenu({ at, x, y })}
            onKey={key}
          />
        )}
        {error && (
          <div className="grid-over">
            <Problem error={error} onRetry={groups.retry} />
          </div>
        )}
        {empty && !error && (
          <div className="grid-over">
            <Empty title="No matching rows" />
          </div>
        )}
      </div>
      <div className="status">
        {frame && (
          <span>
            <strong>
              {frame.rowCountExact ? integer(frame.rowCount) : `more than ${integer(frame.rowCount / 2)}`}
            </strong>{" "}
            {frame.rowCountExact && frame.rowCount === 1 ? "group" : "groups"} of {counted(frame.rowsOfAll, "row")}
          </span>
        )}
        {cells > 1 && <span>{counted(cells, "cell")} selected</span>}
        <span className="wide">Enter: rows of the group · Backspace: back to rows</span>
        <span className="spacer" />
        <span role="status">{message}</span>
        {groups.ms !== null && <span className="wide">Computed in {duration(groups.ms)}</span>}
      </div>
      <GroupColumnMenu at={menu} grouping={grouping} onGrouping={setGrouping} onClose={() => setMenu(null)} />
      <CellActions
        at={cellMenu}
        frame={frame}
        onClose={() => setCellMenu(null)}
        onCopy={copy}
        onRows={showRows}
        onFilter={filterTo}
      />
      {filtering && (
        <Suspense fallback={null}>
          <FilterDrawer
            filter={toFilter(own)}
            columns={columns}
            onApply={(next) => onState({ filter: next ? JSON.stringify(next) : undefined })}
            onClose={() => setFiltering(false)}
          />
        </Suspense>
      )}
    </div>
  );
}

interface CellActionsProps {
  at: { at: Position; x: number; y: number } | null;
  frame: GroupFrame | null;
  onCopy(headers: boolean): void;
  onRows(at: Position): void;
  onFilter(at: Position): void;
  onClose(): void;
}

function CellActions({ at, frame, onCopy, onRows, onFilter, onClose }: CellActionsProps) {
  const group = at && frame?.group(at.at.row);
  return (
    <Menu
      opened={at !== null}
      onChange={(open) => !open && onClose()}
      position="bottom-start"
      width={260}
      returnFocus
    >
      <Menu.Target>
        <div
          aria-hidden
          style={{ position: "fixed", left: at?.x ?? 0, top: at?.y ?? 0, width: 1, height: 1, pointerEvents: "none" }}
        />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconTable {...ICON} />}
          rightSection={<small className="dim">Enter</small>}
          onClick={() => at && onRows(at.at)}
        >
          Show rows
        </Menu.Item>
        <Menu.Item leftSection={<IconFilter {...ICON} />} onClick={() => at && onFilter(at.at)}>
          Filter to {group?.map(labelOf).join(", ").slice(0, 40)}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => onCopy(false)}>Copy</Menu.Item>
        <Menu.Item onClick={() => onCopy(true)}>Copy with headers</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
