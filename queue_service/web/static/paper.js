// @ts-check
/** Shows the button that prints; without scripts the browser's own menu does. */
for (const button of document.querySelectorAll("[data-print]")) {
  /** @type {HTMLElement} */ (button).hidden = false;
  button.addEventListener("click", () => print());
}
