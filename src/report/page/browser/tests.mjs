// The search among tests. Only one page of rows is in the document, however many tests there are; names are always set
// as text.

/**
 * The name; the indexes of file, worker, suite and outcome in the list of names; the seconds; the index of their text.
 *
 * @typedef {[name: string, file: number, worker: number, suite: number, outcome: number, seconds: number, time: number]} Test
 */

const pageLength = 50;
const signs = new Map([
  ["passed", "✓ "],
  ["failed", "✕ "],
  ["skipped", "– "],
]);

const data = document.getElementById("test-data");
if (data) start(JSON.parse(data.textContent ?? ""));

/** @param {{ names: string[], tests: Test[] }} data */
function start({ names, tests }) {
  const words = /** @type {HTMLInputElement} */ (byId("test-words"));
  const outcome = /** @type {HTMLSelectElement} */ (byId("test-outcome"));
  const order = /** @type {HTMLSelectElement} */ (byId("test-order"));
  const [previous, next] = [byId("test-previous"), byId("test-next")].map(
    (one) => /** @type {HTMLButtonElement} */ (one),
  );

  /** The searched texts in lower case, computed once. */
  const haystacks = new Map(
    tests.map((test) => [test, [test[0], names[test[1]], names[test[2]], names[test[3]]].join("\n").toLowerCase()]),
  );
  /** @type {Map<string, Test[]>} */
  const orders = new Map();
  /** @type {Test[]} */
  let found = [];
  let page = 0;

  /** The tests in the chosen order; each order is computed once, and typing only filters. */
  const ordered = () => {
    const known = orders.get(order.value) ?? tests.toSorted(comparison(order.value, names));
    orders.set(order.value, known);
    return known;
  };

  const search = () => {
    const wanted = words.value.toLowerCase().split(/\s+/);
    found = ordered().filter((test) => {
      if (outcome.value !== "" && names[test[4]] !== outcome.value) return false;
      const haystack = haystacks.get(test) ?? "";
      return wanted.every((word) => haystack.includes(word));
    });
    page = 0;
    const total = `${tests.length} ${tests.length === 1 ? "test" : "tests"}`;
    byId("test-count").textContent = found.length === tests.length ? total : `${found.length} of ${total}`;
    show();
  };

  const show = () => {
    const first = page * pageLength;
    const shown = found.slice(first, first + pageLength);
    byId("test-rows").replaceChildren(...shown.map((test) => rowOf(test, names)));
    byId("test-page").textContent = `${first + 1} to ${first + shown.length} of ${found.length}`;
    byId("test-pages").hidden = found.length <= pageLength;
    byId("test-table").hidden = shown.length === 0;
    if (previous) previous.disabled = page === 0;
    if (next) next.disabled = first + pageLength >= found.length;
  };

  /** @param {number} by */
  const turn = (by) => {
    page += by;
    show();
    byId("test-count").scrollIntoView({ block: "start" });
  };

  byId("test-search").addEventListener("submit", (event) => event.preventDefault());
  for (const control of [words, outcome, order]) control.addEventListener("input", search);
  previous?.addEventListener("click", () => turn(-1));
  next?.addEventListener("click", () => turn(1));
  byId("test-search").hidden = false;
  search();
}

/**
 * @param {string} order
 * @param {string[]} names
 * @returns {(left: Test, right: Test) => number}
 */
function comparison(order, names) {
  if (order === "slowest") return (left, right) => right[5] - left[5];
  if (order === "name") return (left, right) => (left[0] < right[0] ? -1 : Number(left[0] > right[0]));
  const rank = (/** @type {Test} */ test) => (names[test[4]] === "failed" ? 0 : 1);
  return (left, right) => rank(left) - rank(right);
}

/**
 * @param {Test} test
 * @param {string[]} names
 */
function rowOf([name, file, worker, , outcome, , time], names) {
  const row = document.createElement("tr");
  const result = names[outcome] ?? "";
  const cells = [name, names[file], names[worker], `${signs.get(result) ?? ""}${result}`, names[time]];
  row.append(
    ...cells.map((text, column) => {
      const cell = document.createElement(column === 0 ? "th" : "td");
      if (cell instanceof HTMLTableCellElement && column === 0) cell.scope = "row";
      if (column === 3) cell.className = result;
      if (column === 4) cell.className = "number";
      cell.textContent = text ?? "";
      return cell;
    }),
  );
  return row;
}

/** @param {string} id */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
