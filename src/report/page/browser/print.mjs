// Opens all folds while the page is printed.

/** @type {Set<HTMLDetailsElement>} */
const opened = new Set();

function open() {
  for (const details of document.querySelectorAll("details")) {
    if (details.open) continue;
    details.open = true;
    opened.add(details);
  }
}

function close() {
  for (const details of opened) details.open = false;
  opened.clear();
}

matchMedia("print").addEventListener("change", ({ matches }) => (matches ? open() : close()));
addEventListener("beforeprint", open);
addEventListener("afterprint", close);
