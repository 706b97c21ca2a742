// @ts-check
/**
 * Makes the guides' tablet quick: the scanner works on every screen, a photo is shrunk before it
 * travels, a screen left alone is covered, and where the network has a hole `guide_alone.js` notes
 * what a form wanted. Without it every screen still works as a form.
 */

import { beats, find, scanner, words } from "./device.js";

const SHORTEST_SCAN = 4;
const EDGE = 1_600;
const QUALITY = 0.8;
const AFTER_MS = 2_000;
const PATIENCE_MS = 6_000;
const SHOW_MS = 4_000;

const root = document.documentElement;

// The shell is made before anything below looks for its parts.
if (words.shell) await import("./guide_shell.js");
else setTimeout(() => import("./guide_alone.js").catch(() => null), AFTER_MS);

root.classList.add("is-scripted");

/* Sending: what can be noted is tried once and then noted; the rest says that it needs the network. */

let sending = false;
let sure = false;

document.addEventListener("submit", async (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.method !== "post" || sure) return;
  event.preventDefault();
  if (sending) return;
  sending = true;
  busy(words.wait ?? "");
  const wish = new FormData(form, event.submitter);
  const kind = form.dataset.alone ?? (form.hasAttribute("data-walk-in") ? "walk-in" : "");
  if (!await (kind ? sent(form.action, wish) : standing())) await cut(kind, wish, form.action);
  else if (!kind) {
    sure = true;
    form.requestSubmit(/** @type {HTMLElement | null} */ (event.submitter));
  }
  sending = false;
});

/** @param {string} action @param {FormData} wish */
async function sent(action, wish) {
  const body = new URLSearchParams();
  for (const [name, value] of wish) body.append(name, String(value));
  if (words.shell) return false;
  try {
    const answer = await fetch(action, { method: "POST", body, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.status >= 500) return false;
    location.replace(answer.url);
    return true;
  } catch { return false; }
}

/** Whether the server answers at all. */
const standing = () => fetch("/health/live", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) }).then((answer) => answer.ok, () => false);

/** @param {string} kind @param {FormData} wish @param {string} action */
async function cut(kind, wish, action) {
  const done = kind && await import("./guide_alone.js").then(({ alone }) => alone(kind, wish, action)).catch(() => false);
  if (done) return busy("");
  find("[data-online-only]")?.removeAttribute("hidden");
  busy(words.cut ?? "");
  setTimeout(() => busy(""), SHOW_MS);
}

/* Scanner: a keyboard that types faster than people and ends with Enter. */

scanner(SHORTEST_SCAN, (text) => {
  if (locked() || document.activeElement?.matches("textarea")) return false;
  const form = /** @type {HTMLFormElement} */ (find(".guide-scanned"));
  /** @type {HTMLInputElement} */ (form.elements.namedItem("said")).value = text;
  form.requestSubmit();
  return true;
});

/* Photo: shrunk here, since a picture from the camera takes a quarter of a minute on hall Wi-Fi. */

const photo = /** @type {HTMLInputElement | null} */ (find("#photo"));
find("[data-plain]")?.setAttribute("hidden", "");
photo?.addEventListener("change", async () => {
  const picture = photo.files?.[0];
  const form = photo.form;
  if (!picture || !form) return;
  busy(words.wait ?? "");
  const kept = new DataTransfer();
  kept.items.add(await shrunk(picture).catch(() => picture));
  photo.files = kept.files;
  form.requestSubmit();
});

