// @ts-check
/**
 * The tablet where the network has holes: check-ins and numbers are noted and sent later, numbers
 * and cards are kept ready for `guide_shell.js`. Emergencies never: a guide walks.
 */

import { alone as able, codeIn, find, hand, words } from "./device.js";
import { give, provide } from "./numbers.js";
import { asked, change, keepSending, note, refused, settled } from "./outbox.js";

const SHELL = "/guide/offline";
const RENEW_MS = 900_000;

/**
 * Do without network what a form wanted; false where this tablet cannot.
 * @param {string} kind @param {FormData} wish @param {string} action
 */
export async function alone(kind, wish, action) {
  if (!await able(SHELL)) return false;
  const key = String(wish.get("idempotency_key") ?? "") || crypto.randomUUID();
  const lang = String(wish.get("language") ?? "") || words.lang || document.documentElement.lang;
  if (kind === "check-in") {
    await note(`/api/v1/guide/bookings/${action.split("/").at(-2)}/check-in`, {}, key);
    hand({ noted: true }, SHELL);
    return true;
  }
  const what = kind === "scan"
    ? { code: codeIn(String(wish.get("said"))) }
    : { service: String(wish.get("service")), persons: Number(wish.get("persons") ?? 1) };
  const given = await give({ ...what, lang, key }).catch(() => ({ sorry: "cut" }));
  hand({ ...given, lang }, SHELL);
  return true;
}

/** @param {string} name @param {Record<string, any>} [facts] @param {...(Node | string)} inside */
export function made(name, facts = {}, ...inside) {
  const part = Object.assign(document.createElement(name), facts);
  part.append(...inside);
  return part;
}

/** @param {string} text @param {() => void} act */
export function button(text, act) {
  const key = made("button", { type: "button", className: "kern-btn", textContent: text });
  key.addEventListener("click", act);
  return key;
}

/* What waits to be sent, and what needs a person: for the guide. */

async function rows() {
  const place = /** @type {HTMLElement | null} */ (find("[data-outbox]"));
  if (!place) return;
  const waiting = await change(["outbox"], (store) => asked(store("outbox").getAll()));
  const late = await refused();
  place.hidden = !waiting.length && !late.length;
  find("ul", place)?.replaceChildren(
    ...late.map((row) => made("li", { className: "is-refused" }, made("bdi", { textContent: row.number }),
      made("span", { textContent: find(`[data-reason="${row.code}"]`)?.textContent ?? row.code }),
      button(words.settled ?? "", async () => { await settled(row.id); rows(); }))),
    ...waiting.map((row) => made("li", {}, made("bdi", { className: "guide-provisional", textContent: row.body.offline?.number ?? "…" }), made("span", { textContent: words.noted ?? "" }))),
  );
}

/** Keep numbers and cards ready for the next hole in the network. */
async function ready() {
  await provide().catch(() => null);
  const answer = await fetch(`/api/v1/guide/${words.office}/kit`).catch(() => null);
  if (!answer?.ok) return;
  const found = await answer.json();
  await change(["kept"], (store) => { store("kept").put(found, "kit"); });
}

if (!words.shell && words.office) {
  navigator.serviceWorker?.register("/worker.js").catch(() => null);
  setTimeout(ready, 1_000);
  setInterval(ready, RENEW_MS);
}

if (words.shell || words.office) keepSending(() => { rows().catch(() => null); });
