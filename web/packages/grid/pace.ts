/**
 * How many cells a frame can take in: as many as fit into a part of it, by what the last ones took. A fast machine
 * shows a whole screen of new rows at once; a slow one spreads it over some frames, and goes on scrolling meanwhile.
 */

/** Of the main thread in one frame for new cells: text, layout and paint; a third of a frame at 60 Hz. */
const BUDGET_MS = 5.5;
/** What a cell is taken to cost before any was drawn: that of a slow machine. */
const FIRST_COST_MS = 0.085;
/** Fewer say more about the frame than about cells. */
const SAMPLE_CELLS_MIN = 24;
/** Beyond this something else was in the way. */
const COST_MAX_MS = 0.5;
const WEIGHT = 0.15;

export class Pace {
  private costMs = FIRST_COST_MS;
  private cells = 0;
  private begun = 0;
  private readonly channel = new MessageChannel();

  constructor() {
    this.channel.port1.onmessage = () => this.note(this.cells, performance.now() - this.begun);
  }

  /** How many cells the next frame may fill. */
  get cellsAFrame(): number {
    return Math.floor(BUDGET_MS / this.costMs);
  }

  /** Called at the end of a frame's callback that began at `begun` and filled so many cells. */
  filled(cells: number, begun: number): void {
    if (cells < SAMPLE_CELLS_MIN) return;
    this.cells = cells;
    this.begun = begun;
    // A message comes once the frame is laid out and painted.
    this.channel.port2.postMessage(null);
  }

  note(cells: number, ms: number): void {
    if (cells < SAMPLE_CELLS_MIN) return;
    this.costMs += WEIGHT * (Math.min(ms / cells, COST_MAX_MS) - this.costMs);
  }

  close(): void {
    this.channel.port1.close();
  }
}
