/**
 * A view as a data frame of the grid: cells from a cache of blocks, filled by windows over the connection. Blocks are
 * 64 rows of 16 columns; what is missing of a range is asked for in as few windows as possible, and the rows ahead in
 * the direction of travel are asked for once the visible ones are there.
 */
import type { CellRange, DataFrame, GridColumn } from "@canvasback/frame/dataFrame";
import { BlockCache } from "@canvasback/frame/blockCache";
import { SharedLoads } from "@canvasback/frame/loads";
import { type RowBlock, blockBytes, cellOf, sliceBlock } from "@canvasback/frame/rowBlock";
import { ApiError, isAbort } from "./api/error";
import type { ViewState } from "./stream/protocol";
import type { View } from "./stream/view";

export const BLOCK_ROWS = 64;
export const GROUP_COLUMNS = 16;
const CACHE_BYTES_MAX = 32 * 1024 * 1024;
/** A cell shows no more than this; the whole value is a window of its own. */
const CELL_BYTES_MAX = 1024;
const AHEAD_ROWS = 4 * BLOCK_ROWS;
const COPY_ROWS = 5000;
/** Of so many columns those to copy are chosen on this side. */
const CHOSEN_HERE_MIN = 256;
const BUSY_RETRIES = 6;
const BUSY_PAUSE_MS = 250;

interface Run {
  firstBlock: number;
  endBlock: number;
  groups: number[];
}

export interface FrameOptions {
  cacheBytes?: number;
}

export class ViewFrame implements DataFrame {
  readonly view: View;
  columns: readonly GridColumn[] = [];
  epoch = 0;
  /** The last window that failed, until one succeeds. */
  windowError: Error | null = null;
  /** How long the server took for the last window; null before the first. */
  lastServerMs: number | null = null;
  private readonly cache: BlockCache<RowBlock>;
  private readonly loads = new SharedLoads();
  private readonly listeners = new Set<() => void>();
  private readonly unsubscribe: () => void;
  private namesAreUnique = true;
  private version: string | number | undefined;
  private ahead: AbortController | null = null;
  private lastStart = 0;
  private rowsSeen = 0;

  constructor(view: View, options: FrameOptions = {}) {
    this.view = view;
    this.cache = new BlockCache(options.cacheBytes ?? CACHE_BYTES_MAX, blockBytes);
    this.unsubscribe = view.subscribe(() => this.viewChanged());
    this.takeColumns();
  }

  get state(): ViewState {
    return this.view.state;
  }

  get error(): Error | null {
    return this.view.error ?? this.windowError;
  }

  get rowCount(): number {
    const { rows, state, rows_available } = this.view.state;
    if (state === "limited" && typeof rows_available === "number") return rows_available;
    return Math.max(rows ?? 0, rows === null || !this.view.state.rows_exact ? this.rowsSeen : 0);
  }

  get rowCountExact(): boolean {
    return this.view.state.rows_exact;
  }

