/**
 * Files of a static host, whose sizes are known before they are asked for. Small ones are fetched whole; of others only
 * ranges are read, and a host that does not answer them as it must is told about: never a wrong byte, never a silent
 * download of everything.
 */

/** What a host does wrong, and what to configure there. */
export class HostError extends Error {
  override readonly name = "HostError";
  /** The file is not there: another generation may have been published. */
  readonly isMissing: boolean;

  constructor(message: string, isMissing = false) {
    super(message);
    this.isMissing = isMissing;
  }
}

export interface HostFile {
  url: string;
  bytes: number;
}

export interface ByteRange {
  start: number;
  end: number;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Files up to this size are fetched whole: a range needs the footer first, which is one round trip more. */
export const WHOLE_BYTES_MAX = 512 * 1024;
/** Bytes between two ranges that are read along, since another request costs more. */
const GAP_BYTES_MAX = 64 * 1024;

const nameOf = (url: string): string => url.split(/[?#]/)[0]!.split("/").slice(-2).join("/");

const usualFetch: Fetch = (url, init) => fetch(url, init);

async function answered(fetchOf: Fetch, url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetchOf(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new HostError(`${nameOf(url)} could not be fetched: the host cannot be reached.`);
  }
  if (response.ok) return response;
  void response.body?.cancel();
  const isMissing = response.status === 404 || response.status === 410;
  throw new HostError(`${nameOf(url)} could not be fetched: the host answered ${response.status}.`, isMissing);
}

/** The whole file by a plain GET; in a content encoding, if the host likes, for that is undone below us. */
export async function fetchWhole(file: HostFile, signal: AbortSignal, fetchOf = usualFetch): Promise<ArrayBuffer> {
  const response = await answered(fetchOf, file.url, { signal });
  const buffer = await response.arrayBuffer();
  if (buffer.byteLength === file.bytes) return buffer;
  throw new HostError(
    `${nameOf(file.url)} has ${buffer.byteLength} bytes instead of ${file.bytes}: the host changes files, or the ` +
      "copy of the site there is not complete. Files below data/ must be served as they are.",
  );
}

/** What is wrong with the answer to a range; null where it is as it must be. */
function rangeProblem(response: Response, { start, end }: ByteRange, file: HostFile): string | null {
  const name = nameOf(file.url);
  if (response.status !== 206) {
    return (
      `${name} has ${file.bytes} bytes, of which a part is needed, but the host answers ranges with the whole file. ` +
      "Serve data/ with byte ranges (Accept-Ranges: bytes), without compression."
    );
  }
  const encoding = response.headers.get("content-encoding");
  if (encoding !== null && encoding !== "identity") {
    return (
      `The host compresses ${name} (${encoding}), which shifts byte ranges. ` +
      "Turn compression off for data/*.parquet."
    );
  }
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  if (!range) {
    return (
      `The host answers a range of ${name} without a readable Content-Range. ` +
      "Where the data is of another origin, send Access-Control-Expose-Headers: Content-Range, Content-Encoding."
    );
  }
  const [from, to, total] = range.slice(1).map(Number);
  if (total !== file.bytes) {
    return (
      `${name} has ${total} bytes on the host instead of ${file.bytes}: ` +
      "the copy of the site there is not complete."
    );
  }
  return from === start && to === end - 1 ? null : `The host answers another range of ${name} than was asked for.`;
}

async function fetchRange(
  file: HostFile,
  range: ByteRange,
  signal: AbortSignal,
  fetchOf: Fetch,
): Promise<ArrayBuffer> {
  // Of our own, so that what comes behind a wrong answer's head is not downloaded.
  const abort = new AbortController();
  const onAbort = (): void => abort.abort(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const headers = { range: `bytes=${range.start}-${range.end - 1}` };
    const response = await answered(fetchOf, file.url, { headers, signal: abort.signal });
    const problem = rangeProblem(response, range, file);
    if (problem !== null) {
      void response.body?.cancel().catch(() => undefined);
      abort.abort();
      throw new HostError(problem);
    }
    const buffer = await response.arrayBuffer();
    if (buffer.byteLength === range.end - range.start) return buffer;
    throw new HostError(
      `The host answers ${buffer.byteLength} bytes of ${nameOf(file.url)} to a range of another length.`,
    );
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Ranges with those joined that lie next to each other, in order of their starts. */
export function joined(ranges: readonly ByteRange[], gap = GAP_BYTES_MAX): ByteRange[] {
  const out: ByteRange[] = [];
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = out.at(-1);
    if (last && start <= last.end + gap) last.end = Math.max(last.end, end);
    else out.push({ start, end });
  }
  return out;
}

/** Bytes of these ranges, in their order; neighbours come with one request. */
export async function fetchRanges(
  file: HostFile,
  ranges: readonly ByteRange[],
  signal: AbortSignal,
  fetchOf = usualFetch,
): Promise<ArrayBuffer[]> {
  const requests = joined(ranges);
  const buffers = await Promise.all(requests.map((range) => fetchRange(file, range, signal, fetchOf)));
  return ranges.map(({ start, end }) => {
    const at = requests.findIndex((range) => range.start <= start && end <= range.end);
    return buffers[at]!.slice(start - requests[at]!.start, end - requests[at]!.start);
  });
}

/** A JSON document of the site. `isFresh`: not one that a cache has. */
export async function fetchJson<T>(
  url: string,
  signal: AbortSignal,
  { isFresh = false, fetchOf = usualFetch }: { isFresh?: boolean; fetchOf?: Fetch } = {},
): Promise<T> {
  const response = await answered(fetchOf, url, { signal, ...(isFresh ? { cache: "no-cache" } : {}) });
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new HostError(`${nameOf(url)} is not JSON: the host answers with another page.`);
  }
}
