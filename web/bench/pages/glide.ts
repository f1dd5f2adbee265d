import "@glideapps/glide-data-grid/dist/index.css";

import {
  DataEditor,
  type DataEditorRef,
  type GridCell,
  GridCellKind,
  type Item,
  type Rectangle,
} from "@glideapps/glide-data-grid";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

import { host, offer, openFrame, shownText } from "./adapter";

const frame = await openFrame();
let region: Rectangle = { x: 0, y: 0, width: 1, height: 1 };
let fetching = new AbortController();
let editor: DataEditorRef | null = null;

function content([column, row]: Item): GridCell {
  const value = frame.getCell(row, column);
  if (value === undefined) return { kind: GridCellKind.Loading, allowOverlay: false };
  const text = shownText(value);
  return {
    kind: GridCellKind.Text,
    data: text,
    displayData: text.slice(0, 300),
    allowOverlay: false,
    readonly: true,
  };
}

function inRegion(): Item[] {
  const found: Item[] = [];
  for (let row = region.y; row < region.y + region.height && row < frame.rowCount; ++row) {
    for (let column = region.x; column < region.x + region.width; ++column) found.push([column, row]);
  }
  return found;
}

const redraw = (): void => editor?.updateCells(inRegion().map((cell) => ({ cell })));

function visible(range: Rectangle): void {
  region = range;
  const before = fetching;
  fetching = new AbortController();
  const columns = Array.from({ length: range.width }, (_, i) => range.x + i).filter((i) => i < frame.columns.length);
  const rowEnd = Math.min(range.y + range.height + 1, frame.rowCount);
  frame.fetch({ rowStart: range.y, rowEnd, columns }, fetching.signal).then(redraw, () => undefined);
  before.abort();
}

createRoot(host()).render(
  createElement(DataEditor, {
    ref: (made: DataEditorRef | null) => {
      editor = made;
    },
    columns: frame.columns.map(({ name }) => ({ title: name, width: 140 })),
    rows: frame.rowCount,
    rowHeight: 28,
    headerHeight: 34,
    rowMarkers: "number",
    getCellContent: content,
    onVisibleRegionChanged: visible,
    width: "100%",
    height: "100%",
  }),
);

offer(
  {
    blankRows: () =>
      new Set(
        inRegion()
          .filter(([column, row]) => frame.getCell(row, column) === undefined)
          .map(([, row]) => row),
      ),
    filled: () =>
      editor ? inRegion().filter(([column, row]) => frame.getCell(row, column) !== undefined).length : 0,
    jumpTo: (row) => editor?.scrollTo(0, row, "vertical", 0, 0, { vAlign: "center" }),
    scroller: () => document.querySelector(".dvn-scroller") ?? document.body,
    last: () => {
      const row = Math.min(frame.rowCount, region.y + region.height) - 1;
      return { row, text: frame.getCell(row, 0) ?? "" };
    },
  },
  frame.rowCount,
);
