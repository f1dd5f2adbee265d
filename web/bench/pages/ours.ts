import { mountGrid } from "../../src/grid/mount";
import { host, offer, openFrame } from "./adapter";

const frame = await openFrame();
const grid = mountGrid(host(), frame);
const all = (selector: string): Element[] => [...document.querySelectorAll(`.cg-row:not(.is-absent) ${selector}`)];

offer(
  {
    blank: () => document.querySelectorAll(".cg-row:not(.is-absent) .cg-cell.is-loading").length,
    filled: () => all(".cg-cell:not(.is-loading)").length,
    jumpTo: (row) => grid.jumpTo(row),
    scroller: () => document.querySelector(".cg-scroller") ?? document.body,
    last: () => {
      const rows = [...document.querySelectorAll(".cg-row:not(.is-absent)")];
      const numbers = rows.map((row) => Number(row.getAttribute("aria-rowindex")) - 2);
      const most = Math.max(...numbers);
      return { row: most, text: rows[numbers.indexOf(most)]?.querySelector(".cg-cell")?.textContent ?? "" };
    },
  },
  frame.rowCount,
);
