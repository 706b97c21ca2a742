// @ts-check
/**
 * The tablet without network: check-ins and numbers are noted and sent later, the cards and the
 * slips of other authorities come from its own memory. Emergencies never: a guide walks.
 */

import { give, offered, provide, today } from "./numbers.js";
import { asked, change, keepSending, note, refused, settled } from "./outbox.js";

const SHELL = "/guide/offline";
const GIVEN = "alone";
const KIT = "kit";
const PING_MS = 4_000;
const RENEW_MS = 900_000;

const words = document.body.dataset;
/** @template {Element} T @param {string} selector @param {ParentNode} [from] @returns {T | null} */
const find = (selector, from = document) => from.querySelector(selector);
/** @param {string} selector @param {ParentNode} [from] @returns {HTMLElement[]} */
const every = (selector, from = document) => [...from.querySelectorAll(selector)].map((part) => /** @type {HTMLElement} */ (part));

/* The shell: one template a language becomes the page. */

const shell = words.shell === "yes";
/** @type {HTMLTemplateElement[]} */
const texts = /** @type {any} */ (every("template[data-lang]"));
if (shell) {
  const wanted = location.pathname.startsWith(SHELL) ? location.hash.slice(1) : location.pathname.split("/")[1];
  const chosen = texts.find((one) => one.dataset.lang === wanted) ?? texts[0];
  document.documentElement.lang = chosen.dataset.tag ?? "de";
  document.documentElement.dir = chosen.dir;
  document.title = chosen.title;
  for (const [name, text] of Object.entries(chosen.dataset)) words[name] = text;
  words.home = `/${words.lang}/guide`;
  document.body.append(chosen.content.cloneNode(true));
}

/** @param {string} name */
function show(name) {
  for (const screen of every("[data-screen]")) screen.hidden = screen.dataset.screen !== name;
  const head = /** @type {HTMLElement | null} */ (find("[data-screen]:not([hidden]) h1"));
  head?.setAttribute("tabindex", "-1");
  if (name !== "start") head?.focus();
  scrollTo(0, 0);
}

/**
 * Do without network what a form wanted; false where this tablet cannot.
 * @param {string} kind @param {FormData} wish @param {string} action
 */
export async function alone(kind, wish, action) {
  if (!shell && (!navigator.serviceWorker?.controller || !await caches.match(SHELL))) return false;
  const key = String(wish.get("idempotency_key") ?? "") || crypto.randomUUID();
  const lang = String(wish.get("language") ?? "") || words.lang || document.documentElement.lang;
  /** @type {any} */
  let given = { noted: true };
  if (kind === "check-in") {
    await note(`/api/v1/guide/bookings/${action.split("/").at(-2)}/check-in`, {}, key);
  } else if (kind === "scan") {
    const code = String(wish.get("said")).toUpperCase().match(/[0-9A-HJ-NP-X]+/g)?.pop() ?? "";
    given = await give({ code, lang, key }).catch(() => ({ sorry: "cut" }));
  } else {
    given = await give({ service: String(wish.get("service")), persons: Number(wish.get("persons") ?? 1), lang, key }).catch(() => ({ sorry: "cut" }));
  }
  sessionStorage.setItem(GIVEN, JSON.stringify(given));
  if (shell) outcome();
  else location.replace(`${SHELL}#${words.lang}`);
  return true;
}

/** Show what was given, noted, or why nothing was. */
function outcome() {
  const given = JSON.parse(sessionStorage.getItem(GIVEN) ?? "null");
  if (!given) return show("start");
  if (given.noted) return show("noted");
  if (given.sorry) {
    const known = find(`[data-sorry="${given.sorry}"]`) ? given.sorry : "cut";
    for (const one of every("[data-sorry]")) one.hidden = one.dataset.sorry !== known;
    return show("sorry");
  }
  for (const part of every("[data-number]")) part.textContent = given.number;
  for (const part of every("[data-told]")) part.hidden = part.dataset.told !== given.told;
  show("ticket");
}

function start() {
  sessionStorage.removeItem(GIVEN);
  for (const form of document.forms) form.reset();
  show("start");
}

/** @param {string} name @param {Record<string, any>} [facts] @param {...(Node | string)} inside */
function made(name, facts = {}, ...inside) {
  const part = Object.assign(document.createElement(name), facts);
  part.append(...inside);
  return part;
}

