/**
 * The body of the grid without React: scrolling, drawing, selection, keys. Draws at most once a frame, straight to the
 * elements, because a frame has 16 ms for everything and reconciling 500 cells would take most of it.
 *
 * The rows do not scroll natively: they stand in a sticky layer over a tall empty element, and a scroll event redraws
 * them. So the browser never shows a blank stretch before the rows are drawn.
 */
import type { CellRange, DataFrame } from "@canvasback/frame/dataFrame";
import { Cells } from "./cells";
import { type Layout, columnsInSight, gutterWidth, layOut, type ShownColumn } from "./layout";
import { Pace } from "./pace";
import { ScrollScale, offsetAfterScroll } from "./scrollScale";
import { type Position, type Rectangle, type Selection, clipped, rectangle, selectionAfter } from "./selection";

export interface GridEvents {
  /** Columns in sight changed, or how far they are scrolled: the header follows. */
  onColumns(layout: Layout, start: number, end: number): void;
  onScrollLeft(scrollLeft: number): void;
  onSelection(selection: Selection | null): void;
  /** Enter, double click: somebody wants the whole value. */
  onOpen(position: Position): void;
  onMenu(position: Position, x: number, y: number): void;
  /** Keys that are none of the grid's movements; true when handled. */
  onKey(event: KeyboardEvent): boolean;
  /** Rows in sight, for the status line. */
  onRows(first: number, last: number): void;
}

type RowRange = Pick<CellRange, "rowStart" | "rowEnd">;

interface Fetching {
  controller: AbortController;
  range: RowRange;
}

export interface GridOptions {
  rowHeight: number;
  id: string;
}

const REST_MS = 160;
const DRAG_SCROLL_ZONE = 28;

export class GridView {
  private readonly scroller: HTMLElement;
  private readonly spacer: HTMLElement;
  private readonly layer: HTMLElement;
  private readonly events: GridEvents;
  private readonly options: GridOptions;
  private readonly cells: Cells;
  private readonly pace = new Pace();
  private readonly resizer: ResizeObserver;
  private readonly listening = new AbortController();
  private frame: DataFrame | null = null;
  private unsubscribe: () => void = () => undefined;
  private shown: readonly ShownColumn[] = [];
  private layout: Layout = layOut([], 40);
  private scale = new ScrollScale(0, 0);
  private offset = 0;
  private physical = 0;
  private scrollLeft = 0;
  private width = 0;
  private height = 0;
  private scheduled = 0;
  private restTimer: ReturnType<typeof setTimeout> | undefined;
  private fetching: Fetching | null = null;
  private sightKey = "";
  private active: string | null = null;
  private dragging = false;
  private dragPoint = { x: 0, y: 0 };
  selection: Selection | null = null;

  constructor(scroller: HTMLElement, events: GridEvents, options: GridOptions) {
    this.scroller = scroller;
    this.events = events;
    this.options = options;
    this.spacer = document.createElement("div");
    this.spacer.className = "cg-spacer";
    this.layer = document.createElement("div");
    this.layer.className = "cg-layer";
    // Both are for the eye's sake only: between the grid and its rows stands nothing.
    this.spacer.setAttribute("role", "presentation");
    this.layer.setAttribute("role", "presentation");
    this.spacer.append(this.layer);
    scroller.append(this.spacer);
    this.cells = new Cells(this.layer, options.id);
    this.resizer = new ResizeObserver(() => this.measure());
    this.resizer.observe(scroller);
    this.listen();
    this.measure();
  }

  destroy(): void {
    this.listening.abort();
    this.resizer.disconnect();
    this.unsubscribe();
    this.fetching?.controller.abort();
    cancelAnimationFrame(this.scheduled);
    clearTimeout(this.restTimer);
    this.pace.close();
    this.spacer.remove();
  }

  /** Another frame under the same rows: where it has the same rows, the place is kept. */
  setFrame(frame: DataFrame, keepPlace: boolean): void {
    if (frame === this.frame) return;
    this.unsubscribe();
    this.frame = frame;
    this.fetching?.controller.abort();
    this.fetching = null;
    this.passing = null;
    this.unsubscribe = frame.subscribe(() => this.frameChanged());
    if (!keepPlace) {
      this.offset = 0;
      // The keyboard goes on in its column.
      const place = this.selection?.focus.place;
      this.select(place === undefined ? null : { anchor: { row: 0, place }, focus: { row: 0, place } });
    }
    this.frameChanged();
  }

