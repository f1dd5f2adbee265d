/** Files of one generation of a site, each read once; rollups as tables. */
import { type Decoder, inlineDecoder } from "@canvasback/parquet/decoder";
import type { Fetch } from "@canvasback/parquet/host";
import { ParquetFile } from "@canvasback/parquet/parquetFile";

import type { Choice } from "./choose";
import type { Condition } from "./conditions";
import type { Rollup, SiteModel } from "./contract";
import { matcher } from "./conditions";
import type { Table } from "./table";
import { typed } from "./values";

export interface StoreOptions {
  /** What addresses of the index are relative to; ends with a slash. */
  base: string;
  decoder?: Decoder;
  fetchOf?: Fetch;
}

export class SiteStore {
  private readonly options: StoreOptions;
  private readonly decoder: Decoder;
  private readonly files = new Map<string, ParquetFile>();
  private readonly whole = new Set<string>();

  constructor(options: StoreOptions) {
    this.options = options;
    this.decoder = options.decoder ?? inlineDecoder();
  }

  /** In bytes: of what is here nothing but the time that its rows take; of a large file what of it has to be read. */
  cost(rollup: Rollup, model: SiteModel, where: readonly Condition[]): number {
    if (this.whole.has(rollup.file)) return rollup.rows / 1000;
    const groups = this.fileOf(rollup).isSmall ? null : groupsWith(rollup, model, where);
    if (groups === null) return rollup.bytes;
    return groups.reduce((sum, at) => sum + rollup.row_groups[at]!.bytes, rollup.footer);
  }

  private fileOf(rollup: Rollup): ParquetFile {
    let found = this.files.get(rollup.file);
    if (!found) {
      const at = { url: this.options.base + rollup.file, bytes: rollup.bytes, footer: rollup.footer };
      this.files.set(rollup.file, (found = new ParquetFile(at, this.decoder, this.options.fetchOf)));
    }
    return found;
  }

  /** All rows; of a large file only those row groups that may have what conditions are of its first dimension. */
  async table(
    { rollup }: Choice,
    model: SiteModel,
    where: readonly Condition[],
    signal: AbortSignal,
  ): Promise<Table> {
    const file = this.fileOf(rollup);
    const groups = file.isSmall ? null : groupsWith(rollup, model, where);
    if (groups?.length === 0) return this.rows(rollup, [0], signal);
    const isAll = groups === null || groups.length === rollup.row_groups.length;
    const table = await this.rows(rollup, isAll ? null : groups, signal);
    if (isAll) this.whole.add(rollup.file);
    return table;
  }

  async rows(rollup: Rollup, groups: readonly number[] | null, signal: AbortSignal): Promise<Table> {
    const columns = await this.fileOf(rollup).read(groups ? { groups } : {}, signal);
    const counts = rollup.row_groups.map(({ rows }) => rows);
    const expected = groups ? groups.reduce((sum, at) => sum + (counts[at] ?? 0), 0) : rollup.rows;
    for (const column of Object.values(columns)) {
      const rows =
        column.kind === "text"
          ? column.codes.length
          : column.kind === "integer"
            ? column.low.length
            : column.values.length;
      if (rows !== expected) throw new Error(`${rollup.file} has ${rows} rows instead of ${expected}.`);
    }
    return { rollup, columns, rows: expected };
  }
}

/** Of a file in the order of its first dimension's values: the groups in which one of the wanted may be. */
export function groupsWith(rollup: Rollup, model: SiteModel, where: readonly Condition[]): number[] | null {
  const first = rollup.dimensions[0];
  const filter = where.find(({ dimension, filter: of }) => dimension === first && Array.isArray(of))?.filter;
  if (rollup.order !== "value" || first === undefined || !Array.isArray(filter)) return null;
  const type = model.dimensions[first]!.type;
  const of = typed(type);
  return rollup.row_groups.flatMap(({ first: low, last: high }, at) => {
    if (low === undefined || high === undefined) return [at];
    const mayHold = (filter as readonly unknown[]).some((value) => {
      // Nulls are last.
      if (value === null) return high === null;
      if (low === null) return false;
      const text = String(value);
      const [above, below] = [of.against(low, text), high === null ? 1 : of.against(high, text)];
      return above !== null && below !== null && above <= 0 && below >= 0;
    });
    return mayHold || matcher(filter, type)(low) ? [at] : [];
  });
}
