// @ts-check
/**
 * Lets kiosk and tablet start and go on without network: static files as they were, and instead of
 * a page that cannot be had the shell of its kind (`/kiosk/offline`, `/guide/offline`). Keeps no
 * page of a visitor, nothing of a person. `RELEASE` stands before this text when it is served.
 */

/* global RELEASE */
const KEPT = `shell-${RELEASE}`;
const FILES = ["app.css", "kiosk.css", "kiosk.js", "device.js", "shell.js", "offline.js", "numbers.js", "outbox.js", "qr.js", "guide.css", "guide.js", "guide_alone.js", "guide_shell.js"];
const SHELLS = ["/kiosk/offline", "/guide/offline"];
const PAGE = /^\/(?:[a-z]{2}(?:_[A-Za-z]+)?\/)?(kiosk|guide)(?:\/|$)/;
const PATIENCE_MS = 5_000;
const RENEW_MS = 3_600_000;

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
let renewed = 0;

worker.addEventListener("install", (event) => {
  worker.skipWaiting();
  event.waitUntil(keep());
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([
    worker.clients.claim(),
    caches.keys().then((names) => Promise.all(names.filter((name) => name.startsWith("shell-") && name !== KEPT).map((name) => caches.delete(name)))),
  ]));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  if (pathname.startsWith("/static/")) event.respondWith(file(request));
  else if (request.mode === "navigate" && PAGE.test(pathname)) event.respondWith(page(event, pathname));
});

/** Keep files and shells; a shell that this device may not have is left out. */
async function keep() {
  renewed = Date.now();
  const cache = await caches.open(KEPT);
  await cache.addAll(FILES.map((name) => `/static/${RELEASE}/${name}`));
  await shells(cache);
}

/** @param {Cache} cache */
const shells = (cache) => Promise.all(SHELLS.map((path) => cache.add(new Request(path, { cache: "reload" })).catch(() => null)));

/** Files never change under their address. @param {Request} request */
async function file(request) {
  const known = await caches.match(request);
  if (known) return known;
  const found = await fetch(request);
  if (found.ok) await (await caches.open(KEPT)).put(request, found.clone());
  return found;
}

/** The page as it is, else the shell of its kind. @param {FetchEvent} event @param {string} path */
async function page(event, path) {
  const shell = `/${(path.match(PAGE) ?? [])[1]}/offline`;
  if (path === shell) {
    const known = await caches.match(shell);
    if (known) return known;
  }
  try {
    const found = await fetch(event.request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (found.status < 502) {
      if (Date.now() - renewed > RENEW_MS) {
        renewed = Date.now();
        event.waitUntil(caches.open(KEPT).then(shells));
      }
      return found;
    }
  } catch { /* cut off: as if it were the shell that was asked for */ }
  return (await caches.match(shell)) ?? Response.error();
}
