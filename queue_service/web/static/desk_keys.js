// @ts-check
/**
 * Single keys of the call desk: they can be switched off and changed, they sleep in fields, on
 * controls that have the focus, and while a key is held down.
 */

/** @type {Record<string, string>} */
const DELIVERED = {
  next: " ", start: "s", recall: "r", missed: "n", finish: "d", undo: "z", park: "p",
  forward: "f", mark: "m", pause: "b", accept: "a",
};
/** A space is not seen in a field. */
const SPACE = "\u2423";
const STORED = "desk-keys";
const CHANGED = "desk-keys-own";

/** @returns {Record<string, string>} */
function own() {
  try {
    const kept = JSON.parse(localStorage.getItem(CHANGED) ?? "{}");
    return Object.fromEntries(Object.entries(kept).filter(([name, key]) => name in DELIVERED && typeof key === "string"));
  } catch {
    return {};
  }
}

/** What a key presses: a button, or a panel that opens. @param {string} name */
function pressable(name) {
  return [...document.querySelectorAll(`[data-act=${name}]`)].find((one) => one.checkVisibility());
}

/**
 * @param {(button: HTMLElement) => void} press what to do with the button that a key means
 * @param {(name: string) => boolean} later whether what has no button yet is kept for the answer
 */
export function keys(press, later) {
  const on = /** @type {HTMLInputElement} */ (document.querySelector("[data-keys]"));
  let chosen = { ...DELIVERED, ...own() };

  function show() {
    for (const field of document.querySelectorAll("[data-key]")) {
      const input = /** @type {HTMLInputElement} */ (field);
      input.disabled = false;
      input.value = (chosen[input.dataset.key ?? ""] ?? "").replace(" ", SPACE);
    }
    for (const sign of document.querySelectorAll("[data-kbd]")) {
      const key = chosen[/** @type {HTMLElement} */ (sign).dataset.kbd ?? ""] ?? "";
      sign.textContent = key === " " ? document.body.dataset.space ?? "" : key;
      /** @type {HTMLElement} */ (sign).hidden = !on.checked || !key;
    }
  }

  on.disabled = false;
  on.checked = localStorage.getItem(STORED) !== "off";
  on.addEventListener("change", () => { localStorage.setItem(STORED, on.checked ? "on" : "off"); show(); });
  document.querySelector("[data-remap]")?.addEventListener("change", (event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const name = input.dataset.key ?? "";
    const key = input.value.toLowerCase().replace(SPACE, " ");
    // One key means one thing: whoever had it before goes without.
    for (const other of Object.keys(chosen)) if (key && chosen[other] === key) chosen[other] = "";
    chosen[name] = key;
    localStorage.setItem(CHANGED, JSON.stringify(chosen));
    show();
  });
  document.querySelector("[data-keys-reset]")?.addEventListener("click", () => {
    localStorage.removeItem(CHANGED);
    chosen = { ...DELIVERED };
    show();
  });
  addEventListener("keydown", (event) => {
    const at = /** @type {HTMLElement} */ (event.target);
    if (!on.checked || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (at.closest("a, button, input, select, textarea, summary, [contenteditable]")) return;
    const key = event.key.toLowerCase();
    const name = Object.keys(chosen).find((one) => chosen[one] === key && pressable(one));
    const button = name && /** @type {HTMLElement} */ (pressable(name));
    const meant = Object.keys(chosen).find((one) => chosen[one] === key);
    if (button) press(button);
    else if (!meant || !later(meant)) return;
    event.preventDefault();
  });
  show();
}
