/** The grid as a component: a header of React's, a body of its own (gridView.ts). */
import {
  type ReactNode,
  type Ref,
  useCallback,
  useEffect,
  useId,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from "react";

import type { DataFrame } from "@canvasback/frame/dataFrame";
import { Header, type ColumnMark, type HeaderActions } from "./Header";
import { type Layout, type ShownColumn, layOut } from "./layout";
import { GridView } from "./gridView";
import type { Position, Rectangle, Selection } from "./selection";
import { fitWidth } from "./fit";
import "./grid.css";

export const ROW_HEIGHT = 28;

export interface GridHandle {
  /** Brings a row to the middle and selects its first column in sight. */
  jumpTo(row: number): void;
  focus(): void;
  area(): Rectangle | null;
  rowsInSight(): { first: number; count: number };
}

export interface DataGridProps extends Omit<HeaderActions, "onFit"> {
  label: string;
  frame: DataFrame;
  columns: readonly ShownColumn[];
  marks: ReadonlyMap<number, ColumnMark>;
  sortKeys: number;
  /** Whether the next frame keeps the place of the one before: a sort of the same rows does not. */
  keepPlace?: boolean;
  detail?: (index: number) => ReactNode;
  detailHeight?: number;
  onSelection?: (selection: Selection | null) => void;
  onOpen?: (position: Position) => void;
  onCellMenu?: (position: Position, x: number, y: number) => void;
  onKey?: (event: KeyboardEvent) => boolean;
  onRows?: (first: number, end: number) => void;
  ref?: Ref<GridHandle>;
}

export function DataGrid(props: DataGridProps) {
  const id = useId();
  const host = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const track = useRef<HTMLDivElement | null>(null);
  const view = useRef<GridView | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const scrollLeft = useRef(0);
  const [sight, setSight] = useState<{ layout: Layout; start: number; end: number }>(() => ({
    layout: layOut([], 40),
    start: 0,
    end: 0,
  }));

  useEffect(() => {
    if (!scroller.current) return;
    const made = new GridView(
      scroller.current,
      {
        onColumns: (layout, start, end) => setSight({ layout, start, end }),
        onScrollLeft: (left) => {
          scrollLeft.current = left;
          if (track.current) track.current.style.transform = `translateX(${-left}px)`;
        },
        onSelection: (selection) => latest.current.onSelection?.(selection),
        onOpen: (position) => latest.current.onOpen?.(position),
        onMenu: (position, x, y) => latest.current.onCellMenu?.(position, x, y),
        onKey: (event) => latest.current.onKey?.(event) ?? false,
        onRows: (first, end) => latest.current.onRows?.(first, end),
      },
      { rowHeight: ROW_HEIGHT, id: `cell${id}` },
    );
    view.current = made;
    made.setColumns(latest.current.columns);
    made.setFrame(latest.current.frame, false);
    return () => {
      made.destroy();
      view.current = null;
    };
  }, [id]);

  useEffect(() => view.current?.setColumns(props.columns), [props.columns]);
  useEffect(() => view.current?.setFrame(props.frame, latest.current.keepPlace ?? false), [props.frame]);

  useImperativeHandle(props.ref, () => ({
    jumpTo: (row) => {
      const last = Math.max(0, latest.current.frame.rowCount - 1);
      const place = view.current?.selection?.focus.place ?? 0;
      view.current?.focusCell({ row: Math.max(0, Math.min(last, row)), place }, "middle");
      scroller.current?.focus();
    },
    focus: () => scroller.current?.focus(),
    area: () => view.current?.area() ?? null,
    rowsInSight: () => view.current?.rowsInSight() ?? { first: 0, count: 0 },
  }));

  const setTrack = useCallback((element: HTMLDivElement | null) => {
    track.current = element;
    if (element) element.style.transform = `translateX(${-scrollLeft.current}px)`;
  }, []);
  const { onSort, onMenu, onResize, onMove } = props;
  const onFit = useCallback((index: number) => {
    const { first } = view.current?.rowsInSight() ?? { first: 0 };
    latest.current.onResize(index, fitWidth(latest.current.frame, index, first));
  }, []);
  const reveal = useCallback((place: number) => view.current?.revealColumn(place), []);
  const getScrollLeft = useCallback(() => scrollLeft.current, []);
  const headerId = `head${id}`;
  const { frame } = props;
  const rowCount = frame.rowCount;
  const style = useMemo(
    () => ({ "--cg-head": `${34 + (props.detailHeight ?? 0)}px` }) as React.CSSProperties,
    [props.detailHeight],
  );
  return (
    <div className="cg-grid" ref={host} style={style}>
      <Header
        id={headerId}
        columns={frame.columns}
        layout={sight.layout}
        start={sight.start}
        end={sight.end}
        scrollLeft={getScrollLeft}
        marks={props.marks}
        sortKeys={props.sortKeys}
        detail={props.detail}
        trackRef={setTrack}
        onSort={onSort}
        onMenu={onMenu}
        onResize={onResize}
        onFit={onFit}
        onMove={onMove}
        onReveal={reveal}
      />
      <div
        className="cg-scroller"
        ref={scroller}
        tabIndex={0}
        role="grid"
        aria-label={props.label}
        aria-rowcount={rowCount + 1}
        aria-colcount={props.columns.length + 1}
        aria-owns={headerId}
        aria-multiselectable
      />
    </div>
  );
}
