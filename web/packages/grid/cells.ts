/**
 * The rows in sight as elements that are used again and again: a row that stays in sight keeps its element and its
 * text, one that comes takes the element of one that left, and so does a column. Nothing is written, or even read from
 * the frame, that is there already.
 *
 * All rows stand in a layer of their own that moves as one, so what stays in sight is not painted again. A row without
 * any value yet is put out of sight as it is: the bars of `Strips` below show through where it would be.
 */
import type { DataFrame } from "@canvasback/frame/dataFrame";
import { kindOf } from "@canvasback/values/typeKind";
import { shown } from "@canvasback/values/visibleText";
import type { Layout, PlacedColumn } from "./layout";
import { type Rectangle, isIn, type Position } from "./selection";
import { Strips } from "./strips";
import { TextWidth } from "./textWidth";

const ROW_NUMBER = new Intl.NumberFormat("en");
const PADDING = 22;
/** Each frame takes in at least such a share of a screen of new rows, however slow the machine. */
const FRAMES_MAX = 6;
/** A row that is there waits no longer than this to be taken in: where frames come late, each takes in more. */
const WAIT_MAX_MS = 45;
/** How far the layer of rows is moved before all of them are placed anew: a tall layer is work for the compositor. */
const REACH = 8_000;
/** Just above everything that can be in sight. */
const PARKED_TOP = -60;

/** What a cell looks like, as bits; above them the number of its kind. */
const LOADING = 1;
const NULL = 2;
const EMPTY = 4;
const SELECTED = 8;
const FOCUS = 16;
const LONG = 32;
const KIND = 64;
const LOOKS = [
  [LOADING, " is-loading"],
  [NULL, " is-null"],
  [EMPTY, " is-empty"],
  [SELECTED, " is-selected"],
  [FOCUS, " is-focus"],
  [LONG, " is-long"],
] as const;

interface CellElement {
  element: HTMLDivElement;
  text: Text;
  place: number;
  width: number;
  shownText: string;
  look: number;
}

/** One of the two parts of a row: its number and pinned cells, which stay, and the cells that move sideways. */
interface Part {
  element: HTMLDivElement;
  cells: CellElement[];
  columns: readonly PlacedColumn[];
  /** -1: out of sight. */
  row: number;
  top: number;
  /** All its values are there: nothing to look for until something else changes. */
  whole: boolean;
  generation: number;
  selected: string;
  /** The row that is there and waits to be taken in, since when; -1: none. */
  waiting: number;
  waitingSince: number;
  /** From who does not see the grid. */
  isHidden: boolean;
}

interface RowElement {
  body: Part;
  left: Part;
  gutter: HTMLDivElement;
  gutterText: Text;
}

export interface Sight {
  frame: DataFrame;
  layout: Layout;
  firstRow: number;
  rowCount: number;
  /** Rows to draw, from firstRow. */
  rows: number;
  rowHeight: number;
  /** Pixels from the first of all rows to the upper edge; whole. */
  offset: number;
  height: number;
  start: number;
  end: number;
  scrollLeft: number;
  area: Rectangle | null;
  focus: Position | null;
}

function make(className: string, role: string): HTMLDivElement {
  const element = document.createElement("div");
  element.className = className;
  element.setAttribute("role", role);
  return element;
}

function makePart(element: HTMLDivElement): Part {
  return {
    element,
    cells: [],
    columns: [],
    row: -1,
    top: NaN,
    whole: false,
    generation: -1,
    selected: "",
    waiting: -1,
    waitingSince: 0,
    isHidden: false,
  };
}

/** What of a row is selected, as a key; empty where nothing is. */
function selectedOf(row: number, { area, focus }: Sight): string {
  if (!area || row < area.rowStart || row >= area.rowEnd) return "";
  return `${area.placeStart} ${area.placeEnd} ${focus?.row === row ? focus.place : ""}`;
}