  setColumns(columns: readonly ShownColumn[]): void {
    this.shown = columns;
    this.relayout();
  }

  select(selection: Selection | null): void {
    this.selection = selection;
    this.events.onSelection(selection);
    this.schedule();
  }

  area(): Rectangle | null {
    return this.selection ? rectangle(this.selection) : null;
  }

  /** The first row in sight and how many fit. */
  rowsInSight(): { first: number; count: number } {
    const { rowHeight } = this.options;
    return { first: Math.floor(this.offset / rowHeight), count: Math.max(1, Math.floor(this.height / rowHeight)) };
  }

  focusCell(position: Position, reveal: "near" | "middle" = "near"): void {
    this.select({ anchor: position, focus: position });
    this.reveal(position, reveal);
  }

  /** Scrolls as little as possible until a cell is in sight, or brings its row to the middle. */
  reveal({ row, place }: Position, how: "near" | "middle" = "near"): void {
    const { rowHeight } = this.options;
    const top = row * rowHeight;
    const below = top + rowHeight - this.height;
    const inSight = top >= this.offset && below <= this.offset;
    if (how === "middle" && !inSight) this.moveTo(top - (this.height - rowHeight) / 2);
    else if (top < this.offset) this.moveTo(top);
    else if (below > this.offset) this.moveTo(below);
    this.revealColumn(place);
  }

  /** Scrolls sideways as little as possible until a column is in sight. */
  revealColumn(place: number): void {
    const column = this.layout.columns[place];
    if (!column || column.pinned) return;
    const { pinnedWidth } = this.layout;
    if (column.left - pinnedWidth < this.scrollLeft) this.scroller.scrollLeft = column.left - pinnedWidth;
    else if (column.left + column.width > this.scrollLeft + this.width) {
      this.scroller.scrollLeft = Math.min(column.left + column.width - this.width, column.left - pinnedWidth);
    }
  }

  private listen(): void {
    const on = <K extends keyof HTMLElementEventMap>(
      type: K,
      handler: (event: HTMLElementEventMap[K]) => void,
      passive = true,
    ): void => this.scroller.addEventListener(type, handler, { signal: this.listening.signal, passive });
    on("scroll", () => this.scrolled());
    on("wheel", (event) => this.wheel(event), false);
    on("keydown", (event) => this.key(event), false);
    on("pointerdown", (event) => this.pointerDown(event));
    on("pointermove", (event) => this.pointerMove(event));
    on("pointerup", () => this.pointerUp());
    on("pointercancel", () => this.pointerUp());
    on("dblclick", (event) => {
      const position = this.positionAt(event.clientX, event.clientY);
      if (position) this.events.onOpen(position);
    });
    on("contextmenu", (event) => this.menu(event), false);
    on("focus", () => {
      if (!this.selection && this.rowCount > 0 && this.layout.columns.length > 0) {
        const at = { row: this.rowsInSight().first, place: 0 };
        this.select({ anchor: at, focus: at });
      }
    });
  }

  private get rowCount(): number {
    return this.frame?.rowCount ?? 0;
  }

  private measure(): void {
    const { width } = this;
    this.width = this.scroller.clientWidth;
    this.height = this.scroller.clientHeight;
    this.layer.style.width = `${this.width}px`;
    this.layer.style.height = `${this.height}px`;
    if (width !== this.width) this.relayout();
    this.rescale();
    this.sightKey = "";
    this.schedule();
  }

  private frameChanged(): void {
    const gutter = gutterWidth(this.rowCount);
    if (gutter !== this.gutter) this.relayout();
    this.rescale();
    this.clipSelection();
    this.schedule();
  }

  /** Rows or columns that are gone cannot be selected any longer. */
  private clipSelection(): void {
    if (!this.selection || !this.frame?.rowCountExact || this.layout.columns.length === 0) return;
    const next = clipped(this.selection, this.rowCount, this.layout.columns.length);
    if (next !== this.selection) this.select(next);
  }

  private gutter = 40;

