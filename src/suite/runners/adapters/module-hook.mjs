import Module from "node:module";

/** @typedef {Record<string, any>} Exports */

/** @type {{ name: string | RegExp, change: (exports: Exports) => void, changed: WeakSet<object> }[]} */
const changes = [];

/**
 * Changes a CommonJS module once, right after it is loaded.
 *
 * @param {string | RegExp} name as in the require call
 * @param {(exports: Exports) => void} change
 */
export function onModule(name, change) {
  changes.push({ name, change, changed: new WeakSet() });
  if (changes.length > 1) return;
  const internals = /** @type {any} */ (Module);
  const load = internals._load;
  internals._load = function (/** @type {string} */ request, /** @type {unknown[]} */ ...more) {
    const exports = load.call(this, request, ...more);
    for (const one of changes) {
      const isMeant =
        typeof one.name === "string" ? request === one.name : one.name.test(request.replaceAll("\\", "/"));
      const isChangeable = (typeof exports === "object" && exports !== null) || typeof exports === "function";
      if (!isMeant || !isChangeable || one.changed.has(exports)) continue;
      one.changed.add(exports);
      one.change(exports);
    }
    return exports;
  };
}
