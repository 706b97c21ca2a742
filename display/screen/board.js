// @ts-check
/**
 * The lobby board: a function of one snapshot and one stream of journal entries.
 * It keeps the last snapshot, so a screen that starts without network shows what it knew and when.
 *
 * `Row` and `Snapshot` are those of board.py.
 * @typedef {{number: string, counter: string, counter_name: string, called_at: string, calls: number}} Row
 * @typedef {{seq: number, now: string, rate: number, zone: string,
 *   open: boolean, opens: string | null, turns: string | null, rows: Row[]}} Snapshot
 */

import { prepare, ring } from "./gong.js";

const FRESH_MS = 10_000;
const RINGS_MS = 60_000;
const SILENCE_MS = 40_000;
const BEAT_MS = 15_000;

const words = document.body.dataset;
const kept = `board:${words.display}`;
/** @param {string} selector @returns {any} */
const find = (selector) => document.querySelector(selector);
const board = find(".board");

/** @type {Snapshot | null} */
let shown = null;
/** @type {EventSource | null} */
let source = null;
/** Whether `shown` came from the server in this run; only then a stream can go on after it. */
let live = false;
let heard = performance.now();
let tried = heard;
/** @type {number | null} */
let lostAt = null;
let clock = { office: Date.now(), here: performance.now(), rate: 1 };
/** @type {Map<string, number>} rows that came just now, by number, until when */
const fresh = new Map();
/** @type {Map<string, HTMLElement>} */
const lines = new Map();
const officeNow = () => clock.office + (performance.now() - clock.here) * clock.rate;

/** @param {string} now @param {number} rate */
function setClock(now, rate) {
  clock = { office: Date.parse(now), here: performance.now(), rate };
}

/** @param {number | string} moment @param {Intl.DateTimeFormatOptions} options */
const format = (moment, options) => new Date(moment).toLocaleString("de", { timeZone: shown?.zone, ...options });

/** @param {number | string} moment */
const time = (moment) => format(moment, { hour: "2-digit", minute: "2-digit" });

/** @param {Row} row real milliseconds since the call */
const age = (row) => (officeNow() - Date.parse(row.called_at)) / Math.max(clock.rate, 1);

function listen() {
  source?.close();
  source = new EventSource(words.stream + (live ? `?after=${shown?.seq}` : ""));
  source.onopen = () => { lostAt = null; };
  source.onerror = () => { lostAt ??= performance.now(); };
  on("snapshot", take);
  on("heartbeat", (body, seq) => { setClock(body.now, body.rate); advance(body.seq); draw(); });
  on("call", (body, seq) => change(body, seq, true));
  on("back", (body, seq) => change(body, seq, false));
  on("gone", (body, seq) => change(body, seq, false));
}

/** @param {string} name @param {(body: any, seq: number) => void} then */
function on(name, then) {
  source?.addEventListener(name, (event) => {
    heard = performance.now();
    lostAt = null;
    then(JSON.parse(event.data), Number(event.lastEventId));
  });
}

/** @param {Snapshot} snapshot */
function take(snapshot) {
  const known = shown && new Set(shown.rows.map(key));
  shown = snapshot;
  live = true;
  setClock(snapshot.now, snapshot.rate);
  if (known) snapshot.rows.filter((row) => !known.has(key(row))).reverse().forEach(announce);
  keep();
  draw();
}

/** @param {Row} row */
const key = (row) => `${row.number} ${row.counter} ${row.called_at} ${row.calls}`;

/** @param {{rows: Row[], gone: string[]}} body @param {number} seq @param {boolean} rings */
function change(body, seq, rings) {
  if (!shown || seq <= shown.seq) return;
  const away = new Set([...body.gone, ...body.rows.map((row) => row.number)]);
  const rows = shown.rows.filter((row) => !away.has(row.number)).concat(body.rows);
  rows.sort((a, b) => Date.parse(b.called_at) - Date.parse(a.called_at) || (a.number < b.number ? 1 : -1));
  shown = { ...shown, seq, rows };
  if (rings) body.rows.forEach(announce);
  keep();
  draw();
}

