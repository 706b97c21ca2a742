// @ts-check
/**
 * The call desk: one stream of the desk in words, acts answered at once and without leaving the
 * page, single keys. Without it the same forms work, one page an act.
 *
 * The state says everything; places name what of it they show: `data-live` a text, `data-full`
 * whether something is there, `data-when` in which phases, `data-list` rows made from a template.
 *
 * @typedef {{seq: number, clock: string, line: string, phase: string, state: string,
 *   undo: {visit: string, text: string, seconds: number, until: string} | null, own: string,
 *   [more: string]: unknown}} Desk
 */
import { keys } from "./desk_keys.js";

const SILENCE_MS = 40_000;
const BANNER_MS = 5_000;
const TRIES = 3;
const CALLING = new Set(["next", "call", "recall", "accept"]);

const words = document.body.dataset;
/** @param {string} selector @returns {any} */
const find = (selector) => document.querySelector(selector);
/** @param {string} selector @returns {any[]} */
const all = (selector) => [...document.querySelectorAll(selector)];
let seq = Number(words.seq);
let heard = performance.now();
let tried = heard;
/** @type {number | null} */
let lostAt = null;
/** @type {EventSource | null} */
let source = null;
/** Name of the act that waits for its answer; that one is not done twice. */
let busy = "";
/**
 * What was pressed meanwhile, at most one: the button as it stood, or the key's meaning alone
 * where its button comes only with the answer.
 * @type {{name: string, sign: string} | null}
 */
let waiting = null;
let undoEnds = performance.now() + Number(words.undoLeft) * 1000;
/** Until when what is shown can be undone: tells one undo from the next. */
let undoes = words.undoUntil;
const lists = new Map();

/** @param {string} selector @param {boolean} shown */
function show(selector, shown) {
  for (const part of all(selector)) part.hidden = !shown;
}

/** What stands in a state under a path such as ``current.number``. @param {any} desk @param {string} path */
const at = (desk, path) => path.split(".").reduce((value, field) => value?.[field], desk);

/** @param {any} place @param {unknown} value */
function write(place, value) {
  const text = value === null || value === undefined ? "" : String(value);
  if (place.textContent !== text) place.textContent = text;
}

/** Put the desk on the screen; an older state than the one shown is not taken. @param {Desk} desk */
function take(desk) {
  if (desk.seq < seq) return;
  seq = desk.seq;
  for (const place of all("[data-live]")) write(place, at(desk, place.dataset.live));
  for (const place of all("[data-full]")) place.hidden = !at(desk, place.dataset.full);
  for (const field of all("[data-visit]")) field.value = at(desk, `${field.dataset.visit}.visit`) ?? "";
  for (const button of all("[data-state]")) button.setAttribute("aria-pressed", String(button.dataset.state === desk.state));
  for (const list of all("[data-list]")) fill(list, /** @type {any[]} */ (at(desk, list.dataset.list) ?? []));
  for (const place of all("[data-when]")) place.hidden = !place.dataset.when.split(" ").includes(desk.phase);
  show("[data-quiet]", !desk.next);
  if (desk.own) write(find("[data-own]"), desk.own);
  undoEnds = desk.undo ? performance.now() + desk.undo.seconds * 1000 : 0;
  undoes = desk.undo?.until ?? "";
  count();
}

/** Rows for `items`, left alone when they are as before. @param {HTMLElement} list @param {any[]} items */
function fill(list, items) {
  const said = JSON.stringify(items);
  if (lists.get(list) === said) return;
  lists.set(list, said);
  const focused = list.contains(document.activeElement) ? mark(document.activeElement) : "";
  const form = /** @type {HTMLTemplateElement} */ (list.querySelector("template"));
  list.replaceChildren(form, ...items.map((item) => row(form, item)));
  list.hidden = !items.length;
  if (focused) [.../** @type {any} */ (list.querySelectorAll("button"))].find((one) => mark(one) === focused)?.focus();
}