export class Cells {
  private readonly bodyHost = make("cg-rows", "presentation");
  private readonly leftPane = make("cg-left", "presentation");
  private readonly leftHost = make("cg-rows", "presentation");
  private readonly strips: Strips;
  private readonly id: string;
  private readonly kinds = new Map<string, number>();
  private readonly kindNames: string[] = [];
  private readonly classNames: string[] = [];
  private readonly textWidth: TextWidth;
  private readonly monoWidth: TextWidth;
  private rows: RowElement[] = [];
  private frame: DataFrame | null = null;
  private epoch = 0;
  private generation = 0;
  private layout: Layout | null = null;
  private free: readonly PlacedColumn[] = [];
  private pinned: readonly PlacedColumn[] = [];
  private hostsMoved = "";
  private base = 0;
  private cellsLeft = 0;
  private now = 0;
  /** Cells of rows that were taken up in the last draw. */
  filledCount = 0;
  /** Cells in sight without their value, at the last draw. */
  blankCount = 0;
  /** Rows that are there were left for the next frame. */
  behind = false;

  constructor(layer: HTMLElement, id: string) {
    this.id = id;
    this.leftPane.append(this.leftHost);
    layer.append(this.bodyHost, this.leftPane);
    this.strips = new Strips(this.bodyHost);
    const style = getComputedStyle(layer);
    this.textWidth = new TextWidth(`13px ${style.fontFamily}`);
    this.monoWidth = new TextWidth(`12px ${style.getPropertyValue("--cb-mono") || "monospace"}`);
  }

  /**
   * Draws what is in sight at `now` (ms); of rows that are new no more than fit into `cellsAFrame`, or a share of the
   * screen, and those that have waited long enough.
   */
  draw(sight: Sight, cellsAFrame: number, now: number): void {
    this.now = now;
    this.resize(sight.rows);
    this.arrange(sight);
    this.move(sight);
    this.blankCount = 0;
    this.behind = false;
    this.filledCount = 0;
    const count = this.rows.length;
    this.cellsLeft = Math.max(cellsAFrame, Math.ceil((count * this.free.length) / FRAMES_MAX));
    for (let i = 0; i < count; ++i) {
      const row = sight.firstRow + i;
      const element = this.rows[row % count];
      if (!element) continue;
      this.drawLeft(element, row, sight);
      this.drawBody(element.body, row, sight);
    }
    const end = sight.rowCount * sight.rowHeight - sight.offset;
    this.strips.draw(this.free, {
      left: (this.free[0]?.left ?? 0) - sight.scrollLeft,
      cut: sight.offset - sight.firstRow * sight.rowHeight,
      height: Math.max(0, Math.min(sight.height, end)),
      loading: this.blankCount > 0,
    });
  }

  /** The columns of the last draw: those in sight, and perhaps one beside them. */
  get columns(): readonly PlacedColumn[] {
    return [...this.pinned, ...this.free];
  }

  /** The element of a cell in sight, for aria-activedescendant. */
  idOf(row: number, place: number): string | null {
    const element = this.rows[row % Math.max(1, this.rows.length)];
    if (!element) return null;
    for (const { row: shownRow, cells } of [element.body, element.left]) {
      const found = shownRow === row ? cells.find((cell) => cell.place === place) : undefined;
      if (found) return found.element.id;
    }
    return null;
  }

  private resize(count: number): void {
    if (this.rows.length === count) return;
    // Which element a row has depends on their number: all of them are drawn anew.
    while (this.rows.length > count) {
      const row = this.rows.pop();
      row?.body.element.remove();
      row?.left.element.remove();
    }
    while (this.rows.length < count) this.rows.push(this.makeRow());
    this.generation += 1;
  }

  private makeRow(): RowElement {
    const body = make("cg-row", "row");
    const left = make("cg-row-left", "presentation");
    // A row's number is its aria-rowindex: who hears the page needs no second one.
    const gutter = make("cg-gutter", "presentation");
    gutter.setAttribute("aria-hidden", "true");
    const gutterText = document.createTextNode("");
    gutter.append(gutterText);
    left.append(gutter);
    this.bodyHost.append(body);
    this.leftHost.append(left);
    return { body: makePart(body), left: makePart(left), gutter, gutterText };
  }

