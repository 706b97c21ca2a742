// @ts-check
/**
 * Makes the kiosk's plain forms quick: the scanner works on every page, an idle screen wipes itself,
 * switches for reading, print, reach and contrast. Without it every page still works as a form, and
 * without network `offline.js` does what the form wanted.
 */

import { beats, codeIn, find, scanner, words } from "./device.js";
import { alone } from "./offline.js";
import { learn, officeTime } from "./outbox.js";

const IDLE_MS = 45_000;
const ASK_SECONDS = 20;
const SHORTEST_SCAN = 6;
const TRIES = 2;
const PATIENCE_MS = 3_000;
const SHOW_MS = 6_000;

const root = document.documentElement;
const tongue = globalThis.speechSynthesis;
const wait = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));

/* Sending: an answer at once, a second try under the same key, then without network, then the guide. */

/** @param {string} text @param {boolean} [bad] */
function busy(text, bad = false) {
  const note = /** @type {HTMLElement} */ (find(".kiosk-busy"));
  note.textContent = text;
  note.hidden = !text;
  note.classList.toggle("kiosk-busy--bad", bad);
}

let sending = false;

/** @param {HTMLFormElement} form @param {HTMLElement | null} [button] */
async function send(form, button = null) {
  if (sending) return;
  sending = true;
  busy(words.wait ?? "");
  const said = new FormData(form, button);
  const body = new URLSearchParams();
  for (const [name, value] of said) body.append(name, String(value));
  for (let tried = 0; words.shell !== "yes" && tried < TRIES; tried += 1) {
    try {
      const answer = await fetch(form.action, { method: "POST", body, signal: AbortSignal.timeout(PATIENCE_MS) });
      if (answer.status < 500) return location.replace(answer.url);
    } catch { /* the line is cut: the same key makes another try safe */ }
    await wait(400 * tried);
  }
  const done = form.action.endsWith("/kiosk/check-in") && await alone({
    code: codeIn(body.get("code") ?? ""),
    service: body.get("service") ?? "",
    persons: Number(body.get("persons") ?? 1),
    key: body.get("idempotency_key") ?? crypto.randomUUID(),
  });
  sending = false;
  if (!done) {
    busy(words.cut ?? "", true);
    await wait(SHOW_MS);
  }
  busy("");
}

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.method !== "post") return;
  event.preventDefault();
  send(form, event.submitter);
});

/* Scanner and keypad. */

/** Enter on a number of persons chooses it: it must not send the form. @param {EventTarget | null} target */
function chooses(target) {
  if (!(target instanceof HTMLInputElement) || target.type !== "radio") return false;
  target.click();
  /** @type {HTMLElement | null} */ (target.form?.querySelector("button") ?? null)?.focus();
  return true;
}

/** @param {string} text */
function scanned(text) {
  const code = codeIn(text);
  const form = /** @type {HTMLFormElement | null} */ (find(".kiosk-scanned"));
  if (!code || !form) return true;
  /** @type {HTMLInputElement} */ (form.elements.namedItem("code")).value = code;
  for (const field of document.querySelectorAll("input.kiosk-code")) /** @type {HTMLInputElement} */ (field).value = "";
  form.requestSubmit();
  return true;
}

/** Arrow keys move from one thing to the next, as with a keypad. @param {KeyboardEvent} event */
function walk(event) {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const scope = find("dialog[open]") ?? document;
  const stops = [...scope.querySelectorAll("a[href], button, input:not([type=hidden])")]
    .filter((stop) => stop.checkVisibility());
  const at = stops.indexOf(/** @type {Element} */ (document.activeElement));
  const next = /** @type {HTMLElement | undefined} */ (stops[(at + step + stops.length) % stops.length]);
  event.preventDefault();
  next?.focus();
}

scanner(SHORTEST_SCAN, scanned, (event) => {
  if (event.key === "Enter" && chooses(event.target)) event.preventDefault();
  else walk(event);
});

/* Idle: ask, then wipe everything of this visitor, language included. */

const dialog = /** @type {HTMLDialogElement} */ (find(".kiosk-dialog"));
let touched = performance.now();
let left = ASK_SECONDS;

function leave() {
  sessionStorage.clear();
  tongue?.cancel();
  location.replace(words.start ?? "/");
}

function rest() {
  const idle = words.idle === "yes" || sessionStorage.length > 0;
  if (!idle || sending || performance.now() - touched < IDLE_MS) return;
  if (!dialog.open) {
    left = ASK_SECONDS;
    dialog.showModal();
    speak(dialog.querySelector("h2")?.textContent ?? "");
  }
  /** @type {HTMLProgressElement} */ (dialog.querySelector("progress")).value = left;
  if (left <= 0) leave();
  left -= 1;
}

function stay() {
  touched = performance.now();
  if (dialog.open) dialog.close();
}

for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => { if (!dialog.open) touched = performance.now(); });
dialog.addEventListener("cancel", stay);
find("[data-stay]")?.addEventListener("click", stay);
for (const way of document.querySelectorAll("[data-leave]")) {
  way.addEventListener("click", (event) => { event.preventDefault(); leave(); });
}
setInterval(rest, 1_000);

