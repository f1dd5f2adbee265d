import { describe, expect, it } from "vitest";

import { inlineDecoder } from "./decoder";
import { type Fetch, HostError, fetchJson, fetchRanges, fetchWhole, joined } from "./host";
import { ParquetFile } from "./parquetFile";
import { Shared } from "./shared";

const FILE = { url: "https://host.test/site/data/abc.parquet", bytes: 1000 };
const BYTES = Uint8Array.from({ length: FILE.bytes }, (_, i) => i % 251);
const never = (): AbortSignal => new AbortController().signal;

const rangeOf = (init: RequestInit): [number, number] => {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init.headers).get("range") ?? "") ?? [];
  return [Number(from), Number(to) + 1];
};

/** A host that does all right, but for what `change` does. */
function host(
  change: (response: { status: number; headers: Record<string, string>; body: Uint8Array }) => void,
): Fetch {
  return async (_, init) => {
    const [from, to] = rangeOf(init);
    const isRange = !Number.isNaN(from);
    const response = {
      status: isRange ? 206 : 200,
      headers: (isRange ? { "content-range": `bytes ${from}-${to - 1}/${FILE.bytes}` } : {}) as Record<
        string,
        string
      >,
      body: isRange ? BYTES.slice(from, to) : BYTES,
    };
    change(response);
    return new Response(response.body.slice(), response);
  };
}

const right = host(() => undefined);
const read = (fetchOf: Fetch) => fetchRanges(FILE, [{ start: 10, end: 20 }], never(), fetchOf);

describe("a range", () => {
  it("has the bytes that were asked for, and neighbours come with one request", async () => {
    const asked: [number, number][] = [];
    const counting: Fetch = (url, init) => {
      asked.push(rangeOf(init));
      return right(url, init);
    };
    const ranges = [{ start: 500, end: 510 }, { start: 10, end: 20 }, { start: 20, end: 25 }]; // prettier-ignore
    const parts = await fetchRanges(FILE, ranges, never(), counting);
    expect(parts.map((part) => [...new Uint8Array(part)])).toEqual(
      ranges.map(({ start, end }) => [...BYTES.slice(start, end)]),
    );
    expect(asked).toEqual([[10, 510]]);
    expect(joined(ranges, 0)).toEqual([{ start: 10, end: 25 }, { start: 500, end: 510 }]); // prettier-ignore
  });

  it("is refused where the host sends the whole file, which is not downloaded", async () => {
    let isCancelled = false;
    const whole: Fetch = async () =>
      new Response(new ReadableStream({ pull: (to) => to.enqueue(BYTES), cancel: () => void (isCancelled = true) }));
    await expect(read(whole)).rejects.toThrow(/whole file.*Accept-Ranges/);
    expect(isCancelled).toBe(true);
  });

  it.each([
    [
      "a content encoding",
      (r: { headers: Record<string, string> }) => (r.headers["content-encoding"] = "gzip"),
      /compress/,
    ],
    [
      "no Content-Range",
      (r: { headers: Record<string, string> }) => delete r.headers["content-range"],
      /Expose-Headers/,
    ],
    [
      "another size",
      (r: { headers: Record<string, string> }) => (r.headers["content-range"] = "bytes 10-19/999"),
      /not complete/,
    ],
    [
      "another range",
      (r: { headers: Record<string, string> }) => (r.headers["content-range"] = "bytes 0-9/1000"),
      /another range/,
    ],
    ["too few bytes", (r: { body: Uint8Array }) => (r.body = r.body.slice(1)), /another length/],
    ["an error", (r: { status: number }) => (r.status = 403), /answered 403/],
  ])("is refused with %s", async (_, change, words) => {
    await expect(read(host(change as never))).rejects.toThrow(words);
  });

  it("is aborted by its signal", async () => {
    const abort = new AbortController();
    const slow: Fetch = (_, { signal }) =>
      new Promise((__, reject) => signal!.addEventListener("abort", () => reject(signal!.reason as Error)));
    const reading = fetchRanges(FILE, [{ start: 0, end: 1 }], abort.signal, slow);
    abort.abort();
    await expect(reading).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("a whole file", () => {
  it("must have the size that the index says", async () => {
    expect((await fetchWhole(FILE, never(), right)).byteLength).toBe(FILE.bytes);
    await expect(fetchWhole({ ...FILE, bytes: 999 }, never(), right)).rejects.toThrow(/1000 bytes instead of 999/);
  });

  it("that is missing says so", async () => {
    const missing: Fetch = async () => new Response("", { status: 404 });
    await expect(fetchWhole(FILE, never(), missing)).rejects.toMatchObject({ isMissing: true });
    const away: Fetch = () => Promise.reject(new TypeError("failed"));
    await expect(fetchWhole(FILE, never(), away)).rejects.toBeInstanceOf(HostError);
  });

  it("of JSON must be JSON", async () => {
    await expect(fetchJson("x/index.json", never(), { fetchOf: async () => new Response("<html>") })).rejects.toThrow(
      /not JSON/,
    );
  });
});

describe("a Parquet file", () => {
  const at = { ...FILE, footer: 100 };
  const decoder = { ...inlineDecoder(), file: async () => ({}), chunks: async () => ({}) };

  it("that is small is fetched whole and once; a failure is not kept", async () => {
    let requests = 0;
    const flaky: Fetch = async (url, init) => {
      requests += 1;
      expect(new Headers(init.headers).has("range")).toBe(false);
      return requests === 1 ? new Response("", { status: 500 }) : right(url, init);
    };
    const file = new ParquetFile(at, decoder, flaky);
    await expect(file.read({}, never())).rejects.toThrow(/500/);
    await file.read({}, never());
    await file.read({ groups: [0] }, never());
    expect(requests).toBe(2);
  });

  it("that is large is read by its footer and by what of it is wanted", async () => {
    const large = { url: FILE.url, bytes: 3_000_000, footer: 1000 };
    const asked: [number, number][] = [];
    const zeros: Fetch = async (_, init) => {
      const [from, to] = rangeOf(init);
      asked.push([from, to]);
      const headers = { "content-range": `bytes ${from}-${to - 1}/${large.bytes}` };
      return new Response(new Uint8Array(to - from), { status: 206, headers });
    };
    const plan = async () => [{ start: 4, end: 50_000 }, { start: 50_000, end: 90_000 }]; // prettier-ignore
    await new ParquetFile(large, { ...decoder, plan }, zeros).read({ groups: [0] }, never());
    expect(asked).toEqual([[2_999_000, 3_000_000], [4, 90_000]]); // prettier-ignore
  });
});

describe("what several wait for", () => {
  it("is loaded once, and aborted when nobody waits any more", async () => {
    const shared = new Shared<number>();
    let loads = 0;
    let isAborted = false;
    const load = (signal: AbortSignal): Promise<number> => {
      loads += 1;
      signal.addEventListener("abort", () => (isAborted = true));
      return new Promise(() => undefined);
    };
    const [first, second] = [new AbortController(), new AbortController()];
    const waiting = [first, second].map(({ signal }) => shared.get("a", signal, load).catch(() => "left"));
    first.abort();
    expect(await waiting[0]).toBe("left");
    expect([loads, isAborted]).toEqual([1, false]);
    second.abort();
    await waiting[1];
    expect(isAborted).toBe(true);
    expect(await shared.get("a", never(), async () => 5)).toBe(5);
    expect(shared.has("a")).toBe(true);
  });
});