/** @param {File} picture */
async function shrunk(picture) {
  const bitmap = await createImageBitmap(picture);
  const scale = Math.min(1, EDGE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  /** @type {Blob | null} */
  const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  return small && small.size < picture.size ? new File([small], "code.jpg", { type: "image/jpeg" }) : picture;
}

/** @param {string} text */
function busy(text) {
  const note = /** @type {HTMLElement} */ (find(".guide-busy"));
  note.textContent = text;
  note.hidden = !text;
}

/* Cover: hides the screen, and the tap that lifts it leads to the next person. */

const cover = /** @type {HTMLElement} */ (find(".guide-cover"));
const locked = () => root.classList.contains("is-locked");
let touched = performance.now();

for (const kind of ["pointerdown", "keydown", "input"]) addEventListener(kind, () => { if (!locked()) touched = performance.now(); });
addEventListener("visibilitychange", rest);
setInterval(rest, 1_000);

function rest() {
  if (locked() || performance.now() - touched < Number(words.lock) * 1_000) return;
  root.classList.add("is-locked");
  cover.hidden = false;
  for (const field of document.querySelectorAll("form")) field.reset();
  cover.querySelector("button")?.focus();
}

cover.querySelector("button")?.addEventListener("click", () => location.replace(words.home ?? "/"));

/* Read aloud: what the visitor is shown, where the tablet has a voice of that language. */

const tongue = globalThis.speechSynthesis;
const aloud = /** @type {HTMLElement | null} */ (find("[data-aloud]"));

function offerVoice() {
  const shown = find(".guide-card[lang], .triage");
  const lang = shown?.closest("[lang]")?.getAttribute("lang") ?? "de";
  const voice = tongue?.getVoices().find((one) => one.lang.startsWith(lang));
  if (!aloud || !shown || !voice) return;
  aloud.hidden = false;
  aloud.onclick = () => {
    const parts = [...shown.querySelectorAll("h1, p, li")].filter((part) => !part.closest("form, [data-aloud]"));
    const words = new SpeechSynthesisUtterance(parts.map((part) => part.textContent?.trim()).join(". "));
    Object.assign(words, { voice, lang: voice.lang });
    tongue.cancel();
    tongue.speak(words);
  };
}

offerVoice();
tongue?.addEventListener("voiceschanged", offerVoice);

/* Paper: printed by a tap. */

const paper = /** @type {HTMLElement | null} */ (find("[data-paper]"));
if (paper) {
  paper.hidden = false;
  paper.addEventListener("click", () => print());
}

/* Clock of the office, and how long emergencies wait for an answer. */

const clock = /** @type {HTMLTimeElement | null} */ (find("[data-now], [data-kept]"));
if (clock) {
  const from = clock.dataset.now ? Date.parse(clock.dataset.now) : await import("./outbox.js").then(({ officeTime }) => officeTime());
  const began = performance.now();
  const format = new Intl.DateTimeFormat("de", { hour: "2-digit", minute: "2-digit", timeZone: clock.dataset.zone });
  const now = () => from + (performance.now() - began) * Number(clock.dataset.rate ?? 1);
  const tick = () => {
    clock.textContent = format.format(now());
    for (const since of document.querySelectorAll("[data-since]")) {
      const seconds = Math.max(0, Math.floor((now() - Date.parse(/** @type {HTMLElement} */ (since).dataset.since ?? "")) / 1_000));
      since.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    }
  };
  tick();
  setInterval(tick, 1_000);
}

/* Emergencies handed over: whether a case worker accepts or passes comes back at once. */

const hands = /** @type {HTMLElement | null} */ (find("[data-hands]"));
if (hands) {
  const stream = new EventSource(hands.dataset.hands ?? "");
  stream.addEventListener("state", (event) => {
    if (sure) return; // the page is being left: to load it again would cut that short
    /** @type {{visit: string, state: string, taken: boolean}[]} */
    const rows = JSON.parse(event.data);
    const shown = new Map([...hands.querySelectorAll("[data-visit]")].map((row) => [/** @type {HTMLElement} */ (row).dataset.visit, row]));
    if (rows.length !== shown.size || rows.some((row) => !shown.has(row.visit))) return location.reload();
    for (const row of rows) {
      const item = shown.get(row.visit);
      const state = item?.querySelector(".guide-hand__state");
      if (state && state.textContent !== row.state) state.textContent = row.state;
      item?.classList.toggle("guide-hand--taken", row.taken);
      if (row.taken) item?.querySelector("time")?.remove();
    }
  });
}

/* Undo: offered for its seconds, by its key too. */

const undo = /** @type {HTMLFormElement | null} */ (find("[data-undo]"));
if (undo) {
  const ends = performance.now() + Number(undo.dataset.undo) * 1_000;
  const count = () => {
    const left = Math.ceil((ends - performance.now()) / 1_000);
    if (left <= 0 && undo.contains(document.activeElement)) find("#main")?.focus({ preventScroll: true });
    undo.hidden = left <= 0;
    /** @type {HTMLElement} */ (find("[data-left]", undo)).textContent = (words.seconds ?? "").replace("{n}", String(left));
  };
  count();
  setInterval(count, 250);
  addEventListener("keydown", (event) => {
    const typing = document.activeElement?.matches("input:not([type=checkbox], [type=radio]), textarea, select");
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || typing || undo.hidden || locked()) return;
    event.preventDefault();
    undo.requestSubmit();
  });
}

/* A sign of life from an enrolled tablet. */

if (words.beat) beats(words.beat);