/** What tells a button of a list from the others. @param {any} button */
const mark = (button) => `${button.dataset.act ?? ""} ${button.form ? new URLSearchParams(/** @type {any} */ (new FormData(button.form))) : ""} ${button.value}`;

/** @param {HTMLTemplateElement} form @param {any} item */
function row(form, item) {
  const made = /** @type {HTMLElement} */ (form.content.firstElementChild?.cloneNode(true));
  made.classList.toggle("is-urgent", Boolean(item.urgent));
  const places = /** @type {any[]} */ ([made, ...made.querySelectorAll("*")]);
  for (const place of places) {
    const { f, v, on, label, seconds } = place.dataset;
    if (f !== undefined) write(place, f ? item[f] : item);
    if (f !== undefined && place.tagName === "Q") place.hidden = !item[f];
    if (v !== undefined) place.setAttribute("value", item[v]);
    if (on !== undefined) place.toggleAttribute(place.tagName === "OPTION" ? "selected" : "checked", Boolean(item.on));
    if (label !== undefined) place.setAttribute("aria-label", label.replace("{number}", item.number));
    if (seconds !== undefined) Object.assign(place.dataset, { seconds: item.seconds, from: performance.now() });
  }
  return made;
}

/** Seconds left to undo, then the button goes; and how long emergencies wait. */
function count() {
  const now = performance.now();
  const left = Math.ceil((undoEnds - now) / 1000);
  const box = find("[data-undo]");
  if (left <= 0 && box.contains(document.activeElement)) find("#main").focus({ preventScroll: true });
  box.hidden = left <= 0;
  find("[data-left]").textContent = left > 0 ? (words.seconds ?? "").replace("{n}", String(left)) : "";
  for (const clock of all("[data-seconds]")) {
    if (clock === document.body) continue;
    clock.dataset.from ??= String(now);
    const waited = Math.floor(Number(clock.dataset.seconds) + ((now - Number(clock.dataset.from)) / 1000) * Number(words.rate));
    write(clock.querySelector("bdi"), `${Math.floor(waited / 60)}:${String(waited % 60).padStart(2, "0")}`);
  }
}

/** Send an act; what is pressed before its answer waits for it. @param {HTMLFormElement} form @param {HTMLElement | null} button */
async function act(form, button) {
  const name = form.action.split("/").pop() ?? "";
  if (off() || name === busy) return;
  if (busy) return later(button?.dataset.act ?? name, button ? mark(button) : "");
  busy = name;
  const before = undoes;
  let granted = false;
  try {
    say(name);
    granted = await wish(name, form, button);
  } finally {
    busy = "";
    say("");
    const wanted = waiting;
    waiting = null;
    // A refusal is read first; and only what was just done is taken back, not what came before it.
    if (wanted && granted && (wanted.name !== "undo" || undoes !== before)) carry(wanted);
  }
}

/** What works, or waits, at once. @param {string} name of the act, empty when all are answered */
function say(name) {
  find("[data-status]").textContent = !name ? "" : CALLING.has(name) ? words.calling : words.working;
}

/** Keep one wish until the answer is here; an undo first takes back what was not sent yet. @param {string} name @param {string} sign */
function later(name, sign) {
  if (waiting && name === "undo") {
    waiting = null;
    return say(busy);
  }
  if (waiting) return;
  waiting = { name, sign };
  say(name);
}

/** Press what waited, where it is still there for the same person. @param {{name: string, sign: string}} wanted */
function carry({ name, sign }) {
  const same = !sign || name === "undo" ? all(`[data-act=${name}]`) : all("button").filter((one) => mark(one) === sign);
  const button = same.find((one) => one.checkVisibility());
  if (button) press(button);
}

