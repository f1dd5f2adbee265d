/** Filters with groups: conditions joined by and, or, none of, in each other. For editing and for reading aloud. */
import type { Filter } from "./api/schema";
import { type SingleCondition, conditionOf, describeSingle, termOf } from "./condition";

/** How a group joins its parts; "none" where no part may hold. */
export type Join = "and" | "or" | "none";

export interface FilterGroup {
  kind: "group";
  join: Join;
  parts: FilterNode[];
}

export type FilterNode = FilterGroup | { kind: "term"; condition: SingleCondition };

const group = (join: Join, parts: FilterNode[]): FilterGroup => ({ kind: "group", join, parts });

function nodesOf(filters: unknown): FilterNode[] | null {
  if (!Array.isArray(filters)) return null;
  const nodes = filters.map((each) => nodeOf(each as Filter));
  return nodes.every((node) => node !== null) ? nodes : null;
}

function memberOf(name: string, value: unknown): FilterNode | null {
  if (name === "and" || name === "or") {
    const parts = nodesOf(value);
    return parts && group(name, parts);
  }
  if (name !== "not") {
    const condition = conditionOf(name, value);
    return condition && { kind: "term", condition };
  }
  const inner = nodeOf(value as Filter);
  if (!inner) return null;
  // Not (a or b) is none of a, b.
  return group("none", inner.kind === "group" && inner.join === "or" ? inner.parts : [inner]);
}

/** A filter as a tree; null where some of it has no form. */
export function nodeOf(filter: Filter): FilterNode | null {
  if (typeof filter !== "object" || filter === null) return null;
  const members = Object.entries(filter).map(([name, value]) => memberOf(name, value));
  if (!members.every((member) => member !== null)) return null;
  return members.length === 1 ? (members[0] ?? null) : group("and", members);
}

/** The same as a group, for a form that begins with one. */
export function groupOf(filter: Filter | undefined): FilterGroup | null {
  if (!filter) return group("and", []);
  const node = nodeOf(filter);
  return !node || node.kind === "group" ? node : group("and", [node]);
}

/** The server's filter; undefined where nothing is left: empty groups say nothing. */
export function filterOf(node: FilterNode): Filter | undefined {
  if (node.kind === "term") return { [node.condition.column]: termOf(node.condition) } as Filter;
  const parts = node.parts.map(filterOf).filter((part) => part !== undefined);
  const [only] = parts;
  if (!only) return undefined;
  if (node.join === "none") return { not: parts.length === 1 ? only : { or: parts } } as Filter;
  return parts.length === 1 ? only : ({ [node.join]: parts } as Filter);
}

/** In words: "country = Malta or not (id < 5 or id > 9)". */
export function wordsOf(node: FilterNode, inner = false): string {
  if (node.kind === "term") return describeSingle(node.condition);
  const words = node.parts.map((part) => wordsOf(part, node.parts.length > 1 || node.join === "none"));
  if (node.join === "none") return `not (${words.join(" or ")})`;
  const joined = words.join(` ${node.join} `);
  return inner && words.length > 1 ? `(${joined})` : joined;
}
