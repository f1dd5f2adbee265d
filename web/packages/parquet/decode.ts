/**
 * Flat columns of Parquet as typed arrays. hyparquet reads the footer and the pages; what it would make of their values
 * (plain arrays; decimals as floating-point numbers, times cut to milliseconds) is left out: dictionary codes stay
 * codes and 64-bit integers stay integers.
 */
import { decompress } from "fzstd";
import { parquetHeader } from "hyparquet/src/column.js";
import { decompressPage, readDataPage } from "hyparquet/src/datapage.js";
import { parquetMetadata } from "hyparquet/src/metadata.js";
import { readPlain } from "hyparquet/src/plain.js";
import type { ColumnDecoder, ColumnMetaData, DecodedArray, FileMetaData } from "hyparquet/src/types.js";

import { type Column, type Columns, type NumberColumn, type TextColumn } from "./columns";
import { joinIntegers, joinNumbers, joinTexts } from "./columns";
import type { ByteRange } from "./host";

/** What of a file is wanted; without names or groups all of them. */
export interface Wanted {
  columns?: readonly string[];
  groups?: readonly number[];
}

interface Chunk extends ByteRange {
  name: string;
  meta: ColumnMetaData;
  rows: number;
}

const COMPRESSORS = {
  ZSTD: (input: Uint8Array, size: number): Uint8Array => decompress(input, new Uint8Array(size)),
};

const damaged = (what: string): Error => new Error(`A file of this site is damaged: ${what}.`);

function chunksOf(metadata: FileMetaData, { columns, groups }: Wanted): Chunk[] {
  const wanted = groups ?? metadata.row_groups.map((_, at) => at);
  return wanted.flatMap((at) => {
    const group = metadata.row_groups[at];
    if (!group) throw damaged(`there is no row group ${at}`);
    return group.columns.flatMap(({ meta_data: meta }): Chunk[] => {
      const name = meta?.path_in_schema[0];
      if (!meta || name === undefined || meta.path_in_schema.length !== 1) throw damaged("a column is not flat");
      if (columns && !columns.includes(name)) return [];
      const dictionary = meta.dictionary_page_offset;
      const start = Number(dictionary && dictionary < meta.data_page_offset ? dictionary : meta.data_page_offset);
      return [{ name, meta, start, end: start + Number(meta.total_compressed_size), rows: Number(group.num_rows) }];
    });
  });
}

/** Where the wanted column chunks are, in the order that decodeChunks() takes them in. */
export function planChunks(footer: ArrayBuffer, wanted: Wanted): ByteRange[] {
  return chunksOf(parquetMetadata(footer, { geoparquet: false }), wanted).map(({ start, end }) => ({ start, end }));
}

interface Raw {
  /** Codes of the dictionary, or values themselves. */
  pages: { values: DecodedArray; isCoded: boolean; present: readonly number[]; rows: number }[];
  dictionary: DecodedArray | null;
}

function readPages(buffer: ArrayBuffer, chunk: Chunk, decoder: ColumnDecoder): Raw {
  const reader = { view: new DataView(buffer), offset: 0 };
  const raw: Raw = { pages: [], dictionary: null };
  for (let rows = 0; rows < chunk.rows;) {
    if (reader.offset >= buffer.byteLength) throw damaged("a column ends early");
    const header = parquetHeader(reader);
    const bytes = new Uint8Array(buffer, reader.offset, header.compressed_page_size);
    reader.offset += header.compressed_page_size;
    if (header.type === "DATA_PAGE_V2") throw damaged("it has pages of a kind that sites do not have");
    const page = decompressPage(bytes, header.uncompressed_page_size, chunk.meta.codec, COMPRESSORS);
    if (header.dictionary_page_header) {
      const at = { view: new DataView(page.buffer, page.byteOffset, page.byteLength), offset: 0 };
      raw.dictionary = readPlain(at, chunk.meta.type, header.dictionary_page_header.num_values, undefined);
    } else if (header.data_page_header) {
      const { encoding, num_values: count } = header.data_page_header;
      const { dataPage, definitionLevels } = readDataPage(page, header.data_page_header, decoder);
      const isCoded = encoding.endsWith("_DICTIONARY");
      raw.pages.push({ values: dataPage, isCoded, present: (definitionLevels ?? []) as number[], rows: count });
      rows += count;
    }
  }
  return raw;
}

