// Tells where CommonJS asks for a module that is not there: a new file may be it.
import Module from "node:module";

/**
 * Calls back with the file that asked, where that is known. What takes the place of Node's function, as tsx does, tries other names
 * before it gives up: only the outermost call counts.
 *
 * @param {(asker: string | undefined) => void} missed
 */
export function watchMisses(missed) {
  let depth = 0;
  /** @param {(...args: any[]) => unknown} resolve @returns {(...args: any[]) => unknown} */
  const watching = (resolve) =>
    /** @this {unknown} */ function (...args) {
      depth += 1;
      try {
        return Reflect.apply(resolve, this, args);
      } catch (error) {
        if (depth === 1) missed(args[1]?.filename);
        throw error;
      } finally {
        depth -= 1;
      }
    };
  const internals = /** @type {any} */ (Module);
  let current = watching(internals._resolveFilename);
  Object.defineProperty(internals, "_resolveFilename", {
    configurable: true,
    enumerable: true,
    get: () => current,
    set: (resolve) => {
      current = watching(resolve);
    },
  });
}
