// @ts-check
/**
 * The page that stands in while there is no network, for kiosk and tablet: one template a language
 * becomes the page, one screen of it is shown at a time, and it goes home once the line stands
 * again. Texts come with the shell, in every language of the office.
 */

import { GIVEN, every, find, words } from "./device.js";
import { offered, today } from "./numbers.js";

const PING_MS = 4_000;

/** @type {HTMLTemplateElement[]} */
export const texts = /** @type {any} */ (every("template[data-lang]"));

/** Make the template of the language at hand the page. @param {string} path of the shell */
export function raise(path) {
  const wanted = location.pathname.startsWith(path) ? location.hash.slice(1) : location.pathname.split("/")[1];
  const chosen = texts.find((one) => one.dataset.lang === wanted) ?? texts[0];
  document.documentElement.lang = chosen.dataset.tag ?? "de";
  document.documentElement.dir = chosen.dir;
  document.title = chosen.title;
  for (const [name, text] of Object.entries(chosen.dataset)) words[name] = text;
  document.body.append(chosen.content.cloneNode(true));
  // Whoever comes from another page is somebody else: what was given before is not theirs.
  if (location.pathname !== path) sessionStorage.removeItem(GIVEN);
}

/** @param {string} name */
export function show(name) {
  for (const screen of every("[data-screen]")) screen.hidden = screen.dataset.screen !== name;
  const head = /** @type {HTMLElement | null} */ (find("[data-screen]:not([hidden]) h1"));
  head?.setAttribute("tabindex", "-1");
  if (name !== "start") head?.focus();
  scrollTo(0, 0);
}

/** Say on the screen "sorry" why nothing was given. @param {string | undefined} why */
export function reason(why) {
  const known = find(`[data-sorry="${why}"]`) ? why : "cut";
  for (const one of every("[data-sorry]")) one.hidden = one.dataset.sorry !== known;
}

/** Show what was given, noted, or why nothing was: the name of the screen, and the ticket. @returns {[string, any]} */
export function outcome() {
  const given = JSON.parse(sessionStorage.getItem(GIVEN) ?? "null");
  const name = !given ? "start" : given.noted ? "noted" : given.sorry ? "sorry" : "ticket";
  reason(given?.sorry);
  for (const part of every("[data-number]")) part.textContent = given?.number ?? "";
  for (const part of every("[data-told]")) part.hidden = part.dataset.told !== given?.told;
  show(name);
  return [name, given];
}

/** What one may come for now. */
export async function services() {
  const block = await today();
  const open = block ? await offered(block) : [];
  find("[data-services]")?.replaceChildren(...open.map((one) => {
    const item = document.createElement("li");
    const lang = one.name[words.lang ?? ""] ? words.lang ?? "" : "de";
    const button = Object.assign(document.createElement("button"), {
      className: "kern-btn", name: "service", value: one.service, textContent: one.name[lang] ?? one.service,
    });
    if (lang !== words.lang) button.lang = lang;
    item.append(button);
    return item;
  }));
  /** @type {HTMLElement} */ (find("[data-none]")).hidden = open.length > 0;
  show("number");
}

/** Go home once the server answers, unless somebody is in the middle of something. @param {() => unknown} idle @param {() => string} home */
export function homewards(idle, home) {
  const ping = async () => {
    if (!find("[data-screen=start]:not([hidden])") || sessionStorage.getItem(GIVEN) || !idle()) return;
    const answer = await fetch("/health/live", { cache: "no-store", signal: AbortSignal.timeout(PING_MS) }).catch(() => null);
    if (answer?.ok) location.replace(home());
  };
  setInterval(ping, PING_MS);
  ping();
}
