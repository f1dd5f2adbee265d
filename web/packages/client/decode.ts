/**
 * Arrow IPC as text: what the decoding worker does, and what a program without workers may call itself.
 */
import { type RecordBatch, tableFromIPC } from "apache-arrow";

import type { ColumnText, RowBlock } from "@canvasback/frame/rowBlock";
import { type ValueText, valueText } from "@canvasback/values/valueText";

const CUT_PREFIX = "__bytes_";

function columnText(name: string, batches: readonly RecordBatch[], index: number, rows: number): ColumnText {
  const offsets = new Uint32Array(rows + 1);
  const parts: string[] = [];
  let nulls: Uint8Array | null = null;
  let length = 0;
  let row = 0;
  for (const batch of batches) {
    const data = batch.data.children[index];
    if (!data) continue;
    const read: ValueText = valueText(data);
    for (let i = 0; i < batch.numRows; ++i, ++row) {
      const value = read(i);
      if (value === null) {
        nulls ??= new Uint8Array(rows);
        nulls[row] = 1;
      } else {
        parts.push(value);
        length += value.length;
      }
      offsets[row + 1] = length;
    }
  }
  return { name, text: parts.join(""), offsets, nulls, wholeBytes: null };
}

function numbers(batches: readonly RecordBatch[], index: number, rows: number): Float64Array {
  const values = new Float64Array(rows);
  let row = 0;
  for (const batch of batches) {
    const vector = batch.getChildAt(index);
    for (let i = 0; i < batch.numRows; ++i) values[row++] = Number(vector?.get(i) ?? 0);
  }
  return values;
}

/** The rows of an Arrow IPC stream, as text. Throws TypeError for a column whose type has no text. */
export function decodeBlock(stream: Uint8Array, from: number): RowBlock {
  const table = tableFromIPC(stream);
  const rows = table.numRows;
  const block: RowBlock = { from, rows, columns: [], fileIndex: null, fileRow: null };
  table.schema.fields.forEach((field, index) => {
    switch (field.metadata.get("canvasback.virtual")) {
      case undefined:
        block.columns.push(columnText(field.name, table.batches, index, rows));
        break;
      case "file_index":
        block.fileIndex = Int32Array.from(numbers(table.batches, index, rows));
        break;
      case "file_row":
        block.fileRow = numbers(table.batches, index, rows);
        break;
      default: {
        const column = block.columns.at(-1);
        if (column && field.name === CUT_PREFIX + column.name) {
          column.wholeBytes = numbers(table.batches, index, rows);
        }
      }
    }
  });
  return block;
}

/** The buffers of a block that can be handed over instead of copied. */
export function transferables(block: RowBlock): ArrayBuffer[] {
  const arrays = block.columns.flatMap((column) => [column.offsets, column.nulls, column.wholeBytes]);
  return [...arrays, block.fileIndex, block.fileRow]
    .filter((array) => array !== null)
    .map((array) => array.buffer as ArrayBuffer);
}
