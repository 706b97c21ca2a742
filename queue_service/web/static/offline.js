// @ts-check
/**
 * The kiosk without network: the same screens from its own memory. A page that is cut off hands its
 * wish over here; whoever opens a page meanwhile gets the shell, which goes home by itself once the
 * line stands again. Texts come with the shell, in every language of the office.
 */

import { give, offered, provide, today } from "./numbers.js";
import { keepSending, refused, settled, waiting } from "./outbox.js";

const SHELL = "/kiosk/offline";
const GIVEN = "alone";
const PING_MS = 4_000;
const HOURLY_MS = 3_600_000;

const words = document.body.dataset;
/** @template {Element} T @param {string} selector @param {ParentNode} [from] @returns {T | null} */
const find = (selector, from = document) => from.querySelector(selector);
/** @param {string} selector @param {ParentNode} [from] @returns {HTMLElement[]} */
const every = (selector, from = document) => [...from.querySelectorAll(selector)].map((part) => /** @type {HTMLElement} */ (part));

/* The shell: one template a language becomes the page. */

const shell = words.shell === "yes";
if (shell) {
  const wanted = location.pathname.startsWith(SHELL) ? location.hash.slice(1) : location.pathname.split("/")[1];
  const texts = every("template[data-lang]");
  const chosen = /** @type {HTMLTemplateElement} */ (texts.find((one) => one.dataset.lang === wanted) ?? texts[0]);
  document.documentElement.lang = chosen.dataset.tag ?? "de";
  document.documentElement.dir = chosen.dir;
  document.title = chosen.title;
  for (const [name, text] of Object.entries(chosen.dataset)) words[name] = text;
  document.body.append(chosen.content.cloneNode(true));
}

/** @param {string} name */
function show(name) {
  for (const screen of every("[data-screen]")) screen.hidden = screen.dataset.screen !== name;
  words.idle = name === "start" && words.lang === words.first ? "no" : "yes";
  const head = find("[data-screen]:not([hidden]) h1");
  if (name !== "start") { head?.setAttribute("tabindex", "-1"); /** @type {HTMLElement} */ (head)?.focus(); }
}

/**
 * Do without network what a form wanted; false where this kiosk cannot.
 * @param {{ code?: string, service?: string, persons?: number, key: string }} wish
 */
export async function alone(wish) {
  if (!shell && (!navigator.serviceWorker?.controller || !await caches.match(SHELL))) return false;
  const given = await give({ ...wish, lang: words.lang ?? "de" }).catch(() => ({ sorry: "cut" }));
  if (!shell && "sorry" in given && given.sorry === "cut") return false;
  sessionStorage.setItem(GIVEN, JSON.stringify(given));
  if (shell) await outcome();
  else location.replace(`${SHELL}#${words.lang}`);
  return true;
}

/** Show what was given, or why nothing was. */
async function outcome() {
  const given = JSON.parse(sessionStorage.getItem(GIVEN) ?? "null");
  if (!given) return show("start");
  if (given.sorry) {
    const known = find(`[data-sorry="${given.sorry}"]`) ? given.sorry : "cut";
    for (const one of every("[data-sorry]")) one.hidden = one.dataset.sorry !== known;
    return show("sorry");
  }
  for (const part of every("[data-number]")) part.textContent = given.number;
  for (const part of every("[data-told]")) part.hidden = part.dataset.told !== given.told;
  const picture = /** @type {SVGElement | null} */ (find("[data-qr]"));
  if (picture) {
    picture.replaceChildren();
    const { draw } = await import("./qr.js");
    /** @type {HTMLElement} */ (picture.closest("figure")).hidden = !draw(picture, `${words.link}${given.ticket}`);
  }
  show("ticket");
  for (const button of every("[data-paper]")) { button.hidden = false; button.onclick = () => print(); }
  if (words.prints === "yes") print();
}

/** What one may come for now. */
async function services() {
  const block = await today();
  const list = find("[data-services]");
  if (!block || !list) return show("start");
  list.replaceChildren(...(await offered(block)).map((one) => {
    const button = document.createElement("button");
    button.className = "kern-btn";
    button.name = "service";
    button.value = one.service;
    const lang = one.name[words.lang ?? ""] ? words.lang ?? "" : "de";
    button.textContent = one.name[lang] ?? one.service;
    if (lang !== words.lang) button.lang = lang;
    const item = document.createElement("li");
    item.append(button);
    return item;
  }));
  /** @type {HTMLElement} */ (find("[data-none]")).hidden = list.childElementCount > 0;
  show("number");
}

/** Go home once the server answers, unless somebody is in the middle of something. */
async function ping() {
  const idle = find("[data-screen=start]:not([hidden])") && !find("dialog[open]");
  if (!idle || sessionStorage.getItem(GIVEN)) return;
  const answer = await fetch("/health/live", { cache: "no-store", signal: AbortSignal.timeout(PING_MS) }).catch(() => null);
  if (answer?.ok) location.replace(`/${words.lang}/kiosk`);
}

if (shell) {
  for (const [name, act] of Object.entries({ number: services, start: () => { sessionStorage.removeItem(GIVEN); show("start"); } })) {
    for (const button of every(`[data-go=${name}]`)) button.addEventListener("click", act);
  }
  if (location.pathname !== SHELL) sessionStorage.removeItem(GIVEN);
  outcome();
  setInterval(ping, PING_MS);
  ping();
} else {
  navigator.serviceWorker?.register("/worker.js").catch(() => null);
  const renew = () => provide().catch(() => null);
  setTimeout(renew, 500);
  setInterval(renew, HOURLY_MS / 4);
}

/* For the staff: what is still to be sent, and what needs a person. */

async function notes() {
  const place = find("[data-notes]");
  if (!place) return;
  const [many, rows] = [await waiting(), await refused()];
  const unsent = /** @type {HTMLElement} */ (find("[data-unsent]", place));
  unsent.hidden = !many;
  unsent.textContent = (words.unsent ?? "").replace("%", String(many));
  const list = /** @type {HTMLElement} */ (find("[data-refused]", place));
  list.hidden = !rows.length;
  find("ul", list)?.replaceChildren(...rows.map((row) => {
    const [item, text, done] = ["li", "span", "button"].map((name) => document.createElement(name));
    const reason = find(`[data-reason="${row.code}"]`, place)?.textContent ?? row.code;
    text.textContent = `${row.number} – ${reason}`;
    done.className = "kern-btn";
    done.textContent = words.settled ?? "";
    done.addEventListener("click", async () => { await settled(row.id); notes(); });
    item.append(text, " ", done);
    return item;
  }));
}

keepSending(() => { notes().catch(() => null); });
