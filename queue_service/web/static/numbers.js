// @ts-check
/**
 * What a kiosk or tablet knows by itself: its block of numbers of the day, the office's public keys
 * and hours. It checks a signed confirmation, gives a number and notes it, all in one transaction,
 * so that no number is given twice whenever the power goes. Never emergencies: a guide is called.
 */

import { asked, change, learn, officeTime, wake, write } from "./outbox.js";

const ENOUGH = 60;
const TYPED = "23456789ABCDEFGHJKLMNPQRSTUVWX";
const TOKEN = "0123456789ABCDEFGHJKLMNPQRSTUVWX";
const SIGNED_SIGNS = 128;
const TICKET_SIGNS = 26;
const MESSAGE_BYTES = 16;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * @typedef {Record<string, any> & { block: string, day: string, next: number }} Block as `/api/v1/kiosk/block` answers
 * @typedef {{ service: string, name: Record<string, string>, open: { from: string, to: string }[] }} Offered
 * @typedef {{ code?: string, service?: string, persons?: number, lang: string, key: string }} Wish
 * @typedef {{ number: string, ticket: string, told: string } | { sorry: string }} Given
 */

/** @param {string} zone @param {number} at */
const dayOf = (zone, at) => new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(at);

/** @param {(name: string) => IDBObjectStore} store @returns {Promise<Block[]>} */
const blocksIn = async (store) => (await asked(store("kept").getAll(IDBKeyRange.bound("block ", "block!")))).sort(
  (/** @type {Block} */ one, /** @type {Block} */ other) => one.day.localeCompare(other.day) || other.next - one.next,
);

/** @param {Block[]} blocks @param {string} day */
const left = (blocks, day) => blocks.filter((b) => b.day === day).reduce((sum, b) => sum + b.numbers.length - b.next, 0);

/** The block of today, or undefined. @returns {Promise<Block | undefined>} */
export async function today() {
  const at = await officeTime();
  return (await change(["kept"], blocksIn)).find((block) => block.day === dayOf(block.zone, at));
}

/** See to it that there are numbers for today and, later on, for tomorrow. */
export async function provide() {
  const at = await officeTime();
  const keeper = await change(["kept"], async (store) => {
    const known = await asked(store("kept").get("keeper")) ?? crypto.randomUUID();
    store("kept").put(known, "keeper");
    return known;
  });
  const zone = (await change(["kept"], blocksIn))[0]?.zone;
  const days = zone ? [dayOf(zone, at), dayOf(zone, at + DAY_MS)] : [""];
  for (const day of days) {
    if (day && left(await change(["kept"], blocksIn), day) >= ENOUGH) continue;
    const answer = await fetch(`/api/v1/kiosk/block?keeper=${keeper}${day && `&day=${day}`}`);
    if (!answer.ok) return;
    const block = /** @type {Block} */ (await answer.json());
    await learn(block.now, block.rate);
    await keep(block);
  }
}

/** @param {Block} block */
const keep = (block) => change(["kept"], async (store) => {
  const name = `block ${block.block}`;
  const known = await asked(store("kept").get(name));
  store("kept").put({ ...block, next: Math.max(block.next, known?.next ?? 0) }, name);
  const present = dayOf(block.zone, Date.parse(block.now));
  for (const old of await blocksIn(store)) {
    if (old.day < present) store("kept").delete(`block ${old.block}`);
  }
});

/** What one may come for at this moment. @param {Block} block @returns {Promise<Offered[]>} */
export async function offered(block) {
  const at = await officeTime();
  return block.services.filter((/** @type {Offered} */ s) => s.open.some((hours) => Date.parse(hours.from) <= at && at < Date.parse(hours.to)));
}

/** Give a number for a code or a service, or say why not. @param {Wish} wish @returns {Promise<Given>} */
export async function give(wish) {
  const block = await today();
  if (!block) return { sorry: "cut" };
  if (!wish.code) {
    const walkIn = { service: wish.service, persons: wish.persons ?? 1, language: wish.lang };
    return taken({ walk_in: walkIn }, wish.key, "", "wait");
  }
  const checked = await check(wish.code, block);
  if (checked.sorry) return { sorry: checked.sorry };
  return taken({ code: wish.code }, wish.key, await fingerprint(checked.code ?? ""), checked.told ?? "wait");
}

