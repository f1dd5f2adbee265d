/** Numbers of a tile as CSV: every digit, as the server's CSV writes it; NULL is nothing, the empty text "". */
import type { Digits } from "@canvasback/values/figureText";
import { dateText } from "@canvasback/charts/timeAxis";
import { keyOf } from "./labels";
import type { TimeShape } from "./timeShape";
import type { Answer } from "./source";

function cell(text: Digits): string {
  if (text === null) return "";
  // What a spreadsheet would take for a formula stays text there.
  const safe = /^[=+\-@\t\r]/.test(text) && !/^[-+]?\d/.test(text) ? `'${text}` : text;
  return safe === "" || /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const lines = (rows: readonly (readonly Digits[])[]): string =>
  rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");

/** As the answer has it: a line for each group. */
export function csvOf(answer: Answer, compareName: string): string {
  const head = answer.columns.map(({ name, role }) => (role === "compare" ? `${name} (${compareName})` : name));
  return lines([head, ...answer.rows.map((row) => row.map(keyOf))]);
}

/** As the chart has it: a line for each place, a column for each series. */
export function csvOfTime({ grain, places, series }: TimeShape): string {
  const time = (local: number, at: number): string =>
    grain === "hour" ? new Date(at).toISOString().replace(".000Z", "Z") : dateText(local);
  const rows = places.map(({ at, local }, index) => [
    time(local, at),
    ...series.map(({ figures }) => figures[index] ?? null),
  ]);
  return lines([["time", ...series.map(({ name }) => name)], ...rows]);
}

/** A file's name of a title. */
export function fileName(title: string, ending: string): string {
  const name = title
    .normalize("NFKD")
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .toLowerCase();
  return `${name.slice(0, 60) || "tile"}.${ending}`;
}
