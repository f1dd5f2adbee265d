/**
 * Groups as a data frame of the grid, by pages that the server computes. Most tables are one page. A pivot has columns
 * for values of its column, which are known when the frame is opened; the cells of a page are asked for beside its
 * groups.
 */
import type { AggregateRequest, Filter } from "@canvasback/client/api/schema";
import { isAbort } from "@canvasback/client/api/error";
import type { CellRange, DataFrame, GridColumn } from "@canvasback/frame/dataFrame";
import { SharedLoads } from "@canvasback/frame/loads";
import { type RowBlock, cellOf } from "@canvasback/frame/rowBlock";
import { labelOf } from "@canvasback/values/visibleText";
import {
  type GroupKey,
  type Grouping,
  type Measure,
  ROWS,
  labelOfKey,
  labelOfMeasure,
  tokenOfKey,
  tokenOfMeasure,
} from "../state/grouping";
import { isAdditive, sumOf } from "./additive";
import {
  type Value,
  cellsRequest,
  groupsRequest,
  measuresOf,
  othersTotalRequest,
  pivotValuesRequest,
  pivotedOf,
  totalsRequest,
  withinGroups,
} from "./requests";

/** What a column of a grouped table is. */
export type GroupColumn = GridColumn &
  (
    | { role: "key"; key: GroupKey; token: string }
    | { role: "measure"; measure: Measure; token: string }
    /** A measure of one value of the pivot; of all the others together where there is none. */
    | { role: "cell"; measure: Measure; value: Value; isRest: boolean }
  );

export interface GroupSource {
  grouping: Grouping;
  filter: Filter | undefined;
  /** Types of the dataset's columns. */
  types: ReadonlyMap<string, string>;
  ask(request: AggregateRequest, signal: AbortSignal): Promise<RowBlock>;
}

export const PAGE_GROUPS = 5000;
const PIVOT_PAGE_GROUPS = 1000;

const value = (block: RowBlock, column: number, row: number): Value => {
  const found = block.columns[column];
  return found ? cellOf(found, row) : null;
};

const keyText = (values: readonly Value[]): string => JSON.stringify(values);

function typeOfMeasure({ function: name, column }: Measure, types: ReadonlyMap<string, string>): string {
  if (name === "count" || name === "distinct") return "BIGINT";
  const type = types.get(column ?? "") ?? "DOUBLE";
  return name === "min" || name === "max" || name === "median" || name === "sum" ? type : "DOUBLE";
}

interface Pivot {
  values: Value[];
  hasRest: boolean;
  /** By value, then by measure; the rest last. */
  totals: Value[][];
}

interface Page {
  groups: RowBlock;
  /** By group, then by the columns of the pivot. */
  cells: Value[][] | null;
}

async function pivotOf(source: GroupSource, signal: AbortSignal): Promise<Pivot> {
  const { grouping, filter, ask } = source;
  const found = await ask(pivotValuesRequest(grouping, filter), signal);
  const count = Math.min(found.rows, grouping.top);
  const measures = pivotedOf(grouping);
  const rows = Array.from({ length: count }, (_, row) => ({
    value: value(found, 0, row),
    totals: measures.map((_, at) => value(found, 2 + at, row)),
  }));
  // Periods stand in the order of time.
  if (grouping.pivot?.granularity) rows.sort((a, b) => ((a.value ?? "~") < (b.value ?? "~") ? -1 : 1));
  const values = rows.map((row) => row.value);
  const totals = rows.map((row) => row.totals);
  const hasRest = found.rows > grouping.top;
  if (hasRest) {
    const rest = await ask(othersTotalRequest(grouping, filter, values), signal);
    totals.push(measures.map((_, at) => value(rest, at, 0)));
  }
  return { values, hasRest, totals };
}

/** Of groups that are all there. Without any, nothing was counted, and nothing added. */
function totalsOf(groups: RowBlock, { keys, measures }: Grouping): Value[] {
  return [ROWS, ...measures].map((measure, at) => {
    const sum = sumOf(Array.from({ length: groups.rows }, (_, row) => value(groups, keys.length + at, row)));
    return measure.function === "count" ? (sum ?? "0") : sum;
  });
}

