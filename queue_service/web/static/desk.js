// @ts-check
/**
 * The call desk: one stream of the desk in words, acts answered at once and without leaving the
 * page, single keys. Without it the same forms work, one page an act.
 *
 * @typedef {{visit: string, number: string, service: string, facts: string, wait: string, urgent: boolean, why: string}} Visit
 * @typedef {{seq: number, clock: string, line: string, current: Visit | null, next: Visit | null,
 *   undo: {visit: string, text: string, seconds: number} | null, waiting: Visit[], more: string}} Desk
 */

const SILENCE_MS = 40_000;
const BANNER_MS = 5_000;
const TRIES = 3;
const KEYS = { " ": "next", r: "recall", n: "missed", d: "finish", z: "undo" };

const words = document.body.dataset;
/** @param {string} selector @returns {any} */
const find = (selector) => document.querySelector(selector);
let seq = Number(words.seq);
let heard = performance.now();
let tried = heard;
/** @type {number | null} */
let lostAt = null;
/** @type {EventSource | null} */
let source = null;
let busy = false;
let undoEnds = 0;

/** @param {string} selector @param {boolean} shown */
function show(selector, shown) {
  for (const part of document.querySelectorAll(selector)) /** @type {HTMLElement} */ (part).hidden = !shown;
}

/** Put the desk on the screen; an older state than the one shown is not taken. @param {Desk} desk */
function take(desk) {
  if (desk.seq < seq) return;
  seq = desk.seq;
  for (const place of document.querySelectorAll("[data-live]")) {
    const [part, field] = (/** @type {HTMLElement} */ (place).dataset.live ?? "").split(".");
    const value = /** @type {any} */ (desk)[part];
    const text = field ? value?.[field] ?? "" : value;
    if (place.textContent !== text) place.textContent = text;
  }
  show("[data-current], [data-when=called]", Boolean(desk.current));
  show("[data-nobody], [data-when=free]", !desk.current);
  show("[data-next]", Boolean(desk.next));
  show("[data-quiet]", !desk.next);
  for (const field of document.querySelectorAll("[data-when=called] [name=visit]")) {
    /** @type {HTMLInputElement} */ (field).value = desk.current?.visit ?? "";
  }
  find("[data-undo] [name=visit]").value = desk.undo?.visit ?? "";
  undoEnds = desk.undo ? performance.now() + desk.undo.seconds * 1000 : 0;
  count();
  list(desk.waiting);
}

/** @param {Visit[]} waiting */
function list(waiting) {
  const rows = find("[data-waiting]");
  const focused = rows.contains(document.activeElement)
    ? document.activeElement?.closest("form")?.querySelector("[name=number]")?.getAttribute("value") : null;
  rows.replaceChildren(...waiting.map((visit) => {
    const row = find("[data-row]").content.firstElementChild.cloneNode(true);
    row.classList.toggle("is-urgent", visit.urgent);
    row.querySelector("bdi").textContent = visit.number;
    row.querySelector(".desk-what").textContent = visit.service;
    row.querySelector(".desk-facts").textContent = visit.facts;
    row.querySelector(".desk-wait").textContent = visit.wait;
    row.querySelector("[name=number]").setAttribute("value", visit.number);
    const button = row.querySelector("button");
    button.setAttribute("aria-label", button.dataset.label.replace("{number}", visit.number));
    return row;
  }));
  if (focused) rows.querySelector(`[value="${focused}"]`)?.closest("form").querySelector("button").focus();
}

/** Seconds left to undo; then the button goes. */
function count() {
  const left = Math.ceil((undoEnds - performance.now()) / 1000);
  const box = find("[data-undo]");
  if (left <= 0 && box.contains(document.activeElement)) find("#main").focus({ preventScroll: true });
  box.hidden = left <= 0;
  find("[data-left]").textContent = left > 0 ? (words.seconds ?? "").replace("{n}", String(left)) : "";
}

/** Send an act; the answer is the desk, or a refusal that says why. @param {HTMLFormElement} form */
async function act(form) {
  if (busy || off()) return;
  busy = true;
  const name = form.action.split("/").pop();
  const key = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2) + Date.now();
  find("[data-status]").textContent = name === "next" || name === "call" || name === "recall" ? words.calling : words.working;
  show("[data-sorry]", false);
  const body = new URLSearchParams();
  for (const [field, value] of new FormData(form)) body.set(field, String(value));
  body.set("idempotency_key", key);
  const answer = await send(form.action, body);
  find("[data-status]").textContent = "";
  busy = false;
  if (!answer) return sorry("", words.cut ?? "");
  if (answer.status === 401) return location.reload();
  const said = await answer.json();
  if (answer.ok) {
    take(said);
  } else {
    if (said.now) take(said.now);
    sorry(said.title, said.detail);
  }
  rescue();
}

/** @param {string} url @param {URLSearchParams} body the key in it makes another try safe */
async function send(url, body) {
  for (let tries = 0; tries < TRIES; tries += 1) {
    try {
      const answer = await fetch(url, { method: "POST", body, headers: { accept: "application/json" } });
      if (answer.status < 500) return answer;
    } catch { /* the line is cut */ }
    await new Promise((done) => setTimeout(done, 300 * 2 ** tries));
  }
  return null;
}

/** @param {string} title @param {string} detail */
function sorry(title, detail) {
  find("[data-sorry-title]").textContent = title;
  find("[data-sorry-detail]").textContent = detail;
  show("[data-sorry]", true);
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
  for (const button of document.querySelectorAll("[data-act]")) {
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

const keys = find("[data-keys]");
keys.disabled = false;
keys.checked = localStorage.getItem("desk-keys") !== "off";
keys.addEventListener("change", () => localStorage.setItem("desk-keys", keys.checked ? "on" : "off"));

addEventListener("keydown", (event) => {
  const name = /** @type {Record<string, string>} */ (KEYS)[event.key.toLowerCase()];
  const on = /** @type {HTMLElement} */ (event.target);
  if (!name || !keys.checked || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (on.closest("a, button, input, select, textarea, summary, [contenteditable]")) return;
  const button = [...document.querySelectorAll(`[data-act=${name}]`)].find((one) => one.checkVisibility());
  if (!button) return;
  event.preventDefault();
  act(/** @type {HTMLFormElement} */ (button.closest("form")));
});

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (!form.action.startsWith(`${location.origin}${words.here}/`)) return;
  event.preventDefault();
  act(form);
});

listen();
watch();
setInterval(watch, 500);