  private relayout(): void {
    this.gutter = gutterWidth(this.rowCount);
    this.layout = layOut(this.shown, this.gutter, this.width || Infinity);
    this.layer.style.setProperty("--cg-gutter", `${this.gutter}px`);
    this.spacer.style.width = `${this.layout.totalWidth}px`;
    this.clipSelection();
    this.sightKey = "";
    this.schedule();
  }

  private rescale(): void {
    const total = this.rowCount * this.options.rowHeight;
    if (total === this.scale.total && this.height === this.scale.viewport) return;
    this.scale = new ScrollScale(total, this.height);
    this.spacer.style.height = `${this.scale.physicalHeight}px`;
    this.moveTo(this.offset);
  }

  /** Goes to an offset and puts the scroll bar where it belongs. */
  private moveTo(offset: number): void {
    this.offset = this.scale.clamp(offset);
    this.settle();
    this.schedule();
  }

  private settle(): void {
    this.scroller.scrollTop = this.scale.toPhysical(this.offset);
    // Browsers round: what is read back is what the next event is measured from.
    this.physical = this.scroller.scrollTop;
  }

  private scrolled(): void {
    const { scrollTop, scrollLeft } = this.scroller;
    if (scrollLeft !== this.scrollLeft) {
      this.scrollLeft = scrollLeft;
      this.events.onScrollLeft(scrollLeft);
    }
    if (scrollTop !== this.physical) {
      this.offset = offsetAfterScroll(this.scale, this.offset, this.physical, scrollTop);
      this.physical = scrollTop;
      if (this.scale.scaled) {
        clearTimeout(this.restTimer);
        this.restTimer = setTimeout(() => this.settle(), REST_MS);
      }
    }
    this.schedule();
  }

  private wheel(event: WheelEvent): void {
    // Where the scroll bar is stretched, a notch would be thousands of rows: it is taken by its pixels instead.
    if (!this.scale.scaled || event.ctrlKey || event.shiftKey || event.deltaY === 0) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? this.options.rowHeight : event.deltaMode === 2 ? this.height : 1;
    if (event.deltaX !== 0) this.scroller.scrollLeft += event.deltaX * unit;
    this.moveTo(this.offset + event.deltaY * unit);
  }

  private key(event: KeyboardEvent): void {
    if (event.target !== this.scroller) return;
    const key = { key: event.key, ctrl: event.ctrlKey || event.metaKey, shift: event.shiftKey };
    const { count } = this.rowsInSight();
    const bounds = { rows: this.rowCount, places: this.layout.columns.length, page: Math.max(1, count - 1) };
    const start = { row: this.rowsInSight().first, place: 0 };
    const selection = this.selection ?? { anchor: start, focus: start };
    const next = event.altKey ? null : selectionAfter(selection, key, bounds);
    if (next) {
      event.preventDefault();
      this.select(next);
      this.reveal(next.focus);
    } else if (key.ctrl && event.key.toLowerCase() === "a" && bounds.rows > 0) {
      event.preventDefault();
      const last = { row: bounds.rows - 1, place: bounds.places - 1 };
      this.select({ anchor: { row: 0, place: 0 }, focus: last });
    } else if ((event.key === "Enter" || event.key === " ") && this.selection) {
      event.preventDefault();
      this.events.onOpen(this.selection.focus);
    } else if ((event.key === "ContextMenu" || (event.shiftKey && event.key === "F10")) && this.selection) {
      event.preventDefault();
      const point = this.pointOf(this.selection.focus);
      this.events.onMenu(this.selection.focus, point.x, point.y);
    } else if (this.events.onKey(event)) event.preventDefault();
  }

  private pointOf({ row, place }: Position): { x: number; y: number } {
    const box = this.scroller.getBoundingClientRect();
    const column = this.layout.columns[place];
    const left = (column?.left ?? 0) - (column?.pinned ? 0 : this.scrollLeft);
    return { x: box.left + left + 12, y: box.top + (row + 1) * this.options.rowHeight - this.offset };
  }

