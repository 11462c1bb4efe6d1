// Moves what V8 saw of a module to where the same code is after the module changed.

/** @typedef {{ start: (offset: number) => number, end: (offset: number) => number }} Moves */

const functions = /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/;
const places = new Set(["type", "start", "end", "loc", "range", "raw", "parent"]);

/**
 * Where offsets of the earlier code are now. Functions whose bodies differ are left out: nothing may have run in them. Throws where
 * more than such bodies differs.
 *
 * @param {string} before
 * @param {string} now
 * @param {any} oldTree the syntax tree of the earlier code
 * @param {any} newTree
 * @returns {Moves}
 */
export function movesOf(before, now, oldTree, newTree) {
  /** @type {[from: number, to: number, isEnd: boolean][]} */
  const pairs = [];
  if (!walk(oldTree, newTree, pairs)) throw new Error("a module changed in more than functions");
  const starts = new Map();
  const ends = new Map();
  for (const [from, to, isEnd] of pairs) (isEnd ? ends : starts).set(from, to);
  const known = [...new Set(pairs.map(([from]) => from))].sort((one, other) => one - other);

  const move = (/** @type {number} */ offset, /** @type {Map<number, number>[]} */ maps) => {
    for (const map of maps) {
      const found = map.get(offset);
      if (found !== undefined) return found;
    }
    if (offset >= before.length) return now.length + offset - before.length;
    return between(offset);
  };
  /** A place in the white space or the signs between two nodes. @param {number} offset */
  const between = (offset) => {
    const index = known.findLastIndex((place) => place < offset);
    const [lower, upper] = [known[index], known[index + 1]];
    for (const from of lower === undefined ? [] : [ends.get(lower), starts.get(lower)]) {
      const text = before.slice(lower, offset);
      if (from !== undefined && now.startsWith(text, from)) return from + text.length;
    }
    for (const to of upper === undefined ? [] : [starts.get(upper), ends.get(upper)]) {
      const text = before.slice(offset, upper);
      if (to !== undefined && now.slice(0, to).endsWith(text)) return to - text.length;
    }
    throw new Error("a place in a module is not found again");
  };
  return { start: (offset) => move(offset, [starts, ends]), end: (offset) => move(offset, [ends, starts]) };
}

/** Moves all ranges of a script. @param {{ startOffset?: number, functions: any[] }} script @param {Moves} moves */
export function moveScript({ startOffset: wrapper = 0, functions: all }, { start, end }) {
  for (const { ranges } of all) {
    for (const range of ranges) {
      // What lies in the wrapper around a module stays where it is.
      if (range.startOffset >= wrapper) range.startOffset = start(range.startOffset - wrapper) + wrapper;
      range.endOffset = end(range.endOffset - wrapper) + wrapper;
    }
  }
}

/**
 * Whether two nodes are the same but for bodies of functions; adds the places where their parts begin and end.
 *
 * @param {any} before
 * @param {any} now
 * @param {[number, number, boolean][]} pairs
 * @returns {boolean}
 */
function walk(before, now, pairs) {
  if (Array.isArray(before)) {
    return (
      Array.isArray(now) && before.length === now.length && before.every((one, index) => walk(one, now[index], pairs))
    );
  }
  if (typeof before !== "object" || before === null) return Object.is(before, now);
  if (typeof now !== "object" || now === null || before.type !== now.type) return false;
  if (typeof before.start === "number") pairs.push([before.start, now.start, false], [before.end, now.end, true]);
  const keys = Object.keys(before).filter((key) => !places.has(key));
  return keys.every((key) => {
    const kept = pairs.length;
    if (walk(before[key], now[key], pairs)) return true;
    if (key !== "body" || !functions.test(before.type)) return false;
    // Only where the body is.
    pairs.length = kept;
    pairs.push([before.body.start, now.body.start, false], [before.body.end, now.body.end, true]);
    return true;
  });
}
