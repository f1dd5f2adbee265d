/**
 * What a grouped table asks the server for. Result columns have names of their own here (k0, m0): any column of the
 * data may be a key, whatever it is called.
 */
import type { AggregateRequest, Filter } from "@canvasback/client/api/schema";
import { type Condition, toFilter } from "@canvasback/client/filters";
import {
  type Granularity,
  type GroupKey,
  type Grouping,
  type Measure,
  ROWS,
  groupOrder,
  labelOfKey,
  labelOfMeasure,
  tokenOfKey,
  tokenOfMeasure,
} from "../state/grouping";

export type Value = string | null;

const AS_SERVER: Record<Measure["function"], string> = {
  sum: "sum",
  mean: "mean",
  median: "median",
  min: "min",
  max: "max",
  count: "count",
  distinct: "count_distinct",
};

export function keyMember({ column, granularity }: GroupKey, as: string) {
  return granularity ? { column, granularity, as } : { column, as };
}

export function measureMember(measure: Measure, as: string) {
  const named = AS_SERVER[measure.function] as "sum";
  return measure.column === null
    ? { function: "count" as const, as }
    : { function: named, column: measure.column, as };
}

/** All measures: the rows, then those that were chosen. */
export const measuresOf = (grouping: Grouping): Measure[] => [ROWS, ...grouping.measures];

/** Measures that a pivot spreads over its columns: the chosen ones, else the rows. */
export const pivotedOf = (grouping: Grouping): Measure[] =>
  grouping.measures.length > 0 ? [...grouping.measures] : [ROWS];

function sortText(grouping: Grouping): string {
  const names = new Map<string, string>();
  grouping.keys.forEach((key, at) => names.set(tokenOfKey(key), `k${at}`));
  measuresOf(grouping).forEach((measure, at) => names.set(tokenOfMeasure(measure), `m${at}`));
  return groupOrder(grouping)
    .flatMap(({ column, descending }) => {
      const name = names.get(column);
      return name ? [(descending ? "-" : "") + name] : [];
    })
    .join(",");
}

type Body = AggregateRequest;
const withFilter = (filter: Filter | undefined): Pick<Body, "filter"> => (filter ? { filter } : {});
const both = (...filters: (Filter | undefined)[]): Filter | undefined =>
  toFilter(filters.flatMap((filter): Condition[] => (filter ? [{ column: "", kind: "other", filter }] : [])));

/** The groups from a place on, with their measures. */
export function groupsRequest(grouping: Grouping, filter: Filter | undefined, offset: number, limit: number): Body {
  return {
    group_by: grouping.keys.map((key, at) => keyMember(key, `k${at}`)),
    measures: measuresOf(grouping).map((measure, at) => measureMember(measure, `m${at}`)),
    ...withFilter(filter),
    sort: sortText(grouping),
    offset,
    limit,
  };
}

/** One row: the measures of all rows; behind them, where there is one key, how many groups it has. */
export function totalsRequest(grouping: Grouping, filter: Filter | undefined): Body {
  const measures = measuresOf(grouping).map((measure, at) => measureMember(measure, `m${at}`));
  return { measures, ...withFilter(filter) };
}

/** The values of the pivot's column, the most frequent first, one more than are shown: whether there is a rest. */
export function pivotValuesRequest(grouping: Grouping, filter: Filter | undefined): Body {
  const pivot = grouping.pivot as GroupKey;
  return {
    group_by: [keyMember(pivot, "p")],
    measures: [
      measureMember(ROWS, "rows"),
      ...pivotedOf(grouping).map((measure, at) => measureMember(measure, `m${at}`)),
    ],
    ...withFilter(filter),
    sort: "-rows,p",
    limit: grouping.top + 1,
  };
}

/** Of some groups the cells of some values of the pivot; of all others together where `others` is set. */
export function cellsRequest(
  grouping: Grouping,
  filter: Filter | undefined,
  values: readonly Value[],
  others: boolean,
  groups: Filter | undefined,
): Body {
  const pivot = grouping.pivot as GroupKey;
  const among = anyOf(pivot, values);
  const keys = grouping.keys.map((key, at) => keyMember(key, `k${at}`));
  return {
    group_by: others ? keys : [...keys, keyMember(pivot, "p")],
    measures: pivotedOf(grouping).map((measure, at) => measureMember(measure, `m${at}`)),
    ...withFilter(both(filter, others ? ({ not: among } as Filter) : among, groups)),
  };
}

