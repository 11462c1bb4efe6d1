// Turns the headings of sortable tables into buttons.

for (const table of document.querySelectorAll("table[data-sortable]")) {
  if (table instanceof HTMLTableElement) makeSortable(table);
}

/** @param {HTMLTableElement} table */
function makeSortable(table) {
  const headings = [...table.querySelectorAll("thead th")];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      // Numbers sort descending first, names ascending.
      const first = heading.classList.contains("number") ? "descending" : "ascending";
      const other = first === "descending" ? "ascending" : "descending";
      const order = heading.getAttribute("aria-sort") === first ? other : first;
      for (const one of headings) one.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", order);
      sortRows(table, column, order === "descending" ? -1 : 1);
    });
  });
}

/**
 * @param {HTMLTableElement} table
 * @param {number} column
 * @param {1 | -1} direction
 */
function sortRows(table, column, direction) {
  const body = table.tBodies[0];
  if (!body) return;
  const rows = [...body.rows].map((row) => {
    const cell = row.cells[column];
    return { row, text: cell?.textContent ?? "", value: Number(cell?.dataset.value ?? Number.NaN) };
  });
  rows.sort((left, right) => {
    const byValue = left.value - right.value;
    return direction * (Number.isNaN(byValue) ? compareTexts(left.text, right.text) : byValue);
  });
  body.append(...rows.map(({ row }) => row));
}

/**
 * @param {string} left
 * @param {string} right
 */
function compareTexts(left, right) {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