/** Calls back with each row's value in order, or -1 as the place of a null. */
function eachRow(raw: Raw, take: (page: Raw["pages"][number], place: number, row: number) => void): void {
  let row = 0;
  for (const page of raw.pages) {
    const hasNulls = page.present.length > 0;
    let place = 0;
    for (let i = 0; i < page.rows; ++i) take(page, hasNulls && page.present[i] === 0 ? -1 : place++, row++);
  }
}

const UTF8 = new TextDecoder();

function textsOf(raw: Raw, rows: number): TextColumn {
  const codes = new Int32Array(rows);
  const dictionary = Array.from((raw.dictionary ?? []) as ArrayLike<Uint8Array>, (bytes) => UTF8.decode(bytes));
  const known = new Map(dictionary.map((text, code) => [text, code]));
  eachRow(raw, (page, place, row) => {
    if (place < 0) codes[row] = -1;
    else if (page.isCoded) codes[row] = page.values[place] as number;
    else {
      const text = UTF8.decode(page.values[place] as Uint8Array);
      const code = known.get(text) ?? dictionary.push(text) - 1;
      known.set(text, code);
      codes[row] = code;
    }
  });
  return { kind: "text", codes, dictionary };
}

type Numbers = Float64Array | BigInt64Array;

function numbersOf<T extends Numbers>(raw: Raw, values: T): { values: T; nulls: Uint8Array | null } {
  const { dictionary } = raw;
  const hasNulls = raw.pages.some(({ present }) => present.length > 0);
  const nulls = hasNulls ? new Uint8Array(values.length) : null;
  eachRow(raw, (page, place, row) => {
    if (place < 0) nulls![row] = 1;
    else values[row] = (page.isCoded ? dictionary![page.values[place] as number] : page.values[place]) as never;
  });
  return { values, nulls };
}

function joinedColumn(type: string, parts: readonly { raw: Raw; rows: number }[]): Column {
  switch (type) {
    case "BYTE_ARRAY":
      return joinTexts(parts.map(({ raw, rows }) => textsOf(raw, rows)));
    case "INT64":
      return joinIntegers(parts.map(({ raw, rows }) => numbersOf(raw, new BigInt64Array(rows))));
    case "INT32": {
      const found = joinNumbers(
        parts.map(({ raw, rows }) => ({ kind: "number", ...numbersOf(raw, new Float64Array(rows)) })),
      );
      return { kind: "integer", low: found.values, high: null, nulls: found.nulls };
    }
    case "DOUBLE":
      return joinNumbers(
        parts.map(({ raw, rows }): NumberColumn => ({ kind: "number", ...numbersOf(raw, new Float64Array(rows)) })),
      );
    default:
      throw damaged(`a column of the type ${type}`);
  }
}

/** `buffers`: the bytes of planChunks()'s ranges, in that order. */
export function decodeChunks(footer: ArrayBuffer, wanted: Wanted, buffers: readonly ArrayBuffer[]): Columns {
  const metadata = parquetMetadata(footer, { geoparquet: false });
  const parts = new Map<string, { type: string; parts: { raw: Raw; rows: number }[] }>();
  chunksOf(metadata, wanted).forEach((chunk, at) => {
    const { type, codec } = chunk.meta;
    if (codec !== "ZSTD" && codec !== "UNCOMPRESSED") throw damaged(`it is compressed with ${codec}`);
    const element = metadata.schema.find(({ name, type: of }) => name === chunk.name && of !== undefined);
    if (!element) throw damaged("a column has no schema");
    const schemaPath = [metadata.schema[0]!, element].map((each) => ({
      element: each,
      children: [],
      count: 0,
      path: [],
    }));
    const decoder = { ...chunk.meta, pathInSchema: [chunk.name], element, schemaPath, parsers: {} };
    const raw = readPages(buffers[at]!, chunk, decoder as unknown as ColumnDecoder);
    const found = parts.get(chunk.name) ?? { type, parts: [] };
    parts.set(chunk.name, found);
    found.parts.push({ raw, rows: chunk.rows });
  });
  return Object.fromEntries([...parts].map(([name, { type, parts: all }]) => [name, joinedColumn(type, all)]));
}

/** Of a file that is here as a whole. */
export function decodeFile(file: ArrayBuffer, wanted: Wanted): Columns {
  const ranges = planChunks(file, wanted);
  return decodeChunks(
    file,
    wanted,
    ranges.map(({ start, end }) => file.slice(start, end)),
  );
}