  get cachedBytes(): number {
    return this.cache.bytes;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  getCell(row: number, column: number): string | null | undefined {
    const block = this.blockOf(row, column);
    const values = block?.columns[column % GROUP_COLUMNS];
    if (!block || !values || row - block.from >= block.rows) return undefined;
    return cellOf(values, row - block.from);
  }

  wholeBytes(row: number, column: number): number {
    const block = this.blockOf(row, column);
    return block?.columns[column % GROUP_COLUMNS]?.wholeBytes?.[row - block.from] ?? 0;
  }

  async fetch(range: CellRange, signal: AbortSignal): Promise<void> {
    const travel = Math.sign(range.rowStart - this.lastStart) || 1;
    this.lastStart = range.rowStart;
    const waits = this.load(range).map((load) => this.loads.join(load, signal));
    // The new range has taken over what it shares with the rows ahead; the rest of those is no longer ahead.
    this.ahead?.abort();
    this.ahead = null;
    await Promise.all(waits);
    if (!signal.aborted) this.fetchAhead(range, travel);
  }

  /** The whole value of a cell, however long. */
  async fetchCell(row: number, column: number, signal: AbortSignal): Promise<string | null> {
    const { block } = await this.view.window({ from: row, to: row + 1, ...this.named([column]), slot: null }, signal);
    const values = this.namesAreUnique ? block.columns[0] : block.columns[column];
    if (!values || block.rows === 0) throw new Error("This row no longer exists: the data changed.");
    return cellOf(values, 0);
  }

  /** Which file a row is from, and which row of it; null where the view has no such thing. */
  async identify(row: number, signal: AbortSignal): Promise<{ file: number; row: number } | null> {
    if (!this.view.state.row_ids) return null;
    const request = { from: row, to: row + 1, ...this.named([0]), row_ids: true, cell_bytes: 64, slot: null };
    const { block } = await this.view.window(request, signal);
    const [file, fileRow] = [block.fileIndex?.[0], block.fileRow?.[0]];
    return file === undefined || fileRow === undefined ? null : { file, row: fileRow };
  }

  /** Some columns of a range as one block, past the cache: for charts. */
  async columnsOfRows(from: number, to: number, columns: readonly number[], signal: AbortSignal): Promise<RowBlock> {
    const { block } = await this.view.window({ from, to, ...this.named(columns, true), slot: null }, signal);
    if (this.namesAreUnique) return block;
    return { ...block, columns: columns.flatMap((column) => block.columns[column] ?? []) };
  }

  /** A range as tab-separated text, exact and whole, loaded or not; and how many rows there were. */
  async copy(
    range: CellRange,
    signal: AbortSignal,
    progress: (rows: number) => void = () => undefined,
  ): Promise<{ text: string; rows: number }> {
    const parts: string[] = [];
    // To name thousands of columns costs more than to have them all and choose.
    const many = this.columns.length > CHOSEN_HERE_MIN && range.columns.length * 2 > this.columns.length;
    const chosen = many || !this.namesAreUnique ? range.columns : undefined;
    const columns = chosen ? {} : this.named(range.columns, true);
    let from = range.rowStart;
    while (from < range.rowEnd) {
      const to = Math.min(from + COPY_ROWS, range.rowEnd);
      const { tsv, rows } = await this.view.tsv({ from, to, ...columns, slot: null }, signal, chosen);
      if (rows === 0) break;
      parts.push(tsv);
      from += rows;
      progress(from - range.rowStart);
    }
    return { text: parts.join("\n"), rows: from - range.rowStart };
  }

  dispose(): void {
    this.unsubscribe();
    this.ahead?.abort();
    this.loads.abortAll();
    this.cache.clear();
    this.listeners.clear();
  }

  private get groupCount(): number {
    return Math.max(1, Math.ceil(this.columns.length / GROUP_COLUMNS));
  }

  private blockOf(row: number, column: number): RowBlock | undefined {
    return this.cache.peek(this.key(Math.floor(row / BLOCK_ROWS), Math.floor(column / GROUP_COLUMNS)));
  }

  private key(block: number, group: number): number {
    return block * this.groupCount + group;
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }

  private takeColumns(): void {
    const { columns } = this.view.state;
    if (!columns || (columns.length === this.columns.length && this.columns.length > 0)) return;
    this.columns = columns;
    this.namesAreUnique = new Set(columns.map((column) => column.name)).size === columns.length;
  }

  private viewChanged(): void {
    const { version } = this.view.state;
    if (version !== undefined && this.version !== undefined && version !== this.version) {
      this.loads.abortAll();
      this.cache.clear();
      this.columns = [];
      this.rowsSeen = 0;
      this.epoch += 1;
    }
    this.version = version ?? this.version;
    this.takeColumns();
    this.notify();
  }

  /** `columns` of a window; a view whose names are not unique gives all columns. */
  private named(columns: readonly number[], exact = false): { columns?: string[] } {
    if (!this.namesAreUnique) return {};
    if (!exact && columns.length === this.columns.length) return {};
    return { columns: columns.map((column) => this.columns[column]?.name ?? "") };
  }

  /** Starts what is missing of a range and is not under way; gives all loads that the range waits for. */
  private load(range: CellRange): ReturnType<SharedLoads["start"]>[] {
    const found = new Set<ReturnType<SharedLoads["start"]>>();
    for (const run of this.missing(range, found)) found.add(this.start(run));
    return [...found];
  }

  private missing(range: CellRange, underWay: Set<ReturnType<SharedLoads["start"]>>): Run[] {
    const groups = [...new Set(range.columns.map((column) => Math.floor(column / GROUP_COLUMNS)))].sort(
      (a, b) => a - b,
    );
    const runs: Run[] = [];
    const end = Math.ceil(range.rowEnd / BLOCK_ROWS);
    for (let block = Math.floor(range.rowStart / BLOCK_ROWS); block < end; ++block) {
      const needed = groups.filter((group) => {
        const key = this.key(block, group);
        const load = this.loads.get(key);
        if (load) underWay.add(load);
        return !load && !this.cache.touch(key);
      });
      if (needed.length === 0) continue;
      const last = runs.at(-1);
      if (last?.endBlock === block && last.groups.join() === needed.join()) last.endBlock = block + 1;
      else runs.push({ firstBlock: block, endBlock: block + 1, groups: needed });
    }
    return runs;
  }

  private start(run: Run): ReturnType<SharedLoads["start"]> {
    const keys: number[] = [];
    for (let block = run.firstBlock; block < run.endBlock; ++block) {
      for (const group of run.groups) keys.push(this.key(block, group));
    }
    return this.loads.start(keys, (signal) => this.run(run, signal));
  }

  private async run(run: Run, signal: AbortSignal): Promise<void> {
    const to = run.endBlock * BLOCK_ROWS;
    const columns = run.groups.flatMap((group) => this.columnsOf(group));
    for (let block = run.firstBlock, tries = 0; block < run.endBlock;) {
      const from = block * BLOCK_ROWS;
      const request = { from, to, ...this.named(columns), cell_bytes: CELL_BYTES_MAX, slot: null };
      try {
        const { block: rows, header } = await this.view.window(request, signal);
        this.keep(rows, run.groups, header.partial);
        this.windowError = null;
        this.lastServerMs = header.server_us / 1000;
        this.rowsSeen = Math.max(this.rowsSeen, rows.from + rows.rows);
        this.notify();
        if (!header.partial) return;
        // Whole blocks only: what came of the one that was cut off is asked for again.
        block += Math.max(1, Math.floor(rows.rows / BLOCK_ROWS));
      } catch (error) {
        if (isAbort(error)) throw error;
        if (error instanceof ApiError && error.status === 429 && tries++ < BUSY_RETRIES) {
          await new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE_MS * tries));
          continue;
        }
        this.windowError = error as Error;
        this.notify();
        throw error;
      }
    }
  }

  private columnsOf(group: number): number[] {
    const first = group * GROUP_COLUMNS;
    const count = Math.min(GROUP_COLUMNS, this.columns.length - first);
    return Array.from({ length: Math.max(0, count) }, (_, i) => first + i);
  }

  /** Cuts the rows of a window into blocks; of a partial one, the whole blocks. */
  private keep(rows: RowBlock, groups: readonly number[], partial: boolean): void {
    const whole = Math.floor(rows.rows / BLOCK_ROWS) * BLOCK_ROWS;
    const end = partial && whole > 0 ? whole : rows.rows;
    for (let first = 0; first < end; first += BLOCK_ROWS) {
      const part = sliceBlock(rows, first, Math.min(first + BLOCK_ROWS, rows.rows));
      let start = 0;
      for (const group of groups) {
        const count = this.columnsOf(group).length;
        const from = this.namesAreUnique ? start : group * GROUP_COLUMNS;
        const columns = part.columns.slice(from, from + count);
        start += count;
        this.cache.put(this.key(part.from / BLOCK_ROWS, group), { ...part, columns });
      }
    }
  }

  private fetchAhead(range: CellRange, travel: number): void {
    const rowStart = travel > 0 ? range.rowEnd : Math.max(0, range.rowStart - AHEAD_ROWS);
    const rowEnd = travel > 0 ? Math.min(range.rowEnd + AHEAD_ROWS, this.rowCount) : range.rowStart;
    if (rowEnd <= rowStart) return;
    const controller = new AbortController();
    this.ahead = controller;
    for (const load of this.load({ rowStart, rowEnd, columns: range.columns })) {
      // What is read ahead is a guess: its errors come again, and are shown, when the rows are wanted.
      this.loads.join(load, controller.signal).catch(() => undefined);
    }
  }
}
