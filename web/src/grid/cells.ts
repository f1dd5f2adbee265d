/**
 * The rows in sight as elements that are used again and again: a row that stays in sight keeps its element and its
 * text, one that comes takes the element of one that left. Nothing is written that is there already.
 */
import type { DataFrame } from "./dataFrame";
import { type Layout, type PlacedColumn, kindOf } from "./layout";
import { type Rectangle, isIn, type Position } from "./selection";

/** Longer texts are cut in the grid; the viewer has them whole. */
const TEXT_SHOWN_MAX = 280;
const ROW_NUMBER = new Intl.NumberFormat("en");
const CONTROL = /[\u0000-\u001f\u007f\u2028\u2029]/g;

interface CellElement {
  element: HTMLDivElement;
  text: Text;
  place: number;
  pinned: boolean;
  shownText: string;
  shownClass: string;
  left: number;
  width: number;
}

interface RowElement {
  element: HTMLDivElement;
  gutter: HTMLDivElement;
  gutterText: Text;
  cells: CellElement[];
  row: number;
  exists: boolean;
  top: number;
  gutterClass: string;
}

export interface Sight {
  frame: DataFrame;
  layout: Layout;
  firstRow: number;
  rowCount: number;
  /** Rows to draw, from firstRow. */
  rows: number;
  rowHeight: number;
  /** Pixels of the first row that are out of sight. */
  cut: number;
  start: number;
  end: number;
  scrollLeft: number;
  area: Rectangle | null;
  focus: Position | null;
}

const visibleControl = (found: string): string => {
  const code = found.charCodeAt(0);
  if (code === 10) return "↵";
  if (code === 9) return "⇥";
  return code < 32 ? String.fromCharCode(0x2400 + code) : "␡";
};

/** What a cell shows of a value: one line, not too long. */
export function shown(value: string): string {
  const text = value.length > TEXT_SHOWN_MAX ? `${value.slice(0, TEXT_SHOWN_MAX)}…` : value;
  return text.replace(CONTROL, visibleControl);
}

function setClass(cell: CellElement, name: string): void {
  if (cell.shownClass === name) return;
  cell.shownClass = name;
  cell.element.className = name;
}

function setText(cell: CellElement, text: string): void {
  if (cell.shownText === text) return;
  cell.shownText = text;
  cell.text.data = text;
}

export class Cells {
  private readonly host: HTMLElement;
  private readonly id: string;
  private rows: RowElement[] = [];
  private readonly kindClass = new Map<string, string>();
  /** Cells drawn without their value, at the last draw. */
  blankCount = 0;

  constructor(host: HTMLElement, id: string) {
    this.host = host;
    this.id = id;
  }

  draw(sight: Sight): void {
    this.resize(sight.rows);
    this.blankCount = 0;
    const count = this.rows.length;
    const places = this.places(sight);
    for (let i = 0; i < count; ++i) {
      const row = sight.firstRow + i;
      const element = this.rows[row % count];
      if (element) this.drawRow(element, row, i * sight.rowHeight - sight.cut, sight, places);
    }
  }

  /** The element of a cell in sight, for aria-activedescendant. */
  idOf(row: number, place: number): string | null {
    const element = this.rows[row % Math.max(1, this.rows.length)];
    if (!element || element.row !== row) return null;
    return element.cells.find((cell) => cell.place === place)?.element.id ?? null;
  }

  private places({ layout, start, end }: Sight): PlacedColumn[] {
    return [...layout.columns.slice(0, layout.pinnedCount), ...layout.columns.slice(start, end)];
  }

  private resize(count: number): void {
    if (this.rows.length === count) return;
    // Which element a row has depends on their number: all of them are drawn anew.
    while (this.rows.length > count) this.rows.pop()?.element.remove();
    while (this.rows.length < count) this.rows.push(this.makeRow());
    for (const row of this.rows) row.row = -1;
  }

