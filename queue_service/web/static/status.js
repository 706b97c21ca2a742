// Follows one ticket: asks for its sentences whenever the line moves. The page works without it.
const ticket = document.getElementById("ticket");
const calm = document.getElementById("calm");
const called = document.getElementById("called");
const SILENCE = 40_000;
const MINUTE = 60_000;

let stream;
let heard = Date.now();
let looked = Date.now();
let said = Date.now();

const line = (name) => ticket.querySelector(`[data-live="${name}"]`);

/** @param {Record<string, string>} now */
function show(now) {
  const before = ticket.dataset.state;
  for (const name of Object.keys(now)) {
    const place = line(name);
    if (place && place.textContent !== now[name]) place.textContent = now[name];
  }
  ticket.dataset.state = now.state;
  if (now.state === "called" && before !== "called") {
    called.textContent = `${now.title} ${now.number} ${now.counter}`;
    document.title = `${now.number} – ${now.counter}`;
    ticket.scrollIntoView();
  } else if (now.state !== "called" && Date.now() - said > MINUTE) {
    said = Date.now();
    calm.textContent = `${now.title} ${now.ahead} ${now.wait}`;
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
  stream.addEventListener("state", () => { heard = Date.now(); look(); });
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