function columnsOf({ grouping, types }: GroupSource, pivot: Pivot | null): GroupColumn[] {
  const keys = grouping.keys.map((key): GroupColumn => ({
    name: labelOfKey(key),
    type: types.get(key.column) ?? "VARCHAR",
    role: "key",
    key,
    token: tokenOfKey(key),
  }));
  const measures = measuresOf(grouping).map((measure): GroupColumn => ({
    name: labelOfMeasure(measure),
    type: typeOfMeasure(measure, types),
    role: "measure",
    measure,
    token: tokenOfMeasure(measure),
  }));
  const pivoted = pivotedOf(grouping);
  const cells = (pivot ? [...pivot.values, ...(pivot.hasRest ? [undefined] : [])] : []).flatMap((each) =>
    pivoted.map((measure): GroupColumn => {
      const label = each === undefined ? "All others" : labelOf(each);
      return {
        name: pivoted.length > 1 ? `${label} · ${labelOfMeasure(measure)}` : label,
        type: typeOfMeasure(measure, types),
        role: "cell",
        measure,
        value: each ?? null,
        isRest: each === undefined,
      };
    }),
  );
  return [...keys, ...measures, ...cells];
}

export class GroupFrame implements DataFrame {
  readonly columns: readonly GroupColumn[];
  readonly epoch = 0;
  /** By column, of all rows; null under keys. */
  readonly totals: readonly Value[];
  /** How many rows were grouped. */
  readonly rowsOfAll: number;
  rowCount = 0;
  rowCountExact = false;
  error: Error | null = null;
  private readonly source: GroupSource;
  private readonly pivot: Pivot | null;
  private readonly pageGroups: number;
  private readonly pages = new Map<number, Page>();
  private readonly loads = new SharedLoads();
  private readonly listeners = new Set<() => void>();

  private constructor(source: GroupSource, pivot: Pivot | null, own: readonly Value[], first: Page) {
    this.source = source;
    this.pivot = pivot;
    this.columns = columnsOf(source, pivot);
    this.pageGroups = pivot ? PIVOT_PAGE_GROUPS : PAGE_GROUPS;
    const { keys } = source.grouping;
    this.totals = [...keys.map(() => null), ...own, ...(pivot?.totals.flat() ?? [])];
    this.rowsOfAll = Number(own[0] ?? 0);
    this.take(0, first);
  }

