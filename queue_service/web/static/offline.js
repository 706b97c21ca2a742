// @ts-check
/**
 * The kiosk without network: the same screens from its own memory. A page that is cut off hands its
 * wish over here; whoever opens a page meanwhile gets the shell, which goes home by itself once the
 * line stands again.
 */

import { GIVEN, alone as able, every, find, hand, words } from "./device.js";
import { give, provide } from "./numbers.js";
import { keepSending, refused, settled, waiting } from "./outbox.js";

const SHELL = "/kiosk/offline";
const HOURLY_MS = 3_600_000;

/** The shell's own part; null on every other page. */
const shell = words.shell ? await import("./shell.js") : null;
shell?.raise(SHELL);

/**
 * Do without network what a form wanted; false where this kiosk cannot.
 * @param {{ code?: string, service?: string, persons?: number, key: string }} wish
 */
export async function alone(wish) {
  if (!await able(SHELL)) return false;
  const given = await give({ ...wish, lang: words.lang ?? "de" }).catch(() => ({ sorry: "cut" }));
  if (!shell && "sorry" in given && given.sorry === "cut") return false;
  hand(given, SHELL);
  return true;
}

/** An untouched first screen is not asked whether somebody is there. @param {string} name */
const rests = (name) => { words.idle = name === "start" && words.lang === words.first ? "no" : "yes"; };

/** Show what was given, and print it where this kiosk does. @param {import("./shell.js")} shell */
async function told(shell) {
  const [name, given] = shell.outcome();
  rests(name);
  if (name !== "ticket") return;
  const picture = /** @type {SVGElement | null} */ (find("[data-qr]"));
  if (picture) {
    picture.replaceChildren();
    const { draw } = await import("./qr.js");
    /** @type {HTMLElement} */ (picture.closest("figure")).hidden = !draw(picture, `${words.link}${given.ticket}`);
  }
  for (const button of every("[data-paper]")) { button.hidden = false; button.onclick = () => print(); }
  if (words.prints === "yes") print();
}

if (shell) {
  const ways = {
    number: () => shell.services().then(() => rests("number")),
    start: () => { sessionStorage.removeItem(GIVEN); shell.show("start"); rests("start"); },
  };
  for (const [name, act] of Object.entries(ways)) {
    for (const button of every(`[data-go=${name}]`)) button.addEventListener("click", act);
  }
  addEventListener(GIVEN, () => told(shell));
  told(shell);
  shell.homewards(() => !find("dialog[open]"), () => `/${words.lang}/kiosk`);
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
