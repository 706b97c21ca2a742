// @ts-check
/**
 * The tablet's screens without network: what was given, the services, and the triage cards with the
 * slips of other authorities from its own memory.
 */

import { GIVEN, every, find, words } from "./device.js";
import { alone, button, made } from "./guide_alone.js";
import { asked, change } from "./outbox.js";
import { homewards, outcome, raise, reason, services, show, texts } from "./shell.js";

raise("/guide/offline");
words.home = `/${words.lang}/guide`;

function start() {
  sessionStorage.removeItem(GIVEN);
  for (const form of document.forms) form.reset();
  show("start");
}

/** What was given, to the visitor in their language. */
function told() {
  const [name, given] = outcome();
  const own = texts.find((one) => one.dataset.lang === given?.lang);
  if (name !== "ticket" || !own) return;
  Object.assign(find("[data-screen=ticket] .guide-card") ?? {}, { lang: own.dataset.tag, dir: own.dir });
  for (const part of every("[data-told]")) part.textContent = own.content.querySelector(`[data-told=${part.dataset.told}]`)?.textContent ?? "";
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
  kit = await change(["kept"], (store) => asked(store("kept").get("kit")));
  lang = chosen;
  const text = texts.find((one) => one.dataset.lang === chosen);
  card = text?.dataset ?? {};
  const deck = /** @type {HTMLElement} */ (find("[data-screen=cards]"));
  deck.lang = card.tag ?? chosen;
  deck.dir = text?.dir ?? "ltr";
  trail = [];
  if (kit) return turn(kit.first);
  reason("cards");
  show("sorry");
}

/** @param {Record<string, string>} text */
const said = (text) => text[lang] ?? text.de ?? "";
/** @param {(Node | string | false | null | undefined)[]} parts */
const deal = (...parts) => {
  find("[data-screen=cards]")?.replaceChildren(...parts.filter((part) => !!part).map((part) => /** @type {Node | string} */ (part)), made("p", { className: "kern-actions" },
    button(card.back ?? "", () => { trail.pop(); const at = trail.pop(); if (at) turn(at); else start(); }),
    Object.assign(button(words.done ?? "", start), { lang: words.tag ?? "", dir: document.documentElement.dir })));
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

for (const way of every("[data-go]")) way.addEventListener("click", way.dataset.go === "number" ? services : start);
for (const way of every("[data-cards]")) way.addEventListener("click", () => cards(way.dataset.cards ?? "de"));
addEventListener(GIVEN, told);
told();
homewards(() => !/** @type {HTMLInputElement | null} */ (find(".guide-said"))?.value, () => words.home ?? "/");