  private positionAt(clientX: number, clientY: number): Position | null {
    const box = this.scroller.getBoundingClientRect();
    const x = Math.max(0, Math.min(this.width - 1, clientX - box.left));
    const y = Math.max(0, Math.min(this.height - 1, clientY - box.top));
    const row = Math.floor((this.offset + y) / this.options.rowHeight);
    if (row >= this.rowCount && this.rowCount === 0) return null;
    const { columns, pinnedWidth } = this.layout;
    const within = (left: number): ((column: (typeof columns)[number]) => boolean) => {
      return (column) => left >= column.left && left < column.left + column.width;
    };
    const column =
      x < pinnedWidth
        ? (columns.find((each) => each.pinned && within(x)(each)) ?? columns[0])
        : (columns.find((each) => !each.pinned && within(x + this.scrollLeft)(each)) ?? columns.at(-1));
    if (!column) return null;
    return { row: Math.min(row, this.rowCount - 1), place: column.place };
  }

  private overBars(event: MouseEvent): boolean {
    const box = this.scroller.getBoundingClientRect();
    return event.clientX - box.left >= this.width || event.clientY - box.top >= this.height;
  }

  private pointerDown(event: PointerEvent): void {
    if (event.button !== 0 || event.pointerType === "touch" || this.overBars(event)) return this.touchDown(event);
    const position = this.positionAt(event.clientX, event.clientY);
    if (!position) return;
    const box = this.scroller.getBoundingClientRect();
    if (event.clientX - box.left < this.gutter) {
      const last = { row: position.row, place: this.layout.columns.length - 1 };
      const anchor =
        event.shiftKey && this.selection ? { ...this.selection.anchor, place: 0 } : { ...position, place: 0 };
      this.select({ anchor, focus: last });
      return;
    }
    this.dragging = true;
    this.scroller.setPointerCapture(event.pointerId);
    this.dragPoint = { x: event.clientX, y: event.clientY };
    const anchor = event.shiftKey && this.selection ? this.selection.anchor : position;
    this.select({ anchor, focus: position });
  }

  private touchDown(event: PointerEvent): void {
    if (event.pointerType !== "touch") return;
    const start = { x: event.clientX, y: event.clientY };
    const done = new AbortController();
    const end = (up: PointerEvent): void => {
      done.abort();
      if (Math.hypot(up.clientX - start.x, up.clientY - start.y) > 8) return;
      const position = this.positionAt(up.clientX, up.clientY);
      if (position) this.select({ anchor: position, focus: position });
    };
    this.scroller.addEventListener("pointerup", end, { signal: done.signal });
    this.scroller.addEventListener("pointercancel", () => done.abort(), { signal: done.signal });
  }

  private pointerMove(event: PointerEvent): void {
    if (!this.dragging) return;
    this.dragPoint = { x: event.clientX, y: event.clientY };
    this.extendToPoint();
  }

  private pointerUp(): void {
    this.dragging = false;
  }

  private extendToPoint(): void {
    const position = this.positionAt(this.dragPoint.x, this.dragPoint.y);
    const { selection } = this;
    if (!position || !selection) return;
    if (position.row !== selection.focus.row || position.place !== selection.focus.place) {
      this.select({ anchor: selection.anchor, focus: position });
    }
    this.schedule();
  }

  /** While a selection is dragged beyond an edge, the rows follow. */
  private dragScroll(): void {
    const box = this.scroller.getBoundingClientRect();
    const beyond = (value: number, low: number, high: number): number => {
      if (value < low + DRAG_SCROLL_ZONE) return value - low - DRAG_SCROLL_ZONE;
      return value > high - DRAG_SCROLL_ZONE ? value - high + DRAG_SCROLL_ZONE : 0;
    };
    const down = beyond(this.dragPoint.y, box.top, box.top + this.height);
    const right = beyond(this.dragPoint.x, box.left + this.layout.pinnedWidth, box.left + this.width);
    if (down !== 0) this.moveTo(this.offset + down);
    if (right !== 0) this.scroller.scrollLeft += right;
    if (down !== 0 || right !== 0) this.extendToPoint();
  }

  private menu(event: MouseEvent): void {
    const position = this.positionAt(event.clientX, event.clientY);
    if (!position || this.overBars(event)) return;
    event.preventDefault();
    const area = this.area();
    const inside = area && position.row >= area.rowStart && position.row < area.rowEnd;
    if (!inside || position.place < area.placeStart || position.place >= area.placeEnd) {
      this.select({ anchor: position, focus: position });
    }
    this.events.onMenu(position, event.clientX, event.clientY);
  }

