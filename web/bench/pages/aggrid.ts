import { AllCommunityModule, ModuleRegistry, createGrid, type GridApi, type IGetRowsParams } from "ag-grid-community";

import { cellOf } from "@canvasback/frame/rowBlock";
import { host, inSight, offer, openFrame, shownText } from "./adapter";

ModuleRegistry.registerModules([AllCommunityModule]);
const frame = await openFrame();
const names = frame.columns.map((column) => column.name);

/** Rows of a block as the objects that AG Grid wants. */
async function getRows({ startRow, endRow, successCallback, failCallback }: IGetRowsParams): Promise<void> {
  try {
    const request = { from: startRow, to: Math.min(endRow, frame.rowCount), cell_bytes: 1024, slot: null };
    const { block } = await frame.view.window(request, new AbortController().signal);
    const rows = Array.from({ length: block.rows }, (_, row) =>
      Object.fromEntries(block.columns.map((column, i) => [`c${i}`, shownText(cellOf(column, row))])),
    );
    successCallback(rows, frame.rowCount);
  } catch {
    failCallback();
  }
}

const api: GridApi = createGrid(host(), {
  columnDefs: names.map((headerName, i) => ({ headerName, field: `c${i}`, width: 140, sortable: false })),
  rowModelType: "infinite",
  rowHeight: 28,
  cacheBlockSize: 128,
  maxBlocksInCache: 60,
  maxConcurrentDatasourceRequests: 4,
  infiniteInitialRowCount: frame.rowCount,
  suppressColumnVirtualisation: false,
  datasource: { rowCount: frame.rowCount, getRows: (parameters) => void getRows(parameters) },
});

const cells = (): Element[] => {
  const box = host().getBoundingClientRect();
  return [...document.querySelectorAll(".ag-row .ag-cell")].filter((cell) => inSight(cell, box));
};

offer(
  {
    blankRows: () => {
      const blank = cells().filter((cell) => cell.textContent === "");
      return new Set(blank.map((cell) => Number(cell.closest(".ag-row")?.getAttribute("row-index"))));
    },
    filled: () => cells().filter((cell) => cell.textContent !== "").length,
    jumpTo: (row) => api.ensureIndexVisible(row, "middle"),
    scroller: () => document.querySelector(".ag-grid-viewport") ?? document.body,
    last: () => {
      const rows = [...document.querySelectorAll(".ag-row")].filter((row) => row.querySelector(".ag-cell"));
      const numbers = rows.map((row) => Number(row.getAttribute("row-index")));
      const most = Math.max(...numbers);
      return { row: most, text: rows[numbers.indexOf(most)]?.querySelector('[col-id="c0"]')?.textContent ?? "" };
    },
  },
  frame.rowCount,
);