/** @param {number} seq */
function advance(seq) {
  if (shown && seq > shown.seq) shown = { ...shown, seq };
}

function keep() {
  try {
    localStorage.setItem(kept, JSON.stringify({ ...shown, now: new Date(officeNow()).toISOString() }));
  } catch { /* costs only the picture after a reboot */ }
}

/** Highlight and ring for a call, unless it is old news. @param {Row} row */
function announce(row) {
  if (age(row) > RINGS_MS) return;
  fresh.set(row.number, performance.now() + FRESH_MS);
  find(".call").classList.remove("fresh");
  find(".call").getBoundingClientRect();
  ring();
}

function draw() {
  const now = performance.now();
  for (const [number, until] of fresh) if (until < now) fresh.delete(number);
  const lost = lostAt === null ? Math.max(0, now - heard - BEAT_MS - 5_000) : now - lostAt;
  const state = lost > 60_000 ? "stale" : lost > 5_000 || !shown ? "reconnecting" : "live";
  board.dataset.state = state;
  find(".banner").hidden = lost <= 15_000;
  if (!shown) return;
  put(board, ".banner-as-of", words.asOf?.replace("{time}", time(officeNow() - (now - heard) * clock.rate)));
  put(board, ".clock", time(officeNow()));
  const [first, ...others] = shown.rows;
  find(".call").hidden = !first;
  find(".idle").hidden = Boolean(first) || !shown.open;
  find(".closed").hidden = Boolean(first) || shown.open;
  put(board, ".closed-until", shown.opens ? words.opens
    ?.replace("{day}", format(shown.opens, { weekday: "long", day: "numeric", month: "long" }))
    .replace("{time}", time(shown.opens)) : "");
  if (first) drawCall(first);
  drawRows(others);
}

/** @param {Row} row */
function drawCall(row) {
  put(board, ".call-number", row.number);
  const named = row.counter_name.endsWith(` ${row.counter}`);
  const word = named ? row.counter_name.slice(0, -row.counter.length - 1) : "";
  const key = named ? row.counter : row.counter_name;
  put(board, ".call-word", word);
  put(board, ".call-key", key);
  measure(find(".call-counter"), key, word);
  find(".call .again").hidden = !again(row);
  find(".call").classList.toggle("fresh", fresh.has(row.number));
}

/** @param {Row} row */
const again = (row) => row.calls > 1;

/** @param {Row[]} rows */
function drawRows(rows) {
  const list = find(".rows");
  const numbers = new Set(rows.map((row) => row.number));
  for (const [number, line] of lines) if (!numbers.has(number)) { line.remove(); lines.delete(number); }
  rows.forEach((row, place) => {
    const line = lines.get(row.number) ?? newLine(row.number);
    if (list.children[place] !== line) list.insertBefore(line, list.children[place] ?? null);
    const minutes = Math.floor((officeNow() - Date.parse(row.called_at)) / 60_000);
    const since = minutes < 1 ? words.now : words.minutes?.replace("{n}", String(minutes));
    put(line, ".counter", row.counter);
    measure(line, row.counter);
    put(line, ".age", again(row) ? words.again : since);
    line.classList.toggle("fresh", fresh.has(row.number));
  });
}

/** Let the style know how much must fit: a counter's name is the office's. @param {HTMLElement} where @param {string} key @param {string} [word] */
function measure(where, key, word = "") {
  where.style.setProperty("--signs", String(Math.max(2, key.length)));
  where.style.setProperty("--letters", String(Math.max(8, word.length)));
}

/** @param {string} number */
function newLine(number) {
  const line = find("template.row").content.firstElementChild.cloneNode(true);
  put(line, ".number", number);
  lines.set(number, line);
  return line;
}

/** @param {any} line @param {string} selector @param {string | undefined} text */
function put(line, selector, text) {
  const cell = line.querySelector(selector);
  if (cell.textContent !== text) cell.textContent = text ?? "";
}

