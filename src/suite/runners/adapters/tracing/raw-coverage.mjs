// Compares what a test file covered with what it had covered before.

/**
 * The first source file of which something else is covered, by the end of its name; null where there is none. How often it was
 * does not matter.
 *
 * @param {any} before V8's results, or istanbul's coverage by file
 * @param {any} after
 * @returns {string | null}
 */
export function firstDifference(before, after) {
  const [left, right] = [textsOf(before), textsOf(after)];
  for (const name of new Set([...left.keys(), ...right.keys()])) {
    if (left.get(name) !== right.get(name)) return name.replace(/^pushproof-checkout(?:-url)?:\//, "");
  }
  return null;
}

/** A text for each file that tells what of it is covered. @param {any} coverage @returns {Map<string, string>} */
function textsOf(coverage) {
  return Array.isArray(coverage.result) ? scriptsOf(coverage) : filesOf(coverage);
}

/** A module that was reset is a script for each time it was loaded. @param {{ result: any[] }} coverage @returns {Map<string, string>} */
function scriptsOf({ result }) {
  /** @type {Map<string, string>} */
  const texts = new Map();
  for (const { url, functions } of result) texts.set(url, `${texts.get(url) ?? ""} ${painted(functions)}`);
  return texts;
}

/**
 * The parts that did not run: ranges lie within each other, and the innermost counts.
 *
 * @param {{ ranges: { startOffset: number, endOffset: number, count: number }[] }[]} functions
 */
function painted(functions) {
  const ranges = functions.flatMap((one) => one.ranges);
  const length = ranges.reduce((most, { endOffset }) => Math.max(most, endOffset), 0);
  const ran = new Uint8Array(length);
  const outerFirst = ranges.sort(
    (one, other) => one.startOffset - other.startOffset || other.endOffset - one.endOffset,
  );
  for (const { startOffset, endOffset, count } of outerFirst) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  const changes = [];
  for (let place = 1; place < length; place += 1) if (ran[place] !== ran[place - 1]) changes.push(place);
  return `${ran[0]} ${changes.join()}`;
}

/** @param {Record<string, { s: object, f: object, b: Record<string, number[]> }>} coverage @returns {Map<string, string>} */
function filesOf(coverage) {
  const isCovered = (/** @type {number} */ hits) => (hits > 0 ? "+" : "-");
  return new Map(
    Object.entries(coverage).map(([file, { s, f, b }]) => [
      file,
      [...Object.values(s), ...Object.values(f), ...Object.values(b).flat()].map(isCovered).join(""),
    ]),
  );
}