/* A page longer than the screen says so: nobody looks for what they cannot see. */

const further = /** @type {HTMLElement} */ (find("[data-further]"));
const EDGE_PX = 24;

function measure() {
  const end = find("main")?.getBoundingClientRect().bottom ?? 0;
  further.hidden = end - innerHeight < EDGE_PX;
}

further.addEventListener("click", () => scrollBy({ top: innerHeight * 0.7 }));
addEventListener("scroll", measure);
addEventListener("resize", measure);
new ResizeObserver(measure).observe(document.body);

/* Switches: kept for this visitor only. */

const SWITCHES = ["aloud", "large", "low", "contrast"];

/** @param {string} name @param {boolean} on */
function turn(name, on) {
  root.classList.toggle(`is-${name}`, on);
  find(`[data-switch=${name}]`)?.setAttribute("aria-pressed", String(on));
  if (on) sessionStorage.setItem(name, "on");
  else sessionStorage.removeItem(name);
  if (name === "aloud") on ? speak(pageText()) : tongue?.cancel();
}

const pageText = () => [...document.querySelectorAll("main h1, main h2, main p, main .kern-tick li, main .kern-btn, main label")]
  .filter((part) => part.checkVisibility() && !part.closest("[lang]:not(html)"))
  .map(inOneLanguage).join(". ");

/** The text of an element without what stands there in another language. @param {Element} part */
function inOneLanguage(part) {
  const copy = /** @type {Element} */ (part.cloneNode(true));
  for (const other of copy.querySelectorAll("[lang]")) other.remove();
  return copy.textContent?.trim() ?? "";
}

const voice = () => tongue?.getVoices().find((one) => one.lang.startsWith(root.lang));

/** @param {string} text */
function speak(text) {
  const spoken = voice();
  if (!spoken || !root.classList.contains("is-aloud")) return;
  const words = new SpeechSynthesisUtterance(text);
  words.voice = spoken;
  words.lang = spoken.lang;
  tongue.cancel();
  tongue.speak(words);
}

function offerVoice() {
  const button = /** @type {HTMLElement | null} */ (find("[data-switch=aloud]"));
  if (!button || !voice()) return;
  button.parentElement?.removeAttribute("hidden");
  if (sessionStorage.getItem("aloud")) turn("aloud", true);
}

find(".kiosk-switches")?.removeAttribute("hidden");
for (const name of SWITCHES) {
  if (name !== "aloud" && sessionStorage.getItem(name)) turn(name, true);
  find(`[data-switch=${name}]`)?.addEventListener("click", () => turn(name, !root.classList.contains(`is-${name}`)));
}
offerVoice();
tongue?.addEventListener("voiceschanged", offerVoice);

/* Typed code: keys on the screen. */

const field = /** @type {HTMLInputElement | null} */ (find("input.kiosk-code"));
find(".kiosk-keys")?.removeAttribute("hidden");
for (const key of document.querySelectorAll("[data-sign]")) {
  key.addEventListener("click", () => {
    if (!field) return;
    const sign = /** @type {HTMLElement} */ (key).dataset.sign;
    field.value = sign ? field.value + sign : field.value.slice(0, -1);
  });
}

/* Ticket: printed once by itself, by the kiosk's printer or else by the browser. */

/** @type {HTMLFormElement | null} */ (find("[data-print-now]"))?.requestSubmit();

const printed = find("[data-printed]");
if (printed) {
  const trouble = /** @type {HTMLElement} */ (printed).dataset.printed;
  const before = localStorage.getItem("printer");
  localStorage.setItem("printer", trouble === "yes" ? "" : trouble ?? "");
  if (before !== localStorage.getItem("printer")) localStorage.removeItem("beat");
}

const paper = /** @type {HTMLElement | null} */ (find("[data-paper]"));
if (paper) {
  paper.hidden = false;
  paper.addEventListener("click", () => print());
  const picture = /** @type {HTMLImageElement | null} */ (find(".kiosk-qr img"));
  picture?.decode().catch(() => null).then(() => print());
}

/* Clock of the office: learnt from each page, kept for the time without network. */

const clock = /** @type {HTMLTimeElement | null} */ (find("[data-now], [data-kept]"));
if (clock) {
  const { now, rate, zone } = clock.dataset;
  const known = now ? learn(now, Number(rate)).catch(() => null) : Promise.resolve();
  const format = new Intl.DateTimeFormat("de", { hour: "2-digit", minute: "2-digit", timeZone: zone });
  const strike = async () => { clock.textContent = format.format(await officeTime()); };
  known.then(strike).catch(() => null);
  setInterval(() => { strike().catch(() => null); }, 5_000);
}

beats("/api/v1/devices/heartbeat", printerState);

/** What the last ticket said of the printer; nothing where there is none. */
function printerState() {
  const trouble = localStorage.getItem("printer");
  if (trouble === null) return {};
  return { printer: trouble, paper: trouble === "paper_out" ? "out" : trouble ? "none" : "ok" };
}
