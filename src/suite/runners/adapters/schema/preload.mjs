// Loaded into every process of a JavaScript runner with `node --import`, before any other code, where the schema is kept
// between tests. What makes it is changed as soon as the project loads it; jest has a way of loading of its own.

import { onModule } from "../module-hook.mjs";
import { withoutPreload } from "../worker-environment.mjs";
import { keepSequelize } from "./kept-sequelize.mjs";
import { keepTypeorm } from "./kept-typeorm.mjs";

/** @type {[RegExp, (exports: Record<string, any>) => void][]} */
const kept = [
  [/^sequelize$|\/node_modules\/sequelize\/lib\/index\.js$/, keepSequelize],
  [/^typeorm$|\/node_modules\/typeorm\/index\.js$/, keepTypeorm],
];

/** Child processes of tests get the user's own environment. */
function settle() {
  withoutPreload(process.env, import.meta.url);
}

for (const [name, keep] of kept) {
  onModule(name, (exports) => {
    settle();
    keep(exports);
  });
}

onModule(/(^|\/)jest-runtime(\/build\/index\.js)?$/, ({ default: Runtime }) => {
  const { requireModuleOrMock } = Runtime?.prototype ?? {};
  if (typeof requireModuleOrMock !== "function") return;
  /** @type {WeakSet<object>} */
  const changed = new WeakSet();
  Runtime.prototype.requireModuleOrMock = function (/** @type {string} */ from, /** @type {string} */ name) {
    const exports = requireModuleOrMock.call(this, from, name);
    const keep = kept.find(([pattern]) => pattern.test(name))?.[1];
    if (keep && exports && !changed.has(exports)) {
      changed.add(exports);
      settle();
      keep(exports);
    }
    return exports;
  };
});