  /** The columns in sight, and as many as ever were: a cell that leaves one side comes to the other. */
  private arrange({ frame, layout, start, end }: Sight): void {
    if (frame !== this.frame || frame.epoch !== this.epoch) {
      this.frame = frame;
      this.epoch = frame.epoch;
      this.generation += 1;
    }
    const { columns, pinnedCount } = layout;
    const changed = layout !== this.layout;
    const count = Math.min(changed ? 0 : this.free.length, columns.length - pinnedCount);
    const from = Math.min(start, Math.max(pinnedCount, columns.length - count));
    const to = Math.max(end, Math.min(columns.length, from + count));
    if (changed || this.free[0]?.place !== from || this.free.length !== to - from) {
      this.free = columns.slice(from, to);
      const width = this.free.reduce((sum, column) => sum + column.width, 0);
      this.bodyHost.style.width = `${width}px`;
    }
    if (!changed) return;
    this.layout = layout;
    this.pinned = columns.slice(0, pinnedCount);
    this.leftPane.style.width = `${layout.pinnedWidth}px`;
    this.leftPane.classList.toggle("has-pinned", pinnedCount > 0);
  }

  private move({ offset, firstRow, rowHeight, scrollLeft }: Sight): void {
    if (offset < this.base || offset > this.base + REACH) {
      this.base = Math.max(0, firstRow * rowHeight - REACH / 2);
    }
    const down = this.base - offset;
    const right = (this.free[0]?.left ?? 0) - scrollLeft;
    const moved = `translate(${right}px, ${down}px)`;
    if (moved === this.hostsMoved) return;
    this.hostsMoved = moved;
    this.bodyHost.style.transform = moved;
    this.leftHost.style.transform = `translateY(${down}px)`;
  }

  private drawLeft({ left, body, gutter, gutterText }: RowElement, row: number, sight: Sight): void {
    if (row >= sight.rowCount) return this.park(left, "cg-row-left");
    if (left.row !== row) {
      left.element.className = "cg-row-left";
      left.element.dataset.row = String(row);
      gutterText.data = ROW_NUMBER.format(row + 1);
    }
    const { selected } = left;
    const cellsBefore = left.cells.length;
    this.show(left, row, sight, this.pinned);
    if (selected !== left.selected) {
      gutter.className = left.selected === "" ? "cg-gutter" : "cg-gutter is-selected";
    }
    if (cellsBefore !== left.cells.length) {
      const ids = [gutter, ...left.cells.map((cell) => cell.element)].map(({ id }) => id);
      body.element.setAttribute("aria-owns", ids.join(" "));
    }
  }

  private drawBody(part: Part, row: number, sight: Sight): void {
    if (row >= sight.rowCount) {
      // A row past the end is none for whoever does not see the grid; a grid without any row yet keeps them.
      this.hide(part, sight.rowCount > 0);
      return this.park(part, "cg-row is-absent");
    }
    if (part.row !== row || part.generation !== this.generation) {
      const there = this.free.some((column) => sight.frame.getCell(row, column.index) !== undefined);
      if (!there || (this.cellsLeft <= 0 && !this.hasWaited(part, row))) {
        if (!there) part.waiting = -1;
        this.behind ||= there;
        this.blankCount += Math.max(1, this.free.length);
        return this.park(part, "cg-row is-waiting");
      }
      part.waiting = -1;
      this.cellsLeft -= this.free.length;
      this.filledCount += this.free.length;
      this.hide(part, false);
      part.element.className = "cg-row";
      part.element.setAttribute("aria-rowindex", String(row + 2));
    }
    this.show(part, row, sight, this.free);
  }

  private hasWaited(part: Part, row: number): boolean {
    if (part.waiting === row) return this.now - part.waitingSince >= WAIT_MAX_MS;
    part.waiting = row;
    part.waitingSince = this.now;
    return false;
  }

  /** Out of sight as it is: hiding its cells would cost the style of each. */
  private park(part: Part, className: string): void {
    if (part.row !== -1) part.element.removeAttribute("aria-rowindex");
    if (part.row !== -1 || part.element.className !== className) part.element.className = className;
    part.row = -1;
    this.put(part, PARKED_TOP);
  }

  private hide(part: Part, isHidden: boolean): void {
    if (part.isHidden === isHidden) return;
    part.isHidden = isHidden;
    part.element.ariaHidden = isHidden ? "true" : null;
  }

  private put(part: Part, top: number): void {
    if (part.top === top) return;
    part.top = top;
    // Not `top`: moved like this nothing is laid out anew, and what comes into sight is no shift of the layout.
    part.element.style.transform = `translateY(${top}px)`;
  }

