import { mountGrid } from "@canvasback/grid/mount";
import { host, offer, openFrame } from "./adapter";

const frame = await openFrame();
const grid = mountGrid(host(), frame);
const count = (selector: string): number => document.querySelectorAll(selector).length;

offer(
  {
    blankRows: () => {
      // A row that waits has its number on the left, and no cells.
      const rows = [...document.querySelectorAll<HTMLElement>(".cg-row-left")].map((row) => Number(row.dataset.row));
      const blank = new Set(rows);
      for (const row of document.querySelectorAll(".cg-row[aria-rowindex]")) {
        if (!row.querySelector(".is-loading")) blank.delete(Number(row.getAttribute("aria-rowindex")) - 2);
      }
      return blank;
    },
    filled: () => count(".cg-row[aria-rowindex] .cg-cell:not(.is-loading)"),
    jumpTo: (row) => grid.jumpTo(row),
    scroller: () => document.querySelector(".cg-scroller") ?? document.body,
    last: () => {
      const rows = [...document.querySelectorAll(".cg-row[aria-rowindex]")];
      const numbers = rows.map((row) => Number(row.getAttribute("aria-rowindex")) - 2);
      const most = Math.max(...numbers);
      return { row: most, text: rows[numbers.indexOf(most)]?.querySelector(".cg-cell")?.textContent ?? "" };
    },
  },
  frame.rowCount,
);
