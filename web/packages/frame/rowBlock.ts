/**
 * Rows as text, ready to be drawn: one string per column with all its values behind each other. That is one copy from
 * the worker and one heap object, where a string per cell would be thousands of both.
 */

export interface ColumnText {
  name: string;
  /** All values behind each other; NULL takes no place. */
  text: string;
  /** rows + 1 positions in `text`. */
  offsets: Uint32Array;
  /** 1 where the value is NULL; null where none is. */
  nulls: Uint8Array | null;
  /** Bytes of the whole value where it is cut, else 0; null where none is. */
  wholeBytes: Float64Array | null;
}

export interface RowBlock {
  from: number;
  rows: number;
  columns: ColumnText[];
  /** Where the rows stand: file and row in it. */
  fileIndex: Int32Array | null;
  fileRow: Float64Array | null;
}

/** A cell: its text, null for NULL, undefined where it is not loaded. */
export type Cell = string | null | undefined;

export function cellOf(column: ColumnText, row: number): string | null {
  if (column.nulls?.[row]) return null;
  return column.text.slice(column.offsets[row], column.offsets[row + 1]);
}

/** What a block holds, roughly: text beyond Latin-1 takes two bytes a character. */
export function blockBytes(block: RowBlock): number {
  let bytes = 200 + (block.fileIndex?.byteLength ?? 0) + (block.fileRow?.byteLength ?? 0);
  for (const column of block.columns) {
    bytes += 2 * column.text.length + column.offsets.byteLength + 100;
    bytes += (column.nulls?.byteLength ?? 0) + (column.wholeBytes?.byteLength ?? 0);
  }
  return bytes;
}

/** Rows `first` to `end` (of the block, end exclusive) as a block of their own, holding nothing of the old one. */
export function sliceBlock(block: RowBlock, first: number, end: number): RowBlock {
  const columns = block.columns.map((column) => sliceColumn(column, first, end));
  return {
    from: block.from + first,
    rows: end - first,
    columns,
    fileIndex: block.fileIndex?.slice(first, end) ?? null,
    fileRow: block.fileRow?.slice(first, end) ?? null,
  };
}

function sliceColumn(column: ColumnText, first: number, end: number): ColumnText {
  const start = column.offsets[first] ?? 0;
  const offsets = column.offsets.slice(first, end + 1);
  if (start > 0) for (let i = 0; i < offsets.length; ++i) offsets[i] = (offsets[i] ?? 0) - start;
  return {
    name: column.name,
    text: column.text.slice(start, column.offsets[end]),
    offsets,
    nulls: column.nulls?.slice(first, end) ?? null,
    wholeBytes: column.wholeBytes?.slice(first, end) ?? null,
  };
}

const NEEDS_QUOTES = /["\t\n\r]/;

/**
 * A block as lines of tab-separated values, of all its columns or of some by index; a value with a tab, quote or line
 * end is quoted. NULL is nothing.
 */
export function blockToTsv(block: RowBlock, chosen?: readonly number[]): string {
  const columns = chosen ? chosen.flatMap((index) => block.columns[index] ?? []) : block.columns;
  const lines: string[] = [];
  for (let row = 0; row < block.rows; ++row) {
    const cells = columns.map((column) => {
      if (column.nulls?.[row]) return "";
      const text = column.text.slice(column.offsets[row], column.offsets[row + 1]);
      return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    });
    lines.push(cells.join("\t"));
  }
  return lines.join("\n");
}
