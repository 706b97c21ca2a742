// Follows one ticket: asks for its sentences whenever the line moves. The page works without it.
const ticket = document.getElementById("ticket");
const calm = document.getElementById("calm");
const called = document.getElementById("called");
const late = document.getElementById("late");
const why = document.getElementById("why");
const open = document.getElementById("open");
const OVER = ["finished", "missed", "withdrawn"];
const SILENCE = 40_000;
const MINUTE = 60_000;
const SETTLED = 3_000;
const PULSES = [400, 200, 400, 200, 800];

let stream;
let heard = Date.now();
let looked = Date.now();
let said = Date.now();
let settling;

const line = (name) => ticket.querySelector(`[data-live="${name}"]`);

/** @param {string[]} reasons */
function explain(reasons) {
  why.hidden = reasons.length === 0;
  const list = why.querySelector("ul");
  const shown = [...list.children].map((item) => item.textContent);
  if (shown.join("\n") === reasons.join("\n")) return;
  list.replaceChildren(...reasons.map((reason) => {
    const item = document.createElement("li");
    item.textContent = reason;
    return item;
  }));
}

/** @param {Record<string, any>} now */
function show(now) {
  const before = ticket.dataset.state;
  for (const place of ticket.querySelectorAll("[data-live]")) {
    const text = now[place.dataset.live] ?? "";
    if (place.textContent !== text) place.textContent = text;
  }
  late.hidden = !now.late;
  open.hidden = OVER.includes(now.state);
  explain(now.why);
  ticket.dataset.state = now.state;
  if (now.state === "called" && before !== "called") {
    called.textContent = `${now.title} ${now.number} ${now.counter}`;
    document.title = `${now.number} – ${now.counter}`;
    ticket.scrollIntoView();
    // Phones without it, and those that were never touched, stay still.
    navigator.vibrate?.(PULSES);
  } else if (now.state !== "called") {
    called.textContent = "";
    if (Date.now() - said > MINUTE) {
      said = Date.now();
      calm.textContent = [now.title, now.missed, now.next, now.ahead, now.wait, now.longer].filter(Boolean).join(" ");
    }
  }
  ticket.dataset.at = now.at;
}

async function look() {
  looked = Date.now();
  try {
    const answer = await fetch(ticket.dataset.now, { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json());
  } catch {
    line("at").textContent = `${ticket.dataset.offline} ${ticket.dataset.at ?? ""}`;
  }
}

function follow() {
  stream?.close();
  heard = Date.now();
  stream = new EventSource(ticket.dataset.stream);
  stream.addEventListener("state", () => {
    heard = Date.now();
    look();
    // Waits are worked out anew a moment after the line has moved, without an event of their own.
    clearTimeout(settling);
    settling = setTimeout(look, SETTLED);
  });
  stream.addEventListener("heartbeat", () => { heard = Date.now(); if (heard - looked > MINUTE) look(); });
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) { look(); follow(); } });
addEventListener("online", () => { look(); follow(); });
addEventListener("offline", look);
setInterval(() => {
  if (Date.now() - heard > SILENCE + Math.random() * 5_000) { look(); follow(); }
}, 5_000);
ticket.dataset.at = line("at").textContent;
follow();