/** @param {Record<string, any>} body @param {string} key @param {string} seen @param {string} told @returns {Promise<Given>} */
async function taken(body, key, seen, told) {
  const at = await officeTime();
  const given = await change(["kept", "outbox"], async (store) => {
    const block = (await blocksIn(store)).find((b) => b.day === dayOf(b.zone, at) && b.next < b.numbers.length);
    if (!block) return { sorry: "cut" };
    const scanned = await asked(store("kept").get("scanned"));
    const codes = scanned?.day === block.day ? scanned.codes : [];
    if (seen && codes.includes(seen)) return { sorry: "already_checked_in" };
    const { place, number, ticket, signature } = block.numbers[block.next];
    const offline = { block: block.block, place, number, key: block.key, signature };
    store("kept").put({ ...block, next: block.next + 1 }, `block ${block.block}`);
    if (seen) store("kept").put({ day: block.day, codes: [...codes, seen] }, "scanned");
    await write(store("outbox"), { path: "/api/v1/kiosk/check-ins", key, at: Date.now(), body: { ...body, offline } });
    return { number, ticket, told };
  });
  wake();
  return given;
}

/** Which code it is, not the code: all that stays of it. @param {string} code */
async function fingerprint(code) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(code));
  return [...new Uint8Array(digest).slice(0, 12)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/* Signed confirmations, read as `kiosk/signed.py` writes them. */

/** @param {string} text @returns {Uint8Array<ArrayBuffer>} */
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));

/** @param {string} text @param {Block} block @returns {Promise<{ sorry?: string, code?: string, told?: string }>} */
export async function check(text, block) {
  if (text.length === TICKET_SIGNS) return { sorry: "already_checked_in" };
  if (text.length !== SIGNED_SIGNS || [...text].some((sign) => !TOKEN.includes(sign))) return { sorry: "unchecked" };
  const raw = new Uint8Array(80);
  let number = [...text].reduce((sum, sign) => (sum << 5n) | BigInt(TOKEN.indexOf(sign)), 0n);
  for (let at = 79; at >= 0; at -= 1, number >>= 8n) raw[at] = Number(number & 255n);
  const said = raw.slice(0, MESSAGE_BYTES);
  const view = new DataView(said.buffer);
  const tag = [...said.slice(3, 7)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (said[0] !== 1) return { sorry: "altered" };
  if (tag !== block.tag) return { sorry: "other_office" };
  const key = block.keys.find((/** @type {{ number: number }} */ one) => one.number === view.getUint16(1));
  if (!key || !await genuine(key.public_key, said, raw.slice(MESSAGE_BYTES))) return { sorry: "altered" };
  const now = await officeTime();
  if (now >= Date.parse(key.expires)) return { sorry: "altered" };
  const start = view.getUint32(12) * MINUTE_MS;
  if (dayOf(block.zone, start) !== dayOf(block.zone, now)) return { sorry: "other_day" };
  if (now < start - block.early_minutes * MINUTE_MS) return { sorry: "too_early" };
  const late = now > start + block.late_minutes * MINUTE_MS;
  return { code: typed(said), told: late ? "late_walk_in" : now < start ? "wait_early" : "wait" };
}

/** @param {string} key @param {Uint8Array<ArrayBuffer>} said @param {Uint8Array<ArrayBuffer>} signature */
async function genuine(key, said, signature) {
  const known = await crypto.subtle.importKey("raw", bytes(key), "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", known, signature, said);
}

/** The eight signs of the booking. @param {Uint8Array} said */
function typed(said) {
  let number = said.slice(7, 12).reduce((sum, byte) => sum * 256 + byte, 0);
  let code = "";
  for (let at = 0; at < 8; at += 1, number = Math.floor(number / TYPED.length)) code = TYPED[number % TYPED.length] + code;
  return code;
}