/** @param {string} text @param {() => void} act @param {string} [kind] */
function button(text, act, kind = "kern-btn") {
  const key = made("button", { type: "button", className: kind, textContent: text });
  key.addEventListener("click", act);
  return key;
}

/** What one may come for now. */
async function services() {
  const block = await today();
  const open = block ? await offered(block) : [];
  find("[data-services]")?.replaceChildren(...open.map((one) => made("li", {}, made("button", {
    className: "kern-btn", name: "service", value: one.service, textContent: one.name[words.lang ?? ""] ?? one.name.de,
  }))));
  /** @type {HTMLElement} */ (find("[data-none]")).hidden = open.length > 0;
  show("number");
}

/* Cards: the triage of the office from memory, in the visitor's language. */

/** @type {any} */
let kit = null;
let lang = "";
/** @type {Record<string, string | undefined>} */
let card = {};
/** @type {string[]} */
let trail = [];
let slip = -1;

/** @param {string} chosen */
async function cards(chosen) {
  kit = await change(["kept"], (store) => asked(store("kept").get(KIT)));
  lang = chosen;
  const text = texts.find((one) => one.dataset.lang === chosen);
  card = text?.dataset ?? {};
  const deck = /** @type {HTMLElement} */ (find("[data-screen=cards]"));
  deck.lang = card.tag ?? chosen;
  deck.dir = text?.dir ?? "ltr";
  trail = [];
  if (kit) turn(kit.first);
  else show("sorry");
}

/** @param {Record<string, string>} text */
const said = (text) => text[lang] ?? text.de ?? "";
/** @param {(Node | string | false | null | undefined)[]} parts */
const deal = (...parts) => {
  find("[data-screen=cards]")?.replaceChildren(...parts.filter((part) => !!part).map((part) => /** @type {Node | string} */ (part)), made("p", { className: "kern-actions" },
    button(card.back ?? "", () => { trail.pop(); const at = trail.pop(); if (at) turn(at); else start(); }),
    button(words.done ?? "", start)));
  show("cards");
};
/** @param {Record<string, string>[]} bring */
const papers = (bring) => made("ul", { className: "kern-tick" }, ...bring.map((one) => made("li", { textContent: said(one) })));
/** @param {[string, () => void][]} ways */
const choices = (ways) => made("ul", { className: "guide-ways" }, ...ways.map(([text, act]) => made("li", {}, button(text, act))));

/** @param {string} key */
function turn(key) {
  trail.push(key);
  const question = kit.questions.find((/** @type {any} */ one) => one.key === key);
  if (!question) return ended(kit.outcomes.find((/** @type {any} */ one) => one.key === key));
  const bring = question.kind === "papers" ? kit.services[question.service]?.bring ?? [] : [];
  deal(
    made("h1", { textContent: said(question.text) }),
    question.hint && made("p", { textContent: said(question.hint) }),
    bring.length > 0 && papers(bring),
    question.kind === "place" && place(question),
    choices((question.answers ?? []).map((/** @type {any} */ one) => [said(one.text), () => turn(one.next)])),
  );
}

/** A postcode decides only where all its municipalities agree; else they are shown to choose from. @param {any} question */
function place(question) {
  const field = made("input", { className: "kern-form-input__control kern-form-input__control--short", inputMode: "numeric", maxLength: 10, required: true, dir: "ltr", autocomplete: "off" });
  const wrong = made("p", { className: "kern-error", role: "alert" });
  const form = made("form", {}, made("label", {}, card.postcode ?? "", field), wrong,
    made("p", { className: "kern-actions" }, made("button", { className: "kern-btn kern-btn--primary", textContent: card.continue ?? "" })));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    /** @type {any[] | undefined} */
    const homes = kit.postcodes[/** @type {HTMLInputElement} */ (field).value.trim()]?.map((/** @type {number} */ at) => kit.homes[at]);
    if (!homes) { wrong.textContent = card.unplaced ?? ""; return; }
    const go = (/** @type {any} */ home) => { slip = home.slip ?? -1; turn(home.here ? question.here : question.elsewhere); };
    const certain = homes.every((home) => !!home.here === !!homes[0].here && home.slip === homes[0].slip);
    if (certain) return go(homes[0]);
    deal(made("h1", { textContent: card.which ?? "" }), choices(homes.map((home) => [home.name, () => go(home)])));
  });
  return form;
}

