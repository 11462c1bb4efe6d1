// Keyboard navigation in charts: Tab reaches one mark, arrow keys lead to the others. The details of the focused or
// hovered mark are shown below the chart.

for (const chart of document.querySelectorAll("[data-marks]")) {
  const details = chart.querySelector("[data-details]");
  details?.removeAttribute("hidden");

  /** @param {EventTarget | null} target */
  const tell = (target) => {
    const mark = markOf(target);
    if (mark && details) details.textContent = mark.querySelector("title")?.textContent ?? "";
  };
  chart.addEventListener("focusin", ({ target }) => tell(target));
  chart.addEventListener("pointerover", ({ target }) => tell(target));
  chart.addEventListener("pointerout", () => tell(document.activeElement));

  chart.addEventListener("keydown", (event) => {
    const mark = markOf(event.target);
    if (!mark || !(event instanceof KeyboardEvent) || event.ctrlKey || event.altKey || event.metaKey) return;
    const next = nextMark(mark, event.key);
    if (next === null) return;
    event.preventDefault();
    mark.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  });
}

/**
 * @param {EventTarget | null} target
 * @returns {SVGElement | null}
 */
function markOf(target) {
  return target instanceof SVGElement ? target.closest("[data-mark]") : null;
}

/**
 * The mark that a key leads to; the same one at the end, null for other keys.
 *
 * @param {SVGElement} mark
 * @param {string} key
 * @returns {SVGElement | null}
 */
function nextMark(mark, key) {
  /** @type {SVGElement[]} */
  const marks = [...(mark.closest("svg")?.querySelectorAll("[data-mark]") ?? [])].filter(
    (one) => one instanceof SVGElement,
  );
  const place = marks.indexOf(mark);
  if (key === "ArrowRight") return marks[place + 1] ?? mark;
  if (key === "ArrowLeft") return marks[place - 1] ?? mark;
  if (key === "Home") return marks[0] ?? mark;
  if (key === "End") return marks[marks.length - 1] ?? mark;
  if (key === "ArrowDown") return nearest(mark, marks, 1) ?? mark;
  return key === "ArrowUp" ? (nearest(mark, marks, -1) ?? mark) : null;
}

/**
 * The nearest mark entirely below or above; vertical distance counts before horizontal.
 *
 * @param {SVGElement} mark
 * @param {SVGElement[]} marks
 * @param {1 | -1} direction
 */
function nearest(mark, marks, direction) {
  const from = mark.getBoundingClientRect();
  const middle = from.left + from.width / 2;
  let best = null;
  let least = Number.POSITIVE_INFINITY;
  for (const one of marks) {
    const to = one.getBoundingClientRect();
    const down = direction === 1 ? to.top - from.bottom : from.top - to.bottom;
    if (down < -1 || one === mark) continue;
    const aside = Math.max(0, to.left - middle, middle - to.right);
    const distance = down * 10 + aside;
    if (distance < least) [best, least] = [one, distance];
  }
  return best;
}