/** The measures of all rows whose value of the pivot is none of these. */
export function othersTotalRequest(grouping: Grouping, filter: Filter | undefined, values: readonly Value[]): Body {
  const rest = { not: anyOf(grouping.pivot as GroupKey, values) } as Filter;
  return {
    measures: pivotedOf(grouping).map((measure, at) => measureMember(measure, `m${at}`)),
    ...withFilter(both(filter, rest)),
  };
}

const STEPS: Record<Granularity, (at: Date) => void> = {
  year: (at) => at.setUTCFullYear(at.getUTCFullYear() + 1),
  quarter: (at) => at.setUTCMonth(at.getUTCMonth() + 3),
  month: (at) => at.setUTCMonth(at.getUTCMonth() + 1),
  week: (at) => at.setUTCDate(at.getUTCDate() + 7),
  day: (at) => at.setUTCDate(at.getUTCDate() + 1),
  hour: (at) => at.setUTCHours(at.getUTCHours() + 1),
  minute: (at) => at.setUTCMinutes(at.getUTCMinutes() + 1),
};

const PLAIN_TIME = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.0+)?(Z?))?$/;

/** The beginning of the period behind that of a value, written as that is; null for what has none (year 10000, BC). */
export function nextPeriod(value: string, granularity: Granularity): string | null {
  const found = PLAIN_TIME.exec(value);
  if (!found) return null;
  const at = new Date(found[4] === undefined ? `${value}T00:00:00Z` : `${value.slice(0, 19)}Z`);
  STEPS[granularity](at);
  const text = at.toISOString();
  if (!/^\d{4}-/.test(text)) return null;
  return found[4] === undefined ? text.slice(0, 10) : text.slice(0, 19) + (found[7] ?? "");
}

/** Conditions that hold for the rows of one value of a key. */
export function conditionsOf({ column, granularity }: GroupKey, value: Value): Condition[] {
  if (value === null) return [{ column, kind: "null", isNull: true }];
  if (granularity === null) return [{ column, kind: "compare", op: "eq", value }];
  const end = nextPeriod(value, granularity);
  const from: Condition = { column, kind: "compare", op: "ge", value };
  return end === null ? [from] : [from, { column, kind: "compare", op: "lt", value: end }];
}

/** Rows whose key has one of these values. */
export function anyOf(key: GroupKey, values: readonly Value[]): Filter {
  if (key.granularity === null) return { [key.column]: { op: "in", value: values } } as unknown as Filter;
  return { or: values.map((value) => toFilter(conditionsOf(key, value)) ?? {}) } as unknown as Filter;
}

/**
 * Rows of some groups, and perhaps of others: every key is one of its values there. That is what can be said shortly;
 * who asks takes the groups it meant.
 */
export function withinGroups(keys: readonly GroupKey[], groups: readonly (readonly Value[])[]): Filter | undefined {
  const parts = keys.flatMap((key, at) =>
    key.granularity === null ? [anyOf(key, [...new Set(groups.map((group) => group[at] ?? null))])] : [],
  );
  return both(...parts);
}

/** Conditions for the rows of a group, in place of those on the same columns that they leave no room for. */
export function drilled(conditions: readonly Condition[], keys: readonly GroupKey[], group: readonly Value[]) {
  const added = keys.flatMap((key, at) => conditionsOf(key, group[at] ?? null));
  const exact = new Set(
    keys.flatMap((key, at) => (key.granularity === null || group[at] === null ? key.column : [])),
  );
  return [...conditions.filter(({ column }) => !exact.has(column)), ...added];
}

/** The same table as one request with readable names, for a file or to be copied. */
export function namedRequest(grouping: Grouping, filter: Filter | undefined): Body {
  const taken = new Set<string>();
  const unique = (label: string): string => {
    let name = label;
    for (let i = 2; taken.has(name.toLowerCase()); ++i) name = `${label} ${i}`;
    taken.add(name.toLowerCase());
    return name;
  };
  const named = new Map<string, string>();
  const all = [...grouping.keys, ...(grouping.pivot ? [grouping.pivot] : [])];
  const group_by = all.map((key) => {
    const as = unique(labelOfKey(key));
    named.set(tokenOfKey(key), as);
    return keyMember(key, as);
  });
  const measures = measuresOf(grouping).map((measure) => {
    const as = unique(labelOfMeasure(measure));
    named.set(tokenOfMeasure(measure), as);
    return measureMember(measure, as);
  });
  const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
  const sort = groupOrder(grouping).flatMap(({ column, descending }) => {
    const name = named.get(column);
    return name === undefined ? [] : [(descending ? "-" : "") + quoted(name)];
  });
  return { group_by, measures, ...withFilter(filter), sort: sort.join(",") };
}
