/** Sending records: with how much of them has gone, which `fetch` does not tell, and where a pasted text is broken. */
import { randomId } from "@canvasback/values/randomId";
import { ApiError, OfflineError } from "./api/error";
import { queryOf } from "./api/client";
import type { IngestAnswer, RecordProblem } from "./api/schema";

export interface IngestOptions {
  collection: string;
  /** What a bad record does. */
  onError: "reject" | "quarantine";
  signal?: AbortSignal;
  /** Bytes that have gone, of all. */
  progress?: (sent: number, all: number) => void;
}

/** The media types of what a file's name ends with; others the server tells by looking. */
const TYPES: readonly (readonly [RegExp, string])[] = [
  [/\.(nd)?jsonl?(\.gz|\.zst)?$/i, "application/x-ndjson"],
  [/\.csv(\.gz|\.zst)?$/i, "text/csv"],
  [/\.parquet$/i, "application/vnd.apache.parquet"],
  [/\.arrows?$/i, "application/vnd.apache.arrow.stream"],
];

/** A file's name as a collection's: "Events 2025.ndjson.gz" is "events_2025". */
export function collectionNameOf(file: string): string {
  const base = file.replace(/(\.(gz|zst|ndjson|jsonl|json|csv|parquet|arrows?))+$/i, "").toLowerCase();
  const name = base.replace(/[^a-z0-9_]+/g, "_").replace(/^_+|_+$/g, "");
  return /^[a-z_]/.test(name) ? name : `records_${name}`;
}

function answerOf(request: XMLHttpRequest): IngestAnswer {
  let body: unknown;
  try {
    body = JSON.parse(request.responseText);
  } catch {
    body = { detail: request.responseText.slice(0, 500) || request.statusText };
  }
  if (request.status >= 200 && request.status < 300) return body as IngestAnswer;
  throw new ApiError(body as object, request.status);
}

/** Sends one body; the same key makes sure that it is kept once, however often it is sent. */
function post(url: string, headers: Record<string, string>, body: XMLHttpRequestBodyInit, options: IngestOptions) {
  return new Promise<IngestAnswer>((resolve, reject) => {
    const { signal } = options;
    if (signal?.aborted) return reject(signal.reason as Error);
    const request = new XMLHttpRequest();
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.setRequestHeader("idempotency-key", randomId());
    request.upload.onprogress = (event) => options.progress?.(event.loaded, event.total);
    request.onload = () => {
      try {
        resolve(answerOf(request));
      } catch (error) {
        reject(error as Error);
      }
    };
    request.onerror = () => reject(new OfflineError());
    signal?.addEventListener("abort", () => {
      request.abort();
      reject(signal.reason as Error);
    });
    request.send(body);
  });
}

const query = ({ collection, onError }: IngestOptions): string => queryOf({ collection, on_error: onError });

export function ingestText(text: string, options: IngestOptions): Promise<IngestAnswer> {
  return post(`/ingest${query(options)}`, { "content-type": "application/json" }, text, options);
}

export function ingestFile(file: File, options: IngestOptions): Promise<IngestAnswer> {
  const [, type = "application/octet-stream"] = TYPES.find(([ending]) => ending.test(file.name)) ?? [];
  const encoding = /\.gz$/i.test(file.name) ? "gzip" : /\.zst$/i.test(file.name) ? "zstd" : null;
  const headers = { "content-type": type, ...(encoding ? { "content-encoding": encoding } : {}) };
  return post(`/ingest/file${query(options)}`, headers, file, options);
}

/**
 * The line of a pasted text, from 1, that a refused record is on: the server's where it tells it, else that of the
 * record, counted as JSON has them. Null where it cannot be told.
 */
export function lineOf(text: string, problem: RecordProblem): number | null {
  if (problem.line !== undefined) return problem.line;
  let [depth, records, line] = [0, 0, 1];
  let inText = false;
  let wrapped = false;
  for (let at = 0; at < text.length; ++at) {
    const character = text[at];
    if (character === "\n") line += 1;
    if (inText) {
      if (character === "\\") at += 1;
      else if (character === '"') inText = false;
    } else if (character === '"') inText = true;
    else if (character === "[" || character === "{") {
      // Records begin at the first brace, or inside the array (and the object around it) that they come in.
      wrapped ||= depth === 0 && /^\s*\{\s*"records"\s*:\s*\[/.test(text);
      const starts = character === "{" && depth === (wrapped ? 2 : text.trimStart().startsWith("[") ? 1 : 0);
      if (starts && records++ === problem.record) return line;
      depth += 1;
    } else if (character === "]" || character === "}") depth -= 1;
  }
  return null;
}