  private makeRow(): RowElement {
    const element = document.createElement("div");
    element.className = "cg-row";
    element.setAttribute("role", "row");
    const gutter = document.createElement("div");
    gutter.className = "cg-gutter";
    gutter.setAttribute("role", "rowheader");
    gutter.setAttribute("aria-colindex", "1");
    const gutterText = document.createTextNode("");
    gutter.append(gutterText);
    element.append(gutter);
    this.host.append(element);
    return { element, gutter, gutterText, cells: [], row: -1, exists: false, top: NaN, gutterClass: "cg-gutter" };
  }

  private makeCell(row: RowElement): CellElement {
    const element = document.createElement("div");
    element.setAttribute("role", "gridcell");
    element.id = `${this.id}-${this.rows.indexOf(row)}-${row.cells.length}`;
    const text = document.createTextNode("");
    element.append(text);
    row.element.append(element);
    const cell = { element, text, place: -1, pinned: false, shownText: "", shownClass: "", left: NaN, width: NaN };
    row.cells.push(cell);
    return cell;
  }

  private drawRow(element: RowElement, row: number, top: number, sight: Sight, places: PlacedColumn[]): void {
    const exists = row < sight.rowCount;
    if (element.top !== top) {
      element.top = top;
      element.element.style.transform = `translateY(${top}px)`;
    }
    if (element.row !== row || element.exists !== exists) {
      element.row = row;
      element.exists = exists;
      element.element.setAttribute("aria-rowindex", String(row + 2));
      element.gutterText.data = exists ? ROW_NUMBER.format(row + 1) : "";
    }
    const selected = exists && sight.area !== null && row >= sight.area.rowStart && row < sight.area.rowEnd;
    const rowClass = !exists ? "cg-gutter is-absent" : selected ? "cg-gutter is-selected" : "cg-gutter";
    if (element.gutterClass !== rowClass) {
      element.gutterClass = rowClass;
      element.gutter.className = rowClass;
      element.element.className = exists ? "cg-row" : "cg-row is-absent";
    }
    while (element.cells.length > places.length) element.cells.pop()?.element.remove();
    const { pinnedCount } = sight.layout;
    places.forEach((column, i) => {
      const cell = element.cells[i] ?? this.makeCell(element);
      this.place(cell, column, sight, i === pinnedCount);
      if (exists) this.fill(cell, row, column, sight);
      else setText(cell, "");
    });
  }

  /**
   * Pinned cells stand where they always do; the others stand side by side, the first of them where its column is. A
   * position or a transform for each would make each a layer of its own, and painting several times as long.
   */
  private place(cell: CellElement, column: PlacedColumn, sight: Sight, first: boolean): void {
    const left = column.pinned ? column.left + sight.scrollLeft : first ? column.left : 0;
    if (cell.left !== left || cell.pinned !== column.pinned) {
      cell.left = left;
      cell.pinned = column.pinned;
      cell.element.style.transform = column.pinned ? `translateX(${left}px)` : "";
      cell.element.style.marginLeft = !column.pinned && left > 0 ? `${left}px` : "";
    }
    if (cell.width !== column.width) {
      cell.width = column.width;
      cell.element.style.width = `${column.width}px`;
    }
    if (cell.place !== column.place) {
      cell.place = column.place;
      cell.element.setAttribute("aria-colindex", String(column.place + 2));
    }
  }

  private fill(cell: CellElement, row: number, column: PlacedColumn, sight: Sight): void {
    const value = sight.frame.getCell(row, column.index);
    let name = this.baseClass(sight.frame.columns[column.index]?.type ?? "", column.pinned);
    if (value === undefined) {
      name += " is-loading";
      this.blankCount += 1;
    } else if (value === null) name += " is-null";
    else if (value === "") name += " is-empty";
    if (sight.area && isIn(sight.area, row, column.place)) {
      name += " is-selected";
      if (sight.focus?.row === row && sight.focus.place === column.place) name += " is-focus";
    }
    setClass(cell, name);
    setText(cell, value === undefined || value === "" ? "" : value === null ? "NULL" : shown(value));
  }

  private baseClass(type: string, pinned: boolean): string {
    const key = pinned ? `${type} pinned` : type;
    let name = this.kindClass.get(key);
    if (name === undefined) {
      name = `cg-cell is-${kindOf(type)}${pinned ? " is-pinned" : ""}`;
      this.kindClass.set(key, name);
    }
    return name;
  }
}
