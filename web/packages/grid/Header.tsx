/** The column headers: names, order of sorting, what a profile says, and grips to move and resize. */
import { IconArrowDown, IconArrowUp, IconChevronDown, IconFilterFilled, IconPinFilled } from "@tabler/icons-react";
import {
  type FocusEvent,
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  memo,
  useCallback,
  useEffect,
  useRef,
  useState,
} from "react";

import type { GridColumn } from "@canvasback/frame/dataFrame";
import { kindOf } from "@canvasback/values/typeKind";
import { type Layout, type PlacedColumn, boundedWidth } from "./layout";

export interface ColumnMark {
  /** Place among the sort keys, from 1; null where the rows are not sorted by it. */
  sortPlace: number | null;
  descending: boolean;
  filtered: boolean;
}

export interface HeaderActions {
  onSort(index: number, add: boolean): void;
  onMenu(index: number, anchor: HTMLElement): void;
  onResize(index: number, width: number): void;
  onFit(index: number): void;
  /** To the place that another shown column has now. */
  onMove(index: number, place: number): void;
}

interface HeaderCellProps extends HeaderActions {
  column: PlacedColumn;
  name: string;
  type: string;
  mark: ColumnMark;
  manyKeys: boolean;
  /** In the order of the Tab key: one of all headers. */
  inTabOrder: boolean;
  detail: ReactNode;
  onDrag(column: PlacedColumn, clientX: number | null): void;
  /** Gives the keyboard to the header at a place. */
  onStep(place: number): void;
}

const WIDTH_STEP = 16;
const DRAG_THRESHOLD = 6;

function ResizeGrip({
  column,
  name,
  onResize,
  onFit,
}: Pick<HeaderCellProps, "column" | "name" | "onResize" | "onFit">) {
  const from = useRef<{ x: number; width: number } | null>(null);
  const move = (event: PointerEvent): void => {
    if (from.current) onResize(column.index, boundedWidth(from.current.width + event.clientX - from.current.x));
  };
  return (
    <div
      className="cg-grip"
      role="presentation"
      title={`Width of ${name}; double-click to fit`}
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, width: column.width };
      }}
      onPointerMove={move}
      onPointerUp={() => (from.current = null)}
      onDoubleClick={() => onFit(column.index)}
    />
  );
}

function SortMark({ mark, manyKeys }: { mark: ColumnMark; manyKeys: boolean }) {
  if (mark.sortPlace === null) return null;
  return (
    <span className="cg-sort" aria-hidden>
      {mark.descending ? <IconArrowDown size={13} stroke={2} /> : <IconArrowUp size={13} stroke={2} />}
      {manyKeys && <small>{mark.sortPlace}</small>}
    </span>
  );
}

const HeaderCell = memo(function HeaderCell(props: HeaderCellProps) {
  const { column, name, type, mark, manyKeys, inTabOrder, detail, onSort, onMenu, onDrag, onStep, onResize } = props;
  const drag = useRef<{ x: number; moved: boolean } | null>(null);
  const keys = (event: KeyboardEvent<HTMLButtonElement>): void => {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      event.preventDefault();
      const step = event.key === "ArrowLeft" ? -1 : 1;
      if (event.shiftKey) onResize(column.index, boundedWidth(column.width + step * WIDTH_STEP));
      else if (event.altKey) props.onMove(column.index, column.place + step);
      else onStep(column.place + step);
    } else if (event.key === "ArrowDown" || event.key === "f") {
      event.preventDefault();
      onMenu(column.index, event.currentTarget);
    }
  };
  const pointerMove = (event: PointerEvent): void => {
    if (!drag.current) return;
    drag.current.moved ||= Math.abs(event.clientX - drag.current.x) > DRAG_THRESHOLD;
    if (drag.current.moved) onDrag(column, event.clientX);
  };
  const ariaSort = mark.sortPlace === null ? "none" : mark.descending ? "descending" : "ascending";
  return (
    <div
      className={`cg-head is-${kindOf(type)}${column.pinned ? " is-pinned" : ""}`}
      role="columnheader"
      aria-sort={ariaSort}
      aria-colindex={column.place + 2}
      data-index={column.index}
      style={{ left: column.left, width: column.width }}
    >
      <button
        type="button"
        className="cg-name"
        tabIndex={inTabOrder ? 0 : -1}
        title={`${name} · ${type}`}
        aria-label={`${name}, ${type}. Sort`}
        onClick={(event) => {
          if (!drag.current?.moved) onSort(column.index, event.shiftKey);
          drag.current = null;
        }}
        onKeyDown={keys}
        onPointerDown={(event) => {
          if (event.button !== 0 || event.pointerType === "touch") return;
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { x: event.clientX, moved: false };
        }}
        onPointerMove={pointerMove}
        onPointerUp={(event) => {
          if (drag.current?.moved) onDrag(column, null);
          event.currentTarget.releasePointerCapture(event.pointerId);
        }}
      >
        {column.pinned && <IconPinFilled size={11} className="cg-pin" aria-hidden />}
        <span className="cg-label">{name}</span>
        {mark.filtered && <IconFilterFilled size={11} className="cg-filtered" aria-label="filtered" />}
        <SortMark mark={mark} manyKeys={manyKeys} />
      </button>
      <button
        type="button"
        className="cg-more"
        tabIndex={-1}
        aria-label={`${name} column menu`}
        onClick={(event) => onMenu(column.index, event.currentTarget)}
      >
        <IconChevronDown size={14} stroke={1.8} aria-hidden />
      </button>
      {detail}
      <ResizeGrip column={column} name={name} onResize={onResize} onFit={props.onFit} />
    </div>
  );
});

