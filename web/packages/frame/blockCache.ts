/** Blocks by number, the least recently wanted one dropped first when they are more than a budget of bytes. */
export class BlockCache<Block> {
  private readonly blocks = new Map<number, { block: Block; bytes: number }>();
  private readonly sizeOf: (block: Block) => number;
  private readonly bytesMax: number;
  private held = 0;

  constructor(bytesMax: number, sizeOf: (block: Block) => number) {
    this.bytesMax = bytesMax;
    this.sizeOf = sizeOf;
  }

  get bytes(): number {
    return this.held;
  }

  get size(): number {
    return this.blocks.size;
  }

  /** Looks without counting as a use: drawing asks for the same block many times. */
  peek(key: number): Block | undefined {
    return this.blocks.get(key)?.block;
  }

  /** Whether it is there; it then is the most recently wanted one. */
  touch(key: number): boolean {
    const found = this.blocks.get(key);
    if (!found) return false;
    this.blocks.delete(key);
    this.blocks.set(key, found);
    return true;
  }

  put(key: number, block: Block): void {
    const bytes = this.sizeOf(block);
    this.held += bytes - (this.blocks.get(key)?.bytes ?? 0);
    this.blocks.delete(key);
    this.blocks.set(key, { block, bytes });
    for (const [oldest, { bytes: freed }] of this.blocks) {
      if (this.held <= this.bytesMax || oldest === key) break;
      this.blocks.delete(oldest);
      this.held -= freed;
    }
  }

  clear(): void {
    this.blocks.clear();
    this.held = 0;
  }
}