  /** Resolves when the first page is there. */
  static async open(source: GroupSource, signal: AbortSignal): Promise<GroupFrame> {
    const measures = measuresOf(source.grouping);
    const ask = async (): Promise<Value[]> => {
      const totals = await source.ask(totalsRequest(source.grouping, source.filter), signal);
      return measures.map((_, at) => value(totals, at, 0));
    };
    // Where they follow from few groups, all rows are looked at once.
    const asked = measures.every((each) => isAdditive(each, source.types)) ? null : ask();
    // Whoever waits first tells of a failure.
    asked?.catch(() => undefined);
    const pivot = source.grouping.pivot ? await pivotOf(source, signal) : null;
    const size = pivot ? PIVOT_PAGE_GROUPS : PAGE_GROUPS;
    const first = await pageOf(source, pivot, 0, size, signal);
    const isWhole = first.groups.rows < size;
    const totals = asked ?? (isWhole ? totalsOf(first.groups, source.grouping) : ask());
    return new GroupFrame(source, pivot, await totals, first);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  getCell(row: number, column: number): string | null | undefined {
    const page = this.pages.get(Math.floor(row / this.pageGroups));
    const within = row % this.pageGroups;
    if (!page || within >= page.groups.rows) return undefined;
    const own = page.groups.columns[column];
    if (own) return cellOf(own, within);
    return page.cells?.[within]?.[column - page.groups.columns.length] ?? null;
  }

  wholeBytes(): number {
    return 0;
  }

  /** The values of a group's keys; null while it is not loaded. */
  group(row: number): Value[] | null {
    const values = this.source.grouping.keys.map((_, at) => this.getCell(row, at));
    return values.every((each) => each !== undefined) ? values : null;
  }

  async fetch(range: CellRange, signal: AbortSignal): Promise<void> {
    const waits: Promise<void>[] = [];
    const last = Math.floor(Math.max(range.rowStart, range.rowEnd - 1) / this.pageGroups);
    for (let page = Math.floor(range.rowStart / this.pageGroups); page <= last; ++page) {
      if (this.pages.has(page)) continue;
      const load = this.loads.get(page) ?? this.loads.start([page], (wanted) => this.load(page, wanted));
      waits.push(this.loads.join(load, signal));
    }
    await Promise.all(waits);
  }

  /** A range as tab-separated text: what is copied. */
  async text(range: CellRange, signal: AbortSignal, headers: boolean): Promise<{ text: string; rows: number }> {
    await this.fetch(range, signal);
    const rowEnd = Math.min(range.rowEnd, this.rowCount);
    const field = (text: string): string => (/["\t\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const lines = headers ? [range.columns.map((column) => field(this.columns[column]?.name ?? "")).join("\t")] : [];
    for (let row = range.rowStart; row < rowEnd; ++row) {
      lines.push(range.columns.map((column) => field(this.getCell(row, column) ?? "")).join("\t"));
    }
    return { text: lines.join("\n"), rows: rowEnd - range.rowStart };
  }

  dispose(): void {
    this.loads.abortAll();
    this.listeners.clear();
  }

  private async load(page: number, signal: AbortSignal): Promise<void> {
    try {
      this.take(page, await pageOf(this.source, this.pivot, page * this.pageGroups, this.pageGroups, signal));
      this.error = null;
    } catch (error) {
      if (!isAbort(error)) this.error = error as Error;
      throw error;
    } finally {
      for (const listener of this.listeners) listener();
    }
  }

  private take(number: number, page: Page): void {
    this.pages.set(number, page);
    const end = number * this.pageGroups + page.groups.rows;
    if (page.groups.rows < this.pageGroups) {
      this.rowCount = end;
      this.rowCountExact = true;
    } else if (!this.rowCountExact) {
      // Another page at least may be behind it; its place can be scrolled to, and it says how many there are.
      this.rowCount = Math.max(this.rowCount, end + this.pageGroups);
    }
  }
}

async function pageOf(
  source: GroupSource,
  pivot: Pivot | null,
  offset: number,
  size: number,
  signal: AbortSignal,
): Promise<Page> {
  const { grouping, filter, ask } = source;
  const groups = await ask(groupsRequest(grouping, filter, offset, size), signal);
  if (!pivot || groups.rows === 0) return { groups, cells: null };
  const keys = grouping.keys.length;
  const keysOf = (block: RowBlock, row: number): Value[] =>
    Array.from({ length: keys }, (_, at) => value(block, at, row));
  const places = new Map(
    Array.from({ length: groups.rows }, (_, row) => [keyText(keysOf(groups, row)), row] as const),
  );
  const whole = offset === 0 && groups.rows < size;
  const some = whole
    ? undefined
    : withinGroups(
        grouping.keys,
        Array.from({ length: groups.rows }, (_, row) => keysOf(groups, row)),
      );
  const measures = pivotedOf(grouping).length;
  const width = (pivot.values.length + (pivot.hasRest ? 1 : 0)) * measures;
  // Where a group has no rows of a value, there is nothing to sum, and what is counted is none.
  const none = pivotedOf(grouping).map((each): Value => (["count", "distinct"].includes(each.function) ? "0" : null));
  const cells = Array.from({ length: groups.rows }, () =>
    Array.from({ length: width }, (_, at): Value => none[at % measures] ?? null),
  );
  const placeOf = new Map(pivot.values.map((each, at) => [keyText([each]), at * measures]));
  const put = (block: RowBlock, isRest: boolean): void => {
    for (let row = 0; row < block.rows; ++row) {
      const into = cells[places.get(keyText(keysOf(block, row))) ?? -1];
      const at = isRest ? pivot.values.length * measures : placeOf.get(keyText([value(block, keys, row)]));
      if (!into || at === undefined) continue;
      for (let i = 0; i < measures; ++i) into[at + i] = value(block, keys + (isRest ? 0 : 1) + i, row);
    }
  };
  const waits = [
    ask(cellsRequest(grouping, filter, pivot.values, false, some), signal).then((block) => put(block, false)),
  ];
  if (pivot.hasRest) {
    waits.push(
      ask(cellsRequest(grouping, filter, pivot.values, true, some), signal).then((block) => put(block, true)),
    );
  }
  await Promise.all(waits);
  return { groups, cells };
}
