/** A selection: a cell that has the focus, and the range from an anchor to it. Rows and places count from 0. */
export interface Position {
  row: number;
  /** Place among the shown columns. */
  place: number;
}

export interface Selection {
  anchor: Position;
  focus: Position;
}

export interface Rectangle {
  rowStart: number;
  /** Exclusive. */
  rowEnd: number;
  placeStart: number;
  /** Exclusive. */
  placeEnd: number;
}

export function rectangle({ anchor, focus }: Selection): Rectangle {
  return {
    rowStart: Math.min(anchor.row, focus.row),
    rowEnd: Math.max(anchor.row, focus.row) + 1,
    placeStart: Math.min(anchor.place, focus.place),
    placeEnd: Math.max(anchor.place, focus.place) + 1,
  };
}

export function isIn(area: Rectangle, row: number, place: number): boolean {
  return row >= area.rowStart && row < area.rowEnd && place >= area.placeStart && place < area.placeEnd;
}

/** What of a selection is left where there are so many rows and columns; null where nothing is. */
export function clipped(selection: Selection, rows: number, places: number): Selection | null {
  if (rows <= 0 || places <= 0) return null;
  const within = (at: Position): Position => {
    const inside = at.row < rows && at.place < places;
    return inside ? at : { row: Math.min(at.row, rows - 1), place: Math.min(at.place, places - 1) };
  };
  const [anchor, focus] = [within(selection.anchor), within(selection.focus)];
  return anchor === selection.anchor && focus === selection.focus ? selection : { anchor, focus };
}

export interface Bounds {
  rows: number;
  places: number;
  /** Rows of a page. */
  page: number;
}

export interface Key {
  key: string;
  ctrl: boolean;
  shift: boolean;
}

/** Where a key moves the focus; null for keys that move nothing. */
export function moved(from: Position, { key, ctrl }: Key, { rows, places, page }: Bounds): Position | null {
  const at = (row: number, place: number): Position => ({
    row: Math.max(0, Math.min(rows - 1, row)),
    place: Math.max(0, Math.min(places - 1, place)),
  });
  switch (key) {
    case "ArrowUp":
      return ctrl ? at(0, from.place) : at(from.row - 1, from.place);
    case "ArrowDown":
      return ctrl ? at(rows - 1, from.place) : at(from.row + 1, from.place);
    case "ArrowLeft":
      return ctrl ? at(from.row, 0) : at(from.row, from.place - 1);
    case "ArrowRight":
      return ctrl ? at(from.row, places - 1) : at(from.row, from.place + 1);
    case "PageUp":
      return at(from.row - page, from.place);
    case "PageDown":
      return at(from.row + page, from.place);
    case "Home":
      return at(0, ctrl ? 0 : from.place);
    case "End":
      return at(rows - 1, ctrl ? places - 1 : from.place);
    default:
      return null;
  }
}

/** The selection after a key: shift keeps the anchor. */
export function selectionAfter(selection: Selection, key: Key, bounds: Bounds): Selection | null {
  if (bounds.rows === 0 || bounds.places === 0) return null;
  const focus = moved(selection.focus, key, bounds);
  if (!focus) return null;
  return { anchor: key.shift ? selection.anchor : focus, focus };
}
