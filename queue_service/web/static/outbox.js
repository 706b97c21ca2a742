// @ts-check
/**
 * What a kiosk or tablet did without network, until the server has it: rows in IndexedDB, sent in
 * the order of their numbers by one flusher, each under its own idempotency key. A row holds a code
 * or a number only and goes when it is acknowledged; what the server refuses waits for a person.
 */

const NAME = "queue";
const PATIENCE_MS = 10_000;
const LONGEST_PAUSE_MS = 12_000;
const AT_REST_MS = 20_000;
const MOST_DEFECTS = 5;
/** Answers that say nothing about the row itself. */
const NOT_NOW = new Set([401, 408, 425, 429]);

/**
 * @typedef {{ path: string, key: string, at: number, body: Record<string, any>, defects?: number }} Row
 * `at` is the device's time; a body with `offline` gets its `happened` when it is sent.
 * @typedef {{ code: string, number: string, at: number }} Refused
 */

/** @type {Promise<IDBDatabase> | null} */
let opening = null;

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
export const asked = (request) => new Promise((yes, no) => {
  request.onsuccess = () => yes(request.result);
  request.onerror = () => no(request.error);
});

function database() {
  if (opening) return opening;
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("outbox", { autoIncrement: true });
    request.result.createObjectStore("refused", { autoIncrement: true });
    request.result.createObjectStore("kept");
  };
  opening = asked(request);
  opening.catch(() => { opening = null; });
  return opening;
}

/**
 * All of `work` or nothing; it may await requests to these stores and nothing else.
 * @template T @param {string[]} stores @param {(store: (name: string) => IDBObjectStore) => T | Promise<T>} work
 */
export async function change(stores, work) {
  const deal = (await database()).transaction(stores, "readwrite", { durability: "strict" });
  const committed = new Promise((yes, no) => {
    deal.oncomplete = () => yes(null);
    deal.onabort = () => no(deal.error ?? new Error("not written"));
  });
  const found = await work((name) => deal.objectStore(name));
  await committed;
  return found;
}

/* The office's clock, as the last answer told it. */

/** Learn what time it is in the office. @param {string} office @param {number} rate */
export const learn = (office, rate) => change(["kept"], (store) => {
  store("kept").put({ office: Date.parse(office), device: Date.now(), rate }, "clock");
});

/** What time it was in the office at the device's time `at`; the device's own where nobody told. */
export async function officeTime(at = Date.now()) {
  const clock = await change(["kept"], (store) => asked(store("kept").get("clock")));
  return clock ? clock.office + (at - clock.device) * clock.rate : at;
}

/* Rows. */

/** Write a row inside a transaction of yours on "outbox". @param {IDBObjectStore} outbox @param {Row} row */
export const write = (outbox, row) => asked(outbox.add(row));

/** Note something to be sent. @param {string} path @param {Record<string, any>} body @param {string} [key] */
export async function note(path, body, key = crypto.randomUUID()) {
  await change(["outbox"], (store) => write(store("outbox"), { path, key, at: Date.now(), body }));
  wake();
}

/** How many rows wait to be sent. */
export const waiting = () => change(["outbox"], (store) => asked(store("outbox").count()));

/** What needs a person, by its number. @returns {Promise<(Refused & { id: IDBValidKey })[]>} */
export const refused = () => change(["refused"], async (store) => {
  const [ids, rows] = await Promise.all([asked(store("refused").getAllKeys()), asked(store("refused").getAll())]);
  return rows.map((row, at) => ({ ...row, id: ids[at] }));
});

/** A person has taken care of it. @param {IDBValidKey} id */
export const settled = (id) => change(["refused"], (store) => { store("refused").delete(id); });

/* Sending. */

/** Send what waits, in order; false when something has to wait longer. */
export async function flush() {
  return navigator.locks.request("outbox", { ifAvailable: true }, async (lock) => {
    if (!lock) return false;
    for (;;) {
      const cursor = await change(["outbox"], async (store) => {
        const found = await asked(store("outbox").openCursor());
        return found && { id: found.key, row: /** @type {Row} */ (found.value) };
      });
      if (!cursor) return true;
      if (!await deliver(cursor.id, cursor.row)) return false;
    }
  });
}

/** @param {IDBValidKey} id @param {Row} row @returns {Promise<boolean>} whether the next may follow */
async function deliver(id, row) {
  row = await dated(id, row);
  let answer;
  try {
    answer = await fetch(row.path, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": row.key },
      body: JSON.stringify(row.body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch { return false; }
  const defects = answer.status === 500 ? (row.defects ?? 0) + 1 : 0;
  const refusal = answer.ok ? null : await answer.json().catch(() => ({}));
  if (defects > 0 && defects < MOST_DEFECTS) {
    await change(["outbox"], (store) => { store("outbox").put({ ...row, defects }, id); });
    return false;
  }
  if (NOT_NOW.has(answer.status) || answer.status > 500) return false;
  await change(["outbox", "refused"], (store) => {
    store("outbox").delete(id);
    if (refusal) store("refused").add({ code: refusal.code ?? String(answer.status), number: row.body.offline?.number ?? row.body.number ?? "", at: row.at });
  });
  return true;
}

/**
 * The row with its time: the office's, never before that of the row before. It is kept before the
 * row is sent: were an answer lost, the row told again might count later than the next.
 * @param {IDBValidKey} id @param {Row} row @returns {Promise<Row>}
 */
async function dated(id, row) {
  if (!row.body.offline || row.body.offline.happened) return row;
  const now = await officeTime(row.at);
  return change(["outbox", "kept"], async (store) => {
    const last = await asked(store("kept").get("last")) ?? 0;
    const at = Math.max(now, last);
    const offline = { ...row.body.offline, happened: new Date(at).toISOString() };
    const told = { ...row, body: { ...row.body, offline } };
    store("outbox").put(told, id);
    store("kept").put(at, "last");
    return told;
  });
}

let pause = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {() => void} */
let tell = () => {};

/** Send now, and go on by itself: again after a pause that grows, with jitter. */
export async function wake() {
  clearTimeout(timer);
  const done = await flush().catch(() => false);
  pause = done ? 0 : Math.min(LONGEST_PAUSE_MS, Math.max(1_000, pause * 2));
  clearTimeout(timer);
  timer = setTimeout(wake, done ? AT_REST_MS : pause * (0.5 + Math.random() / 2));
  tell();
}

/** Keep sending for as long as the page is open; `told` hears that something may have changed. @param {() => void} [told] */
export function keepSending(told = () => {}) {
  tell = told;
  addEventListener("online", wake);
  navigator.storage?.persist?.().catch(() => false);
  wake();
}
