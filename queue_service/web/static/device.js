// @ts-check
/**
 * What kiosk and tablet have in common while they are online: parts of the page, the scanner, the
 * sign of life, and the way to the shell that stands in without network (`shell.js`).
 */

/** Of the visitor at hand: what was given without network, shown by the shell. */
export const GIVEN = "alone";
const BURST_MS = 50;
const BEAT_MS = 60_000;
const FIRST_BEAT_MS = 3_000;

export const words = document.body.dataset;
/** @template {Element} T @param {string} selector @param {ParentNode} [from] @returns {T | null} */
export const find = (selector, from = document) => from.querySelector(selector);
/** @param {string} selector @param {ParentNode} [from] @returns {HTMLElement[]} */
export const every = (selector, from = document) => [...from.querySelectorAll(selector)].map((part) => /** @type {HTMLElement} */ (part));

/** The code is the last run of its symbols; garbled signs of the link before it do no harm. @param {string} text */
export const codeIn = (text) => text.toUpperCase().match(/[0-9A-HJ-NP-X]+/g)?.pop() ?? "";

/**
 * A keyboard that types faster than people and ends with Enter; `scanned` says whether it took it.
 * @param {number} shortest @param {(text: string) => boolean} scanned
 * @param {(event: KeyboardEvent) => void} [otherwise] for keys that are neither signs nor a scan
 */
export function scanner(shortest, scanned, otherwise = () => {}) {
  let typed = "";
  let last = 0;
  addEventListener("keydown", (event) => {
    if (event.timeStamp - last > BURST_MS) typed = "";
    last = event.timeStamp;
    if (event.key.length === 1) {
      typed += event.key;
    } else if (event.key === "Enter" && typed.length >= shortest && scanned(typed)) {
      event.preventDefault();
      event.stopPropagation();
      typed = "";
    } else {
      otherwise(event);
    }
  }, { capture: true });
}

/** A sign of life each minute, however often pages come and go. @param {string} path @param {() => object} [more] */
export function beats(path, more = () => ({})) {
  const version = new URL(import.meta.url).pathname.split("/")[2];
  const headers = { "content-type": "application/json" };
  const beat = () => {
    if (Date.now() - Number(localStorage.getItem("beat")) < BEAT_MS) return;
    localStorage.setItem("beat", String(Date.now()));
    const body = JSON.stringify({ version, sent: new Date().toISOString(), ...more() });
    fetch(path, { method: "POST", headers, body }).catch(() => null);
  };
  setTimeout(beat, FIRST_BEAT_MS);
  setInterval(beat, BEAT_MS / 12);
}

/** Whether this device has its shell with it. @param {string} shell */
export const alone = async (shell) => !!words.shell || (!!navigator.serviceWorker?.controller && !!await caches.match(shell));

/** Show on the shell what was given: there it is shown at once, elsewhere by going there. @param {object} given @param {string} shell */
export function hand(given, shell) {
  sessionStorage.setItem(GIVEN, JSON.stringify(given));
  if (words.shell) dispatchEvent(new Event(GIVEN));
  else location.replace(`${shell}#${words.lang}`);
}
