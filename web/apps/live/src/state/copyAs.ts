/** The rows or groups of a page as a command, a program or a statement that gives the same. */
import type { AggregateRequest, Filter } from "@canvasback/client/api/schema";
import type { SortKey } from "@canvasback/client/stream/protocol";

export const COPY_KINDS = ["link", "curl", "python", "sql"] as const;
export type CopyKind = (typeof COPY_KINDS)[number];

export interface RowsView {
  /** Of the server: "http://127.0.0.1:8080". */
  origin: string;
  dataset: string;
  /** undefined where all are shown, in their own order. */
  columns: readonly string[] | undefined;
  /** With the search. */
  filter: Filter | undefined;
  sort: readonly SortKey[];
  /** The same as one statement. */
  sql: string;
}

const shellText = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A name in a list of the API. */
const listed = (name: string): string => (/[",]|^[-+]|^\s|\s$/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);

const sortText = (sort: readonly SortKey[]): string =>
  sort.map(({ column, descending }) => (descending ? "-" : "") + listed(column)).join(",");

const pathOf = ({ origin, dataset }: { origin: string; dataset: string }, action: string): string =>
  `${origin}/api/v1/datasets/${encodeURIComponent(dataset)}/${action}`;

const lines = (parts: readonly string[]): string => parts.join(" \\\n  ");

export function curlOfRows(view: RowsView): string {
  const member = (name: string, value: string): string => `--data-urlencode ${shellText(`${name}=${value}`)}`;
  const members = [
    ...(view.columns ? [member("columns", view.columns.map(listed).join(","))] : []),
    ...(view.filter ? [member("filter", JSON.stringify(view.filter))] : []),
    ...(view.sort.length > 0 ? [member("sort", sortText(view.sort))] : []),
  ];
  return lines([`curl -fsSG ${shellText(pathOf(view, "export"))}`, "-d format=csv", ...members, "-o -"]);
}

/** A value of JSON as Python writes it. */
export function pythonLiteral(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(", ")}]`;
  if (typeof value === "object") {
    const members = Object.entries(value).map(([name, each]) => `${pythonLiteral(name)}: ${pythonLiteral(each)}`);
    return `{${members.join(", ")}}`;
  }
  // JSON's texts are Python's, but for halves of surrogate pairs, which Python writes alike.
  return JSON.stringify(value);
}

const pythonHead = (origin: string): string =>
  `import canvasback as cb\n\nclient = cb.Client(${pythonLiteral(origin)})\n`;

const pythonSql = (origin: string, sql: string): string => {
  const text = /"""|\\/.test(sql) ? pythonLiteral(sql) : `"""\n${sql}\n"""`;
  return `${pythonHead(origin)}rows = client.sql(${text})\nprint(rows.to_list())\n`;
};

export function pythonOfRows(view: RowsView): string {
  // A sort by a name that begins like a direction has no form there.
  if (view.sort.some(({ column }) => /^[-+]/.test(column))) return pythonSql(view.origin, view.sql);
  const steps = [
    ...(view.filter ? [`.filter(${pythonLiteral(view.filter)})`] : []),
    ...(view.columns ? [`.select(${view.columns.map(pythonLiteral).join(", ")})`] : []),
    ...(view.sort.length > 0
      ? [`.sort(${view.sort.map((key) => pythonLiteral((key.descending ? "-" : "") + key.column)).join(", ")})`]
      : []),
  ];
  const chain = [`client[${pythonLiteral(view.dataset)}]`, ...steps].join("\n    ");
  const rows = steps.length > 0 ? `(\n    ${chain}\n)` : chain;
  return `${pythonHead(view.origin)}rows = ${rows}\nprint(rows.to_list())\n`;
}

export interface GroupsView {
  origin: string;
  dataset: string;
  /** null where one request does not give it (a pivot): then the statement does. */
  request: AggregateRequest | null;
  sql: string;
}

export function curlOfGroups(view: GroupsView): string {
  const body = view.request ?? { sql: view.sql };
  const path = view.request ? pathOf(view, "aggregate") : `${view.origin}/api/v1/query`;
  return lines([
    `curl -fsS ${shellText(path)}`,
    "-H 'content-type: application/json'",
    `-d ${shellText(JSON.stringify({ ...body, format: "csv" }))}`,
  ]);
}

export function pythonOfGroups({ origin, dataset, request, sql }: GroupsView): string {
  if (!request) return pythonSql(origin, sql);
  const filter = request.filter ? `.filter(${pythonLiteral(request.filter)})` : "";
  const measures = (request.measures ?? []).map((measure) => `    ${pythonLiteral(measure)},\n`).join("");
  return (
    `${pythonHead(origin)}groups = client[${pythonLiteral(dataset)}]${filter}.aggregate(\n${measures}` +
    `    group_by=${pythonLiteral(request.group_by)},\n    sort=${pythonLiteral(request.sort)},\n)\nprint(groups)\n`
  );
}
