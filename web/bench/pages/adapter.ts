/** What the measuring program asks of each grid, and the rows that all of them show. */
import { WorkerDecoder } from "@canvasback/client/decoder";
import { StreamConnection } from "@canvasback/client/stream/connection";
import { ViewFrame } from "@canvasback/client/viewFrame";

export interface Adapter {
  /** Rows in sight with cells that are drawn without their value, from 0. */
  blankRows(): Set<number>;
  /** Cells in sight that have their value. */
  filled(): number;
  jumpTo(row: number): void;
  /** What is scrolled. */
  scroller(): Element;
  /** The last row in sight, from 0, and the text of its first column. */
  last(): { row: number; text: string };
}

declare global {
  interface Window {
    bench?: Adapter & { rows: number; readyAt: number | null };
  }
}

const parameters = new URLSearchParams(location.search);

export async function openFrame(): Promise<ViewFrame> {
  const url = new URL("/api/v1/stream", parameters.get("server") ?? location.href);
  url.protocol = "ws:";
  const connection = new StreamConnection({ url: url.href, decoder: new WorkerDecoder() });
  const frame = new ViewFrame(connection.open({ dataset: parameters.get("dataset") ?? "" }));
  await new Promise<void>((resolve) => {
    const unsubscribe = frame.subscribe(() => {
      if (frame.columns.length === 0 || frame.rowCount === 0) return;
      unsubscribe();
      resolve();
    });
  });
  return frame;
}

export function host(): HTMLElement {
  const element = document.getElementById("grid");
  if (!element) throw new Error("no place for the grid");
  return element;
}

/** Tells the measuring program how to ask, and notes when the first rows were there. */
export function offer(adapter: Adapter, rows: number): void {
  const bench = { ...adapter, rows, readyAt: null as number | null };
  window.bench = bench;
  const look = (): void => {
    if (bench.filled() > 0 && bench.blankRows().size === 0) bench.readyAt = performance.now();
    else requestAnimationFrame(look);
  };
  look();
}

export const shownText = (value: string | null): string => (value === null ? "NULL" : value === "" ? "empty" : value);

/** Whether an element is in sight of the grid, at least in part. */
export function inSight(element: Element, box: DOMRect): boolean {
  const own = element.getBoundingClientRect();
  return own.bottom > box.top + 1 && own.top < box.bottom - 1 && own.right > box.left + 1 && own.left < box.right - 1;
}