  private schedule(): void {
    if (this.scheduled === 0) this.scheduled = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    const begun = performance.now();
    this.scheduled = 0;
    const { frame, layout } = this;
    if (!frame || this.height === 0) return;
    if (this.dragging) this.dragScroll();
    const { rowHeight } = this.options;
    // Text between two pixels is blurred.
    const offset = Math.round(this.offset);
    const firstRow = Math.floor(offset / rowHeight);
    const rows = Math.ceil(this.height / rowHeight) + 1;
    const { start, end } = columnsInSight(layout, this.scrollLeft, this.width);
    const sight = {
      frame,
      layout,
      firstRow,
      rows,
      rowCount: this.rowCount,
      rowHeight,
      offset,
      height: this.height,
      start,
      end,
      scrollLeft: this.scrollLeft,
      area: this.area(),
      focus: this.selection?.focus ?? null,
    };
    this.cells.draw(sight, this.pace.cellsAFrame, begun);
    this.tell(firstRow, Math.min(firstRow + rows, this.rowCount), start, end);
    if (this.cells.behind) this.schedule();
    this.pace.filled(this.cells.filledCount, begun);
  }

  private tell(firstRow: number, endRow: number, start: number, end: number): void {
    const { layout } = this;
    const { focus } = this.selection ?? {};
    const active = focus ? this.cells.idOf(focus.row, focus.place) : null;
    if (active !== this.active) {
      this.active = active;
      if (active) this.scroller.setAttribute("aria-activedescendant", active);
      else this.scroller.removeAttribute("aria-activedescendant");
    }
    const key = `${start} ${end} ${layout.totalWidth}`;
    if (key !== this.sightKey) {
      this.sightKey = key;
      this.events.onColumns(layout, start, end);
    }
    this.events.onRows(firstRow, endRow);
    this.fetch(firstRow, endRow);
  }

  private fetch(rowStart: number, rowEnd: number): void {
    const { frame } = this;
    const columns = this.cells.columns.map((column) => column.index);
    const key = `${rowStart} ${rowEnd} ${columns.join()}`;
    // Blank cells that nobody is fetching (the rows were thrown away, a fetch failed) are asked for again.
    const again = this.cells.blankCount > 0 && this.fetching === null;
    if (!frame || rowEnd <= rowStart || (!again && this.lastFetch === key && this.fetched === frame)) return;
    this.lastFetch = key;
    this.fetched = frame;
    const range = { rowStart, rowEnd };
    if (this.isPassing(range)) return;
    const controller = new AbortController();
    const before = this.fetching;
    const now = { controller, range };
    this.fetching = now;
    frame.fetch({ rowStart, rowEnd, columns }, controller.signal).then(
      () => this.fetchEnded(now, 0),
      // What went wrong is the frame's to tell; the next try waits a little.
      () => this.fetchEnded(now, 500),
    );
    // Only now: what both ranges share goes on.
    before?.controller.abort();
  }

  /**
   * Whether a range is passed by rather than looked at: the one before, which has no row of it, is still on its way, as
   * when the thumb of the scroll bar is dragged. That one is given up, and this one asked for only if it is still there
   * in the next frame: the server is then free for the range at which the thumb comes to rest.
   */
  private isPassing(range: RowRange): boolean {
    const before = this.passing ?? this.fetching?.range;
    this.passing = null;
    if (!before || (range.rowStart < before.rowEnd && range.rowEnd > before.rowStart)) return false;
    this.fetching?.controller.abort();
    this.fetching = null;
    this.lastFetch = "";
    this.passing = range;
    this.schedule();
    return true;
  }

  private passing: RowRange | null = null;
  private lastFetch = "";
  private fetched: DataFrame | null = null;

  private fetchEnded(fetch: Fetching, pauseMs: number): void {
    if (this.fetching !== fetch) return;
    if (pauseMs === 0) this.fetching = null;
    else
      setTimeout(() => {
        if (this.fetching === fetch) this.fetching = null;
        this.schedule();
      }, pauseMs);
    this.schedule();
  }
}
