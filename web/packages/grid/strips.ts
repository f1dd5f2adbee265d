/**
 * What stands still while rows change: the lines between columns, above the rows, and below them the bars that stand
 * for values on their way. One element a column, instead of a border or a bar of each cell.
 */
import type { PlacedColumn } from "./layout";

interface Strip {
  line: HTMLDivElement;
  bar: HTMLDivElement;
}

export interface StripsSight {
  /** From the layer's left edge to the first free column's. */
  left: number;
  /** Of the first row that is out of sight, in pixels. */
  cut: number;
  /** As far down as there are rows. */
  height: number;
  loading: boolean;
}

export class Strips {
  private readonly lines = document.createElement("div");
  private readonly bars = document.createElement("div");
  private readonly strips: Strip[] = [];
  private columns: readonly PlacedColumn[] = [];
  private linesMove = "";
  private barsMove = "";
  private height = NaN;
  private loading = false;

  /** Puts the bars before and the lines behind `rows`. */
  constructor(rows: HTMLElement) {
    this.lines.className = "cg-lines";
    this.bars.className = "cg-bars";
    this.bars.style.visibility = "hidden";
    for (const host of [this.lines, this.bars]) host.setAttribute("aria-hidden", "true");
    rows.before(this.bars);
    rows.after(this.lines);
  }

  draw(columns: readonly PlacedColumn[], { left, cut, height, loading }: StripsSight): void {
    if (columns !== this.columns) this.arrange(columns);
    const linesMove = `translateX(${left}px)`;
    if (linesMove !== this.linesMove) this.lines.style.transform = this.linesMove = linesMove;
    if (height !== this.height) {
      this.height = height;
      this.lines.style.height = `${height}px`;
      this.bars.style.height = `${height + cut}px`;
    }
    if (loading !== this.loading) {
      this.loading = loading;
      this.bars.style.visibility = loading ? "visible" : "hidden";
    }
    const barsMove = `translate(${left}px, ${-cut}px)`;
    if (loading && barsMove !== this.barsMove) this.bars.style.transform = this.barsMove = barsMove;
  }

  private arrange(columns: readonly PlacedColumn[]): void {
    this.columns = columns;
    while (this.strips.length < columns.length) {
      const strip = { line: document.createElement("div"), bar: document.createElement("div") };
      this.lines.append(strip.line);
      this.bars.append(strip.bar);
      this.strips.push(strip);
    }
    const start = columns[0]?.left ?? 0;
    this.strips.forEach(({ line, bar }, i) => {
      const column = columns[i];
      line.style.display = bar.style.display = column ? "" : "none";
      if (!column) return;
      line.style.left = `${column.left - start + column.width - 1}px`;
      bar.style.left = `${column.left - start}px`;
      bar.style.width = `${column.width}px`;
    });
  }
}
