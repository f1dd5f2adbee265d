/**
 * The service worker of a published site: what was read once is there without a network. Files that never change
 * (data/, assets/) come from the cache, the document and the index from the network where there is one.
 */
const CACHE = "site-1";
/** Of the app, filled in when it is built. */
const ASSETS = [];
/** Older files go first. */
const FILES_MAX = 600;

const scope = self.registration.scope;
const isImmutable = (url) => /^(data|assets)\//.test(url.slice(scope.length));

async function trim(cache) {
  const keys = await cache.keys();
  await Promise.all(keys.slice(0, Math.max(0, keys.length - FILES_MAX)).map((key) => cache.delete(key)));
}

async function add(urls) {
  const cache = await caches.open(CACHE);
  await Promise.all(
    urls.map(async (url) => {
      if (isImmutable(url) && (await cache.match(url))) return;
      const response = await fetch(url, isImmutable(url) ? {} : { cache: "no-cache" }).catch(() => null);
      if (response?.status === 200) await cache.put(url, response);
    }),
  );
  await trim(cache);
}

/** Bytes of a range, cut from a file that is here. */
async function cut(response, range) {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  if (from === undefined) return null;
  const bytes = await response.arrayBuffer();
  const end = Math.min(Number(to) + 1, bytes.byteLength);
  return new Response(bytes.slice(Number(from), end), {
    status: 206,
    headers: {
      "content-range": `bytes ${from}-${end - 1}/${bytes.byteLength}`,
      "content-type": "application/octet-stream",
    },
  });
}

/** A range of a file: what was read of it once is under an address of its own, for parts cannot be cached as such. */
async function ranged(request, range) {
  const cache = await caches.open(CACHE);
  const whole = await cache.match(request.url);
  const cutOut = whole && (await cut(whole, range));
  if (cutOut) return cutOut;
  const key = `${request.url}?range=${encodeURIComponent(range)}`;
  const part = await cache.match(key);
  if (part) {
    const headers = {
      "content-range": part.headers.get("x-content-range") ?? "",
      "content-type": "application/octet-stream",
    };
    return new Response(part.body, { status: 206, headers });
  }
  const response = await fetch(request);
  const place = response.headers.get("content-range");
  if (response.status === 206 && place && !response.headers.has("content-encoding")) {
    const copy = response.clone();
    void copy
      .arrayBuffer()
      .then((bytes) => cache.put(key, new Response(bytes, { headers: { "x-content-range": place } })))
      .catch(() => undefined);
  }
  return response;
}

async function immutable(request) {
  const cache = await caches.open(CACHE);
  const known = await cache.match(request.url);
  if (known) return known;
  const response = await fetch(request);
  if (response.status === 200) void cache.put(request.url, response.clone()).catch(() => undefined);
  return response;
}

async function fresh(request) {
  const cache = await caches.open(CACHE);
  const key = request.mode === "navigate" ? scope : request.url;
  try {
    const response = await fetch(request);
    if (response.status === 200) void cache.put(key, response.clone()).catch(() => undefined);
    return response;
  } catch (error) {
    const known = await cache.match(key);
    if (known) return known;
    throw error;
  }
}

async function removeOld() {
  const old = (await caches.keys()).filter((name) => name.startsWith("site-") && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

self.addEventListener("install", (event) => {
  event.waitUntil(add(ASSETS.map((name) => scope + name)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(removeOld().then(() => self.clients.claim()));
});

self.addEventListener("message", ({ data }) => {
  const files = Array.isArray(data?.files) ? data.files.filter((url) => String(url).startsWith(scope)) : [];
  void add(files);
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(scope) || request.url.endsWith("/sw.js")) return;
  if (!isImmutable(request.url)) {
    event.respondWith(fresh(request));
    return;
  }
  const range = request.headers.get("range");
  event.respondWith(range ? ranged(request, range) : immutable(request));
});