function nextSaying() {
  for (const group of document.querySelectorAll(".sayings, .idle, .banner")) {
    const says = [...group.querySelectorAll(".say")];
    const at = says.findIndex((say) => !say.hasAttribute("hidden"));
    says.forEach((say, n) => say.toggleAttribute("hidden", n !== (at + 1) % says.length));
  }
}

/** Show each wait in its turn, none while nobody knows it. @param {{lang: string, dir: string, text: string}[]} told */
function drawWaits(told) {
  const group = find(".sayings");
  const old = [...group.querySelectorAll(".wait")];
  told.forEach((wait, n) => {
    const line = old[n] ?? document.createElement("p");
    if (!old[n]) { line.className = "say wait"; line.hidden = true; group.append(line); }
    Object.assign(line, { lang: wait.lang, dir: wait.dir, textContent: wait.text });
  });
  old.slice(told.length).forEach((line) => line.remove());
  if (!group.querySelector(".say:not([hidden])")) group.querySelector(".say").hidden = false;
}

function lookAtWaits() {
  fetch(words.stream?.replace("stream", "waits") ?? "", { signal: AbortSignal.timeout(10_000) })
    .then((answer) => answer.json()).then((body) => drawWaits(body.lines)).catch(() => drawWaits([]));
}

function watch() {
  const now = performance.now();
  if (now - heard > SILENCE_MS && now - tried > 5_000 + Math.random() * 10_000) {
    tried = now;
    lostAt ??= heard;
    listen();
  } else if (live && shown?.turns && officeNow() > Date.parse(shown.turns) && now - tried > BEAT_MS) {
    tried = now;
    live = false;
    listen();
  }
  draw();
}

/** Show what was kept before a restart while nobody answers. */
function remember() {
  const stored = localStorage.getItem(kept);
  if (live || !stored) return;
  /** @type {Snapshot} */
  const snapshot = JSON.parse(stored);
  shown = snapshot;
  setClock(snapshot.now, 0);
  lostAt = performance.now() - 60_001;
  draw();
}

/** Tell the house how this screen is; only the enrolled one does, by the key it carries. */
function beat() {
  if (!words.beat) return;
  const said = {
    version: words.release, last_event: shown?.seq ?? null, sound: find(".sound").hidden ? "on" : "off",
    sent: new Date().toISOString(),
  };
  const headers = { "content-type": "application/json" };
  fetch(words.beat, { method: "POST", headers, body: JSON.stringify(said) }).catch(() => null);
}

/** Every pixel rests now and then, the page begins anew at four in the morning. */
function care() {
  const shift = Math.floor(performance.now() / 600_000) % 2;
  board.classList.toggle("shifted", shift === 1);
  if (live && performance.now() > 3_600_000 && new Date().getHours() === 4) location.reload();
}

const sound = () => prepare((refused) => { find(".sound").hidden = !refused; });
/**
 * A screen that starts without network shows its last calls; http and old browsers go without.
 * The first page was loaded before its worker: what it is made of is fetched once more, to be kept.
 */
function stayReachable() {
  const workers = navigator.serviceWorker;
  const types = /** @type {any} */ (window).trustedTypes;
  const url = "/board/worker.js";
  const trusted = types ? types.createPolicy("worker", { createScriptURL: () => url }).createScriptURL(url) : url;
  workers?.addEventListener("controllerchange", () => {
    const parts = performance.getEntriesByType("resource").map((part) => part.name);
    for (const part of [location.href, ...parts]) if (!part.includes("/api/")) fetch(part).catch(() => null);
  });
  workers?.register(trusted).catch(() => null);
}

const awake = () => navigator.wakeLock?.request("screen").catch(() => null);

listen();
sound();
awake();
stayReachable();
for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, sound);
document.addEventListener("visibilitychange", awake);
setTimeout(lookAtWaits, 2_000);
setInterval(lookAtWaits, 30_000);
setTimeout(remember, 1_500);
setInterval(watch, 1_000);
setInterval(nextSaying, 8_000);
setInterval(care, 60_000);
setInterval(beat, 60_000);
setTimeout(beat, 3_000);
