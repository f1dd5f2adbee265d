/**
 * A browser's element is at most some 33 million pixels high; a billion rows are 28 billion. ScrollScale maps the
 * scroll bar of an element of 8 million pixels (safe in every browser) to the whole height: near both ends pixel by
 * pixel, so that the ends are reached exactly and nothing is clipped there, stretched in between.
 */
export const PHYSICAL_HEIGHT_MAX = 8_000_000;
const EDGE_MAX = 100_000;

export class ScrollScale {
  readonly total: number;
  readonly viewport: number;
  readonly physicalHeight: number;
  /** Largest scroll offset, of the whole height and of the element. */
  readonly end: number;
  readonly physicalEnd: number;
  private readonly edge: number;

  constructor(total: number, viewport: number) {
    this.total = total;
    this.viewport = viewport;
    this.physicalHeight = Math.min(total, PHYSICAL_HEIGHT_MAX);
    this.end = Math.max(0, total - viewport);
    this.physicalEnd = Math.max(0, this.physicalHeight - viewport);
    this.edge = Math.min(EDGE_MAX, this.physicalEnd / 4);
  }

  /** Whether the scroll bar is stretched at all. */
  get scaled(): boolean {
    return this.end > this.physicalEnd;
  }

  /** The offset that a position of the scroll bar stands for. */
  toOffset(physical: number): number {
    if (!this.scaled) return physical;
    // Browsers round the last position down.
    if (physical >= this.physicalEnd - 1) return this.end;
    if (physical <= this.edge) return Math.max(0, physical);
    if (physical >= this.physicalEnd - this.edge) return this.end - (this.physicalEnd - physical);
    return this.edge + (physical - this.edge) * this.stretch;
  }

  /** The position of the scroll bar for an offset. */
  toPhysical(offset: number): number {
    if (!this.scaled) return offset;
    if (offset <= this.edge) return Math.max(0, offset);
    if (offset >= this.end - this.edge) return this.physicalEnd - (this.end - offset);
    return this.edge + (offset - this.edge) / this.stretch;
  }

  clamp(offset: number): number {
    return Math.min(this.end, Math.max(0, offset));
  }

  private get stretch(): number {
    return (this.end - 2 * this.edge) / (this.physicalEnd - 2 * this.edge);
  }
}

/**
 * Where a scroll event leads: short moves (touch, arrow of the scroll bar) move by their pixels, long ones (the thumb
 * is dragged, its track clicked) go where the thumb stands.
 */
export function offsetAfterScroll(scale: ScrollScale, offset: number, before: number, after: number): number {
  if (!scale.scaled) return scale.clamp(after);
  const delta = after - before;
  if (Math.abs(delta) > 2 * scale.viewport) return scale.toOffset(after);
  const moved = scale.clamp(offset + delta);
  const nearEnd = moved <= 2 * scale.viewport || moved >= scale.end - 2 * scale.viewport;
  // The thumb stands at its end: the rows do too, if they are close; else the thumb is put right when it rests.
  if (nearEnd && (after <= 0 || after >= scale.physicalEnd - 1)) return scale.toOffset(after);
  return moved;
}