export interface HeaderProps extends HeaderActions {
  id: string;
  columns: readonly GridColumn[];
  layout: Layout;
  start: number;
  end: number;
  scrollLeft: () => number;
  marks: ReadonlyMap<number, ColumnMark>;
  sortKeys: number;
  detail?: ((index: number) => ReactNode) | undefined;
  trackRef: (element: HTMLDivElement | null) => void;
  /** Scrolls until the column at a place is in sight. */
  onReveal(place: number): void;
}

/** The place of the column at x pixels from the header's left edge. */
function placeAt(layout: Layout, x: number, scrollLeft: number): number {
  const under = layout.columns.find((column) => {
    const at = column.pinned ? x : x + scrollLeft;
    return at >= column.left && at < column.left + column.width && (column.pinned || x >= layout.pinnedWidth);
  });
  return under?.place ?? (x < layout.pinnedWidth ? 0 : layout.columns.length - 1);
}

const NO_MARK: ColumnMark = { sortPlace: null, descending: false, filtered: false };

export function Header(props: HeaderProps) {
  const { columns, layout, start, end, marks, detail } = props;
  const [dropPlace, setDropPlace] = useState<number | null>(null);
  const host = useRef<HTMLDivElement>(null);

  const latest = useRef({ props, dropPlace });
  latest.current = { props, dropPlace };

  // The same functions at every draw: a column that comes into sight must not draw the others again.
  const drag = useCallback((column: PlacedColumn, clientX: number | null): void => {
    const { layout: places, scrollLeft, onMove } = latest.current.props;
    if (clientX !== null) {
      const x = clientX - (host.current?.getBoundingClientRect().left ?? 0);
      return setDropPlace(placeAt(places, x, scrollLeft()));
    }
    const { dropPlace: place } = latest.current;
    if (place !== null && place !== column.place) onMove(column.index, place);
    setDropPlace(null);
  }, []);
  // The column that has the keyboard is drawn wherever it stands: its element must not go while it has the focus.
  const [focused, setFocused] = useState<number | null>(null);
  const focusedPlace = layout.columns.find((column) => column.index === focused)?.place ?? null;
  const step = useCallback((place: number): void => {
    const column = latest.current.props.layout.columns[place];
    if (column) setFocused(column.index);
  }, []);
  useEffect(() => {
    if (focused === null || focusedPlace === null) return;
    props.onReveal(focusedPlace);
    const name = host.current?.querySelector<HTMLElement>(`.cg-head[data-index="${focused}"] .cg-name`);
    if (name && !name.parentElement?.contains(document.activeElement)) name.focus({ preventScroll: true });
  }, [focused, focusedPlace]);
  const focusMoved = (event: FocusEvent<HTMLElement>): void => {
    const to = event.type === "blur" ? event.relatedTarget : event.target;
    const head = host.current?.contains(to) ? to?.closest<HTMLElement>(".cg-head") : null;
    setFocused(head ? Number(head.dataset.index) : null);
  };
  const cell = (column: PlacedColumn, position: number): ReactNode => (
    <HeaderCell
      key={column.index}
      column={column}
      name={columns[column.index]?.name ?? ""}
      type={columns[column.index]?.type ?? ""}
      mark={marks.get(column.index) ?? NO_MARK}
      manyKeys={props.sortKeys > 1}
      inTabOrder={focusedPlace === null ? position === 0 : column.index === focused}
      detail={detail?.(column.index)}
      onSort={props.onSort}
      onMenu={props.onMenu}
      onResize={props.onResize}
      onFit={props.onFit}
      onMove={props.onMove}
      onDrag={drag}
      onStep={step}
    />
  );
  const drop = dropPlace === null ? undefined : layout.columns[dropPlace];
  const pinned = layout.columns.slice(0, layout.pinnedCount);
  const free = layout.columns.slice(start, end);
  const away = focusedPlace === null ? undefined : layout.columns[focusedPlace];
  if (away && !away.pinned && away.place < start) free.unshift(away);
  if (away && !away.pinned && away.place >= end) free.push(away);
  return (
    <div
      className="cg-header"
      ref={host}
      id={props.id}
      role="row"
      aria-rowindex={1}
      onFocus={focusMoved}
      onBlur={focusMoved}
    >
      <div className="cg-track" ref={props.trackRef} role="presentation">
        {free.map((column, i) => cell(column, i + pinned.length))}
        {drop && !drop.pinned && <div className="cg-drop" style={{ left: drop.left }} />}
      </div>
      <div className="cg-pinned" style={{ width: layout.pinnedWidth }} role="presentation">
        <div className="cg-corner" role="columnheader" aria-colindex={1} aria-label="Row" />
        {pinned.map(cell)}
        {drop?.pinned && <div className="cg-drop" style={{ left: drop.left }} />}
      </div>
    </div>
  );
}
