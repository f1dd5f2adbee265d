import "hightable/src/HighTable.css";

import HighTable from "hightable";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

import { host, inSight, offer, openFrame, shownText } from "./adapter";

const frame = await openFrame();
const indexes = new Map(frame.columns.map((column, index) => [column.name, index]));
const events = new EventTarget();
frame.subscribe(() => events.dispatchEvent(new CustomEvent("resolve")));
const wait = new AbortController().signal;

const data = {
  columnDescriptors: frame.columns.map(({ name }) => ({ name })),
  numRows: frame.rowCount,
  eventTarget: events,
  getRowNumber: ({ row }: { row: number }) => ({ value: row }),
  getCell: ({ row, column }: { row: number; column: string }) => {
    const value = frame.getCell(row, indexes.get(column) ?? 0);
    return value === undefined ? undefined : { value: shownText(value) };
  },
  fetch: ({
    rowStart,
    rowEnd,
    columns,
    signal,
  }: {
    rowStart: number;
    rowEnd: number;
    columns?: string[];
    signal?: AbortSignal;
  }) =>
    frame.fetch({ rowStart, rowEnd, columns: (columns ?? []).map((name) => indexes.get(name) ?? 0) }, signal ?? wait),
};

createRoot(host()).render(createElement(HighTable as never, { data, focus: false, className: "" } as never));

const cells = (): Element[] => {
  const box = host().getBoundingClientRect();
  return [...host().querySelectorAll('[role="cell"]')].filter((cell) => inSight(cell, box));
};
const scroller = (): Element => {
  const found = [...host().querySelectorAll("*")].find(
    (element) => element.scrollHeight > element.clientHeight + 1000,
  );
  return found ?? document.body;
};

offer(
  {
    blankRows: () => {
      const blank = cells().filter((cell) => cell.textContent === "");
      return new Set(blank.map((cell) => Number(cell.closest("[aria-rowindex]")?.getAttribute("aria-rowindex")) - 2));
    },
    filled: () => cells().filter((cell) => cell.textContent !== "").length,
    jumpTo: (row) => {
      const element = scroller();
      element.scrollTop = (row / Math.max(1, frame.rowCount - 1)) * (element.scrollHeight - element.clientHeight);
    },
    scroller,
    last: () => {
      const box = host().getBoundingClientRect();
      const rows = [...host().querySelectorAll("[aria-rowindex]")].filter(
        (row) => row.querySelector('[role="cell"]') && inSight(row, box),
      );
      const numbers = rows.map((row) => Number(row.getAttribute("aria-rowindex")) - 2);
      const most = Math.max(...numbers);
      return { row: most, text: rows[numbers.indexOf(most)]?.querySelector('[role="cell"]')?.textContent ?? "" };
    },
  },
  frame.rowCount,
);
