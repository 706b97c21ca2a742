// @ts-check
/** Keeps the screen's shell, so that a board starts and shows its last calls without network. */

const SHELL = "board-shell";
const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

worker.addEventListener("install", () => { worker.skipWaiting(); });
worker.addEventListener("activate", (event) => { event.waitUntil(worker.clients.claim()); });

worker.addEventListener("fetch", (event) => {
  const path = new URL(event.request.url).pathname;
  if (event.request.method === "GET" && /^\/(board|screen)\//.test(path)) event.respondWith(answer(event.request));
});

/** From the network, else as it was the last time. @param {Request} request */
async function answer(request) {
  const shell = await caches.open(SHELL);
  try {
    const found = await fetch(request);
    if (found.ok) await shell.put(request, found.clone());
    return found;
  } catch {
    return (await shell.match(request)) ?? Response.error();
  }
}