/** Whether it was granted; the answer is the desk, or a refusal that says why. @param {string} name @param {HTMLFormElement} form @param {HTMLElement | null} button */
async function wish(name, form, button) {
  show("[data-sorry]", false);
  const body = new URLSearchParams();
  for (const [field, value] of new FormData(form, button)) body.append(field, String(value));
  if (name === "state" && button?.dataset.act === "pause" && button.getAttribute("aria-pressed") === "true") body.set("state", "open");
  body.set("idempotency_key", crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2) + Date.now());
  const answer = await send(form.action, body);
  if (!answer) return sorry("", words.cut ?? "");
  if (answer.status === 401) {
    location.reload();
    return false;
  }
  const said = await answer.json();
  if (answer.ok) {
    take(said);
    // Only its own panel: the clerk may have opened the next one meanwhile.
    const panel = form.closest("details");
    if (panel) panel.open = false;
    for (const field of form.querySelectorAll("input:not([type=hidden])")) /** @type {HTMLInputElement} */ (field).value = /** @type {HTMLInputElement} */ (field).defaultValue;
  } else {
    if (said.now) take(said.now);
    sorry(said.title, said.detail);
  }
  rescue();
  return answer.ok;
}

/** @param {string} url @param {URLSearchParams} body the key in it makes another try safe */
async function send(url, body) {
  for (let tries = 0; tries < TRIES; tries += 1) {
    try {
      const answer = await fetch(url, { method: "POST", body, headers: { accept: "application/json" } });
      if (answer.status < 500) return answer;
    } catch { /* the line is cut */ }
    await new Promise((wake) => setTimeout(wake, 300 * 2 ** tries));
  }
  return null;
}

/** Not granted, and why. @param {string} title @param {string} detail */
function sorry(title, detail) {
  find("[data-sorry-title]").textContent = title;
  find("[data-sorry-detail]").textContent = detail;
  show("[data-sorry]", true);
  return false;
}

/** The button pressed may be gone now: the focus goes to where the screen begins. */
function rescue() {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  if (!focused || focused === document.body || !focused.checkVisibility()) find("#main").focus({ preventScroll: true });
}

const off = () => lostAt !== null && performance.now() - lostAt > BANNER_MS;

function listen() {
  source?.close();
  source = new EventSource(`${words.here}/stream?after=${seq}`);
  source.onopen = alive;
  source.onerror = () => { lostAt ??= performance.now(); };
  source.addEventListener("heartbeat", (event) => {
    alive();
    find("[data-live=clock]").textContent = JSON.parse(event.data).now.slice(11, 16);
  });
  source.addEventListener("state", (event) => { alive(); take(JSON.parse(event.data)); });
}

function alive() {
  heard = performance.now();
  lostAt = null;
  banner();
}

function banner() {
  const isOff = off();
  show("[data-banner]", isOff);
  for (const button of all("[data-act], .desk-panels button")) {
    if (isOff) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }
}

function watch() {
  const now = performance.now();
  if (now - heard > SILENCE_MS && now - tried > 5_000 + Math.random() * 5_000) {
    tried = now;
    lostAt ??= heard;
    listen();
  }
  banner();
  count();
}

/** A key opens a panel and goes to its first choice, or presses a button. @param {any} button */
function press(button) {
  if (button.tagName !== "SUMMARY") return act(button.form, button);
  const panel = button.parentElement;
  panel.open = !panel.open;
  if (panel.open) [...panel.querySelectorAll("button, input:not([type=hidden])")].find((one) => one.checkVisibility())?.focus();
}

find("[data-print]").addEventListener("click", () => print());
keys(press, (name) => {
  if (busy && name !== busy) later(name, "");
  return busy !== "";
});
document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (!form.action.startsWith(`${location.origin}${words.here}/`)) return;
  event.preventDefault();
  act(form, event.submitter);
});
addEventListener("keydown", (event) => {
  const panel = event.key === "Escape" && /** @type {any} */ (event.target).closest?.("main details[open]");
  if (!panel) return;
  panel.open = false;
  panel.querySelector("summary").focus();
});

listen();
watch();
setInterval(watch, 500);