  private show(part: Part, row: number, sight: Sight, columns: readonly PlacedColumn[]): void {
    this.put(part, row * sight.rowHeight - this.base);
    const selected = selectedOf(row, sight);
    const same = part.row === row && part.generation === this.generation && part.columns === columns;
    if (same && part.whole && part.selected === selected) return;
    if (part.columns !== columns) this.rotate(part, columns);
    part.row = row;
    part.generation = this.generation;
    part.selected = selected;
    part.whole = true;
    for (let i = 0; i < columns.length; ++i) {
      const [cell, column] = [part.cells[i], columns[i]];
      if (!cell || !column || this.fill(cell, row, column, sight)) continue;
      part.whole = false;
      this.blankCount += 1;
    }
  }

  /** Gives a part these columns; a cell whose column stays keeps it, one whose column left goes to the other side. */
  private rotate(part: Part, columns: readonly PlacedColumn[]): void {
    part.columns = columns;
    const { cells, element } = part;
    while (cells.length > columns.length) cells.pop()?.element.remove();
    const shift = (columns[0]?.place ?? 0) - (cells[0]?.place ?? 0);
    if (Math.abs(shift) < cells.length) {
      for (let i = 0; i < shift; ++i) {
        const cell = cells.shift();
        if (cell) cells.push(cell);
        if (cell) element.append(cell.element);
      }
      for (let i = 0; i < -shift; ++i) {
        const [first, last] = [cells[0], cells.pop()];
        if (last) cells.unshift(last);
        if (first && last) element.insertBefore(last.element, first.element);
      }
    }
    while (cells.length < columns.length) cells.push(this.makeCell(element));
    columns.forEach((column, i) => {
      const cell = cells[i];
      if (!cell) return;
      if (cell.width !== column.width) {
        cell.width = column.width;
        cell.element.style.width = `${column.width}px`;
      }
      if (cell.place !== column.place) {
        cell.place = column.place;
        cell.element.setAttribute("aria-colindex", String(column.place + 2));
      }
    });
  }

  private cellsMade = 0;

  private makeCell(host: HTMLElement): CellElement {
    const element = make("cg-cell", "gridcell");
    element.id = `${this.id}-${this.cellsMade++}`;
    const text = document.createTextNode("");
    element.append(text);
    host.append(element);
    return { element, text, place: -1, width: NaN, shownText: "", look: -1 };
  }

  /** Writes a cell; whether its value is there. */
  private fill(cell: CellElement, row: number, column: PlacedColumn, sight: Sight): boolean {
    const value = sight.frame.getCell(row, column.index);
    const text = value === undefined || value === "" ? "" : value === null ? "NULL" : shown(value);
    const kind = this.kind(sight.frame.columns[column.index]?.type ?? "");
    let look = kind * KIND;
    if (value === undefined) look += LOADING;
    else if (value === null) look += NULL;
    else if (value === "") look += EMPTY;
    else {
      const mono = this.kindNames[kind] === "nested" || this.kindNames[kind] === "binary";
      // To cut a text off takes the browser longer than to paint it: only where it may be too long.
      if (!(mono ? this.monoWidth : this.textWidth).fits(text, column.width - PADDING)) look += LONG;
    }
    if (sight.area && isIn(sight.area, row, column.place)) {
      look += SELECTED;
      if (sight.focus?.row === row && sight.focus.place === column.place) look += FOCUS;
    }
    if (cell.look !== look) {
      cell.look = look;
      cell.element.className = this.className(look);
    }
    if (cell.shownText !== text) cell.text.data = cell.shownText = text;
    return value !== undefined;
  }

  private kind(type: string): number {
    let kind = this.kinds.get(type);
    if (kind === undefined) {
      const name = kindOf(type);
      kind = this.kindNames.indexOf(name);
      if (kind < 0) kind = this.kindNames.push(name) - 1;
      this.kinds.set(type, kind);
    }
    return kind;
  }

  private className(look: number): string {
    this.classNames[look] ??=
      `cg-cell is-${this.kindNames[Math.floor(look / KIND)] ?? ""}` +
      LOOKS.map(([bit, name]) => ((look & bit) > 0 ? name : "")).join("");
    return this.classNames[look] ?? "";
  }
}
