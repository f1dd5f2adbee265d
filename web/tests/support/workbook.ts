/** Reads the cells of a workbook: a ZIP directory, the shared texts, and the sheets' rows. */
import { inflateRawSync } from "node:zlib";

const DIRECTORY_END = 0x06054b50;
const ENTRY = 0x02014b50;

/** The files of a ZIP archive, by their names. */
export function unzip(archive: Buffer): ReadonlyMap<string, Buffer> {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0 || archive.readUInt32LE(end) !== DIRECTORY_END) throw new Error("no end of a ZIP directory");
  const files = new Map<string, Buffer>();
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; --left) {
    if (archive.readUInt32LE(at) !== ENTRY) throw new Error("no entry of a ZIP directory");
    const method = archive.readUInt16LE(at + 10);
    const packed = archive.readUInt32LE(at + 20);
    const [name, extra, comment] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    const local = archive.readUInt32LE(at + 42);
    const begin = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const bytes = archive.subarray(begin, begin + packed);
    files.set(archive.toString("utf8", at + 46, at + 46 + name), method === 0 ? bytes : inflateRawSync(bytes));
    at += 46 + name + extra + comment;
  }
  return files;
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

const plain = (xml: string): string =>
  xml.replaceAll(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (_, hex, decimal, name) =>
    name ? (ENTITIES[name] ?? "?") : String.fromCodePoint(hex ? parseInt(hex, 16) : Number(decimal)),
  );

const textsIn = (xml: string): string =>
  [...xml.matchAll(/<t(?:\s[^>]*)?>([\s\S]*?)<\/t>/g)].map(([, text]) => plain(text ?? "")).join("");

/** "C7" is in column 2. */
function columnOf(reference: string): number {
  const letters = /^[A-Z]+/.exec(reference)?.[0] ?? "A";
  return [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

export type WorkbookCell = string | number | boolean | null;

function cellOf(attributes: string, body: string, shared: readonly string[]): WorkbookCell {
  const type = /\bt="(\w+)"/.exec(attributes)?.[1] ?? "n";
  if (type === "inlineStr") return textsIn(body);
  const value = /<v>([\s\S]*?)<\/v>/.exec(body)?.[1];
  if (value === undefined) return null;
  if (type === "s") return shared[Number(value)] ?? null;
  if (type === "b") return value === "1";
  return type === "n" ? Number(value) : plain(value);
}

/** The rows of a sheet, counted from 1. */
export function sheetOf(workbook: Buffer, sheet = 1): WorkbookCell[][] {
  const files = unzip(workbook);
  const strings = files.get("xl/sharedStrings.xml")?.toString("utf8") ?? "";
  const shared = [...strings.matchAll(/<si>([\s\S]*?)<\/si>/g)].map(([, each]) => textsIn(each ?? ""));
  const xml = files.get(`xl/worksheets/sheet${sheet}.xml`)?.toString("utf8");
  if (xml === undefined) throw new Error(`no sheet ${sheet}`);
  return [...xml.matchAll(/<row\b[^>]*?(?:\/>|>([\s\S]*?)<\/row>)/g)].map(([, row]) => {
    const cells: WorkbookCell[] = [];
    for (const [, attributes, body] of (row ?? "").matchAll(/<c\b([^>]*?)(?:\/>|>([\s\S]*?)<\/c>)/g)) {
      const place = columnOf(/\br="([A-Z]+\d+)"/.exec(attributes ?? "")?.[1] ?? "");
      while (cells.length < place) cells.push(null);
      cells.push(cellOf(attributes ?? "", body ?? "", shared));
    }
    return cells;
  });
}
