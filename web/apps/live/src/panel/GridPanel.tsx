/**
 * A grid with all that belongs to it: search, filters, columns, jump, copy, the viewer, the status line. How it stands
 * lives with its owner (an address, a tab), so that it can be shared and come back.
 */
import { ActionIcon, Button, NumberInput, Popover, Tooltip } from "@mantine/core";
import { IconArrowBarToDown, IconChartBar, IconDownload, IconFilter, IconListCheck } from "@tabler/icons-react";
import {
  type FormEvent,
  type ReactNode,
  Suspense,
  lazy,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";

import { integer } from "@canvasback/values/format";
import {
  type Condition,
  filterProblem,
  toFilter,
  withAlternative,
  withConditions,
  withValue,
} from "@canvasback/client/filters";
import type { ViewSpec } from "@canvasback/client/stream/protocol";
import type { ViewFrame } from "@canvasback/client/viewFrame";
import { DataGrid, type GridHandle } from "@canvasback/grid/DataGrid";
import { fitWidth } from "@canvasback/grid/fit";
import type { Position, Selection } from "@canvasback/grid/selection";
import { patient } from "../services/loading";
import { useSettings } from "../services/services";
import { Bar, Empty, Problem } from "../ui/states";
import { useView } from "../services/useView";
import { type CopyKind, curlOfRows, pythonOfRows } from "../state/copyAs";
import { type GridState, joinNames, splitNames } from "../state/gridState";
import { columnsInOrder, searchCondition } from "../state/selection";
import { rowsSql } from "../state/sqlText";
import { withKey } from "../state/grouping";
import { rangeConditions } from "./bins";
import { CellMenu, type CellMenuAt } from "./CellMenu";
import { ColumnMenu, type MenuAt } from "./ColumnMenu";
import { CopyAs } from "./CopyAs";
import { firstFacets } from "./facets";
import { ColumnsPanel } from "./ColumnsPanel";
import { MINI_PROFILE_HEIGHT, MiniProfile, type ProfileFilter } from "./MiniProfile";
import { Chips, SearchBox } from "./Narrowing";
import { PROFILE_ROWS_MAX, useIdleProfiles } from "./profiles";
import { StatusLine } from "./StatusLine";
import { useColumns } from "./useColumns";
import { useCopy } from "./useCopy";
import { ValueViewer, type ViewedCell } from "./ValueViewer";
import "./panel.css";

const FilterDrawer = lazy(patient(() => import("./FilterDrawer")));
const FacetsPanel = lazy(patient(() => import("./FacetsPanel")));
const RowPanel = lazy(patient(() => import("./RowPanel")));

export interface GridPanelProps {
  label: string;
  /** What is shown, before filter, search and sort. */
  source: Pick<ViewSpec, "dataset" | "sql" | "parameters">;
  /** Names the dataset's version: when it changes, profiles are others. */
  version?: string | undefined;
  rowsHint?: number | null | undefined;
  state: GridState;
  onState(change: Partial<Record<keyof GridState, string | undefined>>): void;
  onExport?: (() => void) | undefined;
  startRow?: number | undefined;
  extra?: ReactNode;
  onFrame?: (frame: ViewFrame | null) => void;
  onError?: (error: Error | null) => void;
  files?: readonly string[] | undefined;
}

function JumpTo({
  rows,
  opened,
  onOpen,
  onJump,
}: {
  rows: number;
  opened: boolean;
  onOpen(open: boolean): void;
  onJump(row: number): void;
}) {
  const [value, setValue] = useState<string | number>("");
  const jump = (event: FormEvent): void => {
    event.preventDefault();
    const row = Number(value);
    if (Number.isInteger(row) && row >= 1) onJump(row - 1);
    onOpen(false);
  };
  return (
    <Popover opened={opened} onChange={onOpen} position="bottom-end" trapFocus width={230}>
      <Popover.Target>
        <Tooltip label="Go to row (Ctrl+G)">
          <ActionIcon size={30} variant="default" aria-label="Go to row" onClick={() => onOpen(!opened)}>
            <IconArrowBarToDown size={15} stroke={1.6} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown>
        <form onSubmit={jump} className="row">
          <NumberInput
            aria-label="Row"
            placeholder={`1 … ${integer(rows)}`}
            min={1}
            allowDecimal={false}
            thousandSeparator=","
            hideControls
            value={value}
            onChange={setValue}
            data-autofocus
          />
          <Button type="submit">Go</Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

const FITTED_COLUMNS_MAX = 16;
const FITTED_WIDTH_MAX = 340;

/** Widths that suit the first rows; what a column once got it keeps, however the rows are filtered and sorted. */
function useFitted(frame: ViewFrame | null): ReadonlyMap<string, number> {
  const kept = useRef<ReadonlyMap<string, number>>(new Map());
  return useMemo(() => {
    if (!frame || kept.current.size > 0 || frame.getCell(0, 0) === undefined) return kept.current;
    const first = frame.columns.slice(0, FITTED_COLUMNS_MAX);
    kept.current = new Map(first.map(({ name }, index) => [name, fitWidth(frame, index, 0, FITTED_WIDTH_MAX)]));
    return kept.current;
  }, [frame]);
}

export function GridPanel(props: GridPanelProps) {
  const { source, state, onState } = props;
  const grid = useRef<GridHandle>(null);
  const [menu, setMenu] = useState<MenuAt | null>(null);
  const [cellMenu, setCellMenu] = useState<CellMenuAt | null>(null);
  const [viewed, setViewed] = useState<ViewedCell | null>(null);
  const [selection, setSelection] = useState<Selection | null>(null);
  const [jumping, setJumping] = useState(false);
  const [filtering, setFiltering] = useState(false);
  const { headerProfiles, setHeaderProfiles } = useSettings();

  const { filter: filterText, sort: sortText, search } = state;
  const sourceKey = JSON.stringify(source);
  const columnsOf = useRef<ViewFrame["columns"]>([]);
  const columns = useColumns(columnsOf.current, state, onState);
  const filter = useMemo(() => toFilter(columns.conditions), [columns.conditions]);
  const spec = useMemo(
    (): ViewSpec => ({
      ...source,
      ...(filter ? { filter } : {}),
      ...(search ? { search } : {}),
      ...(columns.sort.length > 0 ? { sort: [...columns.sort] } : {}),
    }),
    // What is selected, as text: the objects are new at every draw.
    [sourceKey, filterText, sortText, search],
  );
  const wrongFilter = useMemo(() => {
    const problem = filterProblem(filterText);
    return problem === null ? null : new Error(problem);
  }, [filterText]);
  const { frame, stale, retry, ...view } = useView(wrongFilter ? null : spec);
  const error = wrongFilter ?? view.error;
  columnsOf.current = frame?.columns ?? columnsOf.current;
  const fitted = useFitted(frame);
  const live = useColumns(columnsOf.current, state, onState, fitted);
  const copy = useCopy(frame, live, grid);

  const dataset = source.dataset ?? null;
  const canProfile = dataset !== null && !search;
  // Their place is kept from the start: rows that stand must not move when the first profile comes.
  const profiled = canProfile && headerProfiles && (props.rowsHint ?? frame?.rowCount ?? 0) <= PROFILE_ROWS_MAX;
  const names = useMemo(() => live.shown.map((column) => live.all[column.index]?.name ?? ""), [live.shown, live.all]);
  const profiles = useIdleProfiles(dataset ?? "", props.version, names, filter, profiled && frame !== null && !stale);
  // The header's cells are drawn once and stay: what they call must not change with every state.
  const filterBy = useRef<(next: (now: readonly Condition[]) => Condition[]) => void>(() => undefined);
  const profileFilter = useMemo(
    (): ProfileFilter => ({
      onRange: (profile, first, end, add) => {
        const range = rangeConditions(profile, first, end);
        const change = add ? withAlternative : withConditions;
        filterBy.current((now) => change(now, profile.name, range));
      },
      onValue: (profile, value, add) => filterBy.current((now) => withValue(now, profile.name, value, add)),
    }),
    [],
  );
  const detail = useCallback(
    (index: number) => (
      <MiniProfile profile={profiles.get(columnsOf.current[index]?.name ?? "")} filter={profileFilter} />
    ),
    [profiles, profileFilter],
  );

  const { startRow } = props;
  const jumped = useRef(false);
  useEffect(() => {
    if (!frame || startRow === undefined || jumped.current) return;
    jumped.current = true;
    grid.current?.jumpTo(startRow);
  }, [frame, startRow]);
  useEffect(() => props.onFrame?.(frame), [frame]);
  useEffect(() => props.onError?.(error), [error]);

  const setConditions = (conditions: Condition[]): void => {
    const next = toFilter(conditions);
    onState({ filter: next ? JSON.stringify(next) : undefined });
  };
  filterBy.current = (next) => setConditions(next(columns.conditions));
  const columnAt = (position: Position): number =>
    [...live.shown.filter((each) => each.pinned), ...live.shown.filter((each) => !each.pinned)][position.place]
      ?.index ?? 0;
  const open = (position: Position): void => {
    if (frame) setViewed({ frame, row: position.row, column: columnAt(position) });
  };
  const openMenu = useCallback((index: number, anchor: HTMLElement) => {
    const head = anchor.closest(".cg-head") ?? anchor;
    setMenu({ index, box: head.getBoundingClientRect() });
  }, []);
  const facets = state.facets === undefined ? null : splitNames(state.facets).filter((name) => name !== "");
  // An address has no empty parameter: a comma alone is a panel without facets.
  const setFacets = (names: readonly string[] | null): void =>
    onState({ facets: names ? (joinNames(names) ?? ",") : undefined });
  const allNames = live.all.map(({ name }) => name);
  const details = /^[1-9]\d{0,14}$/.test(state.details ?? "") ? Number(state.details) - 1 : null;
  const copyAs = (kind: CopyKind): string => {
    if (kind === "link") return location.href;
    const types = new Map(live.all.map(({ name, type }) => [name, type]));
    const shownNames = columnsInOrder(allNames, state);
    const chosen = shownNames.join("\n") === allNames.join("\n") ? undefined : shownNames;
    const conditions = search ? [...columns.conditions, searchCondition(search, allNames)] : columns.conditions;
    const sql = rowsSql(dataset ?? "", { columns: chosen, conditions, sort: live.sort }, types);
    const view = {
      origin: location.origin,
      dataset: dataset ?? "",
      columns: chosen,
      filter: toFilter(conditions),
      sort: live.sort,
      sql,
    };
    return kind === "sql" ? sql : kind === "curl" ? curlOfRows(view) : pythonOfRows(view);
  };
  const groupBy = (name: string): void => onState(withKey(state, name));
  const key = (event: KeyboardEvent): boolean => {
    const ctrl = event.ctrlKey || event.metaKey;
    const column = selection ? columnAt(selection.focus) : null;
    if (ctrl && event.key.toLowerCase() === "c") copy.start(event.shiftKey);
    else if (ctrl && event.key.toLowerCase() === "g") setJumping(true);
    else if (event.key === "Escape") copy.cancel();
    else if (ctrl || event.altKey || column === null) return false;
    else if (event.key === "s") live.toggleSort(column, false);
    else if (event.key === "S") live.toggleSort(column, true);
    else if (event.key === "r" && selection) onState({ details: String(selection.focus.row + 1) });
    else if (event.key === "g" && dataset !== null) groupBy(live.all[column]?.name ?? "");
    else if (event.key === "f") {
      const grids = event.target instanceof Element ? event.target.closest(".cg-grid") : null;
      const head = grids?.querySelector<HTMLElement>(`.cg-head[data-index="${column}"]`);
      if (head) openMenu(column, head);
    } else return false;
    return true;
  };
  // What has failed goes on no more, whatever was told last.
  const building = frame && !error && (frame.state.state === "building" || frame.state.state === "opening");
  const empty = frame && !stale && frame.rowCountExact && frame.rowCount === 0;
  const narrowed = columns.conditions.length > 0 || Boolean(search);
  return (
    <div className="panel">
      <div className="toolbar">
        <SearchBox value={search ?? ""} onChange={(text) => onState({ search: text })} />
        {props.extra}
        <span className="spacer" />
        {canProfile && (
          <Tooltip label={headerProfiles ? "Hide column profiles" : "Show column profiles"}>
            <ActionIcon
              size={30}
              variant={headerProfiles ? "light" : "default"}
              color={headerProfiles ? "petrol" : "gray"}
              aria-label="Column profiles"
              aria-pressed={headerProfiles}
              onClick={() => setHeaderProfiles(!headerProfiles)}
            >
              <IconChartBar size={15} stroke={1.6} />
            </ActionIcon>
          </Tooltip>
        )}
        <Tooltip label="Advanced filters">
          <ActionIcon
            size={30}
            variant={filter ? "light" : "default"}
            color={filter ? "petrol" : "gray"}
            aria-label="Advanced filters"
            onClick={() => setFiltering(true)}
          >
            <IconFilter size={15} stroke={1.6} />
          </ActionIcon>
        </Tooltip>
        {dataset !== null && (
          <>
            <Tooltip label={facets ? "Hide facets" : "Show facets"}>
              <ActionIcon
                size={30}
                variant={facets ? "light" : "default"}
                color={facets ? "petrol" : "gray"}
                aria-label="Facets"
                aria-pressed={facets !== null}
                onClick={() => setFacets(facets ? null : firstFacets(live.all))}
              >
                <IconListCheck size={15} stroke={1.6} />
              </ActionIcon>
            </Tooltip>
            <CopyAs make={copyAs} />
          </>
        )}
        <JumpTo
          rows={frame?.rowCount ?? 0}
          opened={jumping}
          onOpen={setJumping}
          onJump={(row) => grid.current?.jumpTo(row)}
        />
        <ColumnsPanel columns={live} />
        {props.onExport && (
          <Button leftSection={<IconDownload size={15} stroke={1.6} />} onClick={props.onExport}>
            Export
          </Button>
        )}
      </div>
      <Chips conditions={columns.conditions} onChange={setConditions} />
      <div className="grid-side">
        <div className="grid-host" data-stale={stale} data-failed={error !== null}>
          {(building || (!error && (stale || !frame))) && (
            <div className="grid-busy">
              <Bar share={frame && !stale ? frame.state.share : null} label="Loading rows" />
            </div>
          )}
          {frame && !wrongFilter && (
            <DataGrid
              ref={grid}
              label={props.label}
              frame={frame}
              columns={live.shown}
              marks={live.marks}
              sortKeys={live.sort.length}
              {...(profiled ? { detail, detailHeight: MINI_PROFILE_HEIGHT } : {})}
              onSort={live.toggleSort}
              onMenu={openMenu}
              onResize={live.resize}
              onMove={live.move}
              onSelection={setSelection}
              onOpen={open}
              onCellMenu={(position, x, y) => setCellMenu({ position, column: columnAt(position), x, y })}
              onKey={key}
            />
          )}
          {!frame && !error && <div className="grid-rows-to-come" aria-hidden />}
          {error && (
            <div className="grid-over">
              {wrongFilter ? (
                <Problem
                  error={wrongFilter}
                  retryLabel="Remove filter"
                  onRetry={() => onState({ filter: undefined })}
                />
              ) : (
                <Problem error={error} onRetry={retry} />
              )}
            </div>
          )}
          {empty && !error && (
            <div className="grid-over">
              <Empty title={narrowed ? "No matching rows" : "No rows"}>
                {narrowed && (
                  <Button variant="default" onClick={() => onState({ filter: undefined, search: undefined })}>
                    Remove filters and search
                  </Button>
                )}
              </Empty>
            </div>
          )}
        </div>
        {facets && dataset !== null && (
          <Suspense fallback={null}>
            <FacetsPanel
              dataset={dataset}
              version={props.version}
              columns={live.all}
              facets={facets}
              conditions={columns.conditions}
              searched={search ? [searchCondition(search, allNames)] : []}
              onFacets={setFacets}
              onConditions={setConditions}
              onClose={() => setFacets(null)}
            />
          </Suspense>
        )}
      </div>
      <StatusLine frame={frame} selection={selection} copy={copy} files={props.files} />
      <ColumnMenu
        at={menu}
        columns={live}
        dataset={dataset}
        version={props.version}
        onConditions={setConditions}
        onGroup={dataset === null ? undefined : groupBy}
        profileFilter={{
          onRange: (...range) => {
            profileFilter.onRange(...range);
            setMenu(null);
          },
          onValue: profileFilter.onValue,
        }}
        onClose={() => setMenu(null)}
      />
      <CellMenu
        at={cellMenu}
        frame={frame}
        columns={live}
        onClose={() => setCellMenu(null)}
        onCopy={copy.start}
        onOpen={open}
        onDetails={(row) => onState({ details: String(row + 1) })}
        onConditions={setConditions}
        onSearch={(text) => onState({ search: text })}
      />
      {filtering && (
        <Suspense fallback={null}>
          <FilterDrawer
            filter={filter}
            columns={live.all}
            onApply={(next) => onState({ filter: next ? JSON.stringify(next) : undefined })}
            onClose={() => setFiltering(false)}
          />
        </Suspense>
      )}
      {frame && details !== null && (
        <Suspense fallback={null}>
          <RowPanel
            frame={frame}
            row={Math.min(details, Math.max(0, frame.rowCount - 1))}
            onRow={(row) => onState({ details: String(row + 1) })}
            onClose={() => {
              onState({ details: undefined });
              grid.current?.focus();
            }}
          />
        </Suspense>
      )}
      <ValueViewer cell={viewed} onClose={() => setViewed(null)} />
    </div>
  );
}