/** @param {any} outcome */
function ended(outcome) {
  if (!outcome) return start();
  const service = kit.services[outcome.service];
  const away = outcome.kind === "elsewhere" ? kit.slips[slip] : null;
  deal(
    made("h1", { textContent: said(outcome.text) }),
    outcome.detail && made("p", { textContent: said(outcome.detail) }),
    kit.rules[outcome.key] && made("p", { className: "kern-alert kern-alert--success", textContent: said(kit.rules[outcome.key]) }),
    outcome.kind === "elsewhere" && paper(away),
    ["responsible", "book"].includes(outcome.kind) && service?.bring.length > 0 && made("div", {}, made("h2", { textContent: card.bring ?? "" }), papers(service.bring)),
    outcome.link && made("p", { dir: "ltr", textContent: outcome.link }),
    service?.emergency && made("p", { className: "kern-alert kern-alert--danger", lang: words.tag ?? "", textContent: words.walk ?? "" }),
    outcome.kind === "responsible" && service && !service.emergency && made("div", {}, made("h2", { textContent: card.persons ?? "" }), choices(
      Array.from({ length: service.max_persons }, (_, n) => [String(n + 1), () => number(outcome.service, n + 1)]))),
  );
}

/** The slip of the other authority. @param {any} away */
function paper(away) {
  if (!away) return made("p", { className: "kern-alert", textContent: card.unknown ?? "" });
  const lines = [away.street, [away.postcode, away.town].filter(Boolean).join(" "), away.phone, away.web, away.hours && said(away.hours)];
  return made("div", { className: "kern-alert" }, made("h2", { textContent: said(away.name) }),
    ...lines.filter(Boolean).map((line) => made("p", { dir: "auto", textContent: line })),
    button(card.print ?? "", () => print()));
}

/** @param {string} service @param {number} persons */
function number(service, persons) {
  const wish = new FormData();
  for (const [name, value] of Object.entries({ service, persons: String(persons), language: lang })) wish.set(name, value);
  return alone("walk-in", wish, "");
}

/* What waits to be sent, and what needs a person: for the guide. */

async function rows() {
  const place = /** @type {HTMLElement | null} */ (find("[data-outbox]"));
  if (!place) return;
  const waiting = await change(["outbox"], (store) => asked(store("outbox").getAll()));
  const late = await refused();
  place.hidden = !waiting.length && !late.length;
  find("ul", place)?.replaceChildren(
    ...waiting.map((row) => made("li", {}, made("bdi", { className: "guide-provisional", textContent: row.body.offline?.number ?? "…" }), made("span", { textContent: words.noted ?? "" }))),
    ...late.map((row) => made("li", { className: "is-refused" }, made("bdi", { textContent: row.number }),
      made("span", { textContent: find(`[data-reason="${row.code}"]`)?.textContent ?? row.code }),
      button(words.settled ?? "", async () => { await settled(row.id); rows(); }))),
  );
}

/** Go home once the server answers, unless somebody is in the middle of something. */
async function ping() {
  if (!find("[data-screen=start]:not([hidden])") || sessionStorage.getItem(GIVEN)) return;
  if (/** @type {HTMLInputElement | null} */ (find(".guide-said"))?.value) return;
  const answer = await fetch("/health/live", { cache: "no-store", signal: AbortSignal.timeout(PING_MS) }).catch(() => null);
  if (answer?.ok) location.replace(words.home ?? "/");
}

/** Keep numbers and cards ready for the next hole in the network. */
async function ready() {
  await provide().catch(() => null);
  const answer = await fetch(`/api/v1/guide/${words.office}/kit`).catch(() => null);
  if (!answer?.ok) return;
  const found = await answer.json();
  await change(["kept"], (store) => { store("kept").put(found, KIT); });
}

if (shell) {
  for (const way of every("[data-go]")) way.addEventListener("click", way.dataset.go === "number" ? services : start);
  for (const way of every("[data-cards]")) way.addEventListener("click", () => cards(way.dataset.cards ?? "de"));
  outcome();
  setInterval(ping, PING_MS);
  ping();
} else if (words.office) {
  navigator.serviceWorker?.register("/worker.js").catch(() => null);
  setTimeout(ready, 1_000);
  setInterval(ready, RENEW_MS);
}

if (shell || words.office) keepSending(() => { rows().catch(() => null); });
