import type { Files } from "../repository.ts";
import { configFile } from "../verify.ts";

/**
 * A node:test suite built to be nasty to whoever reuses results: modules of both kinds, data, and imports that no text shows. `only`
 * names the tests that are there, such as "add" for test/add.test.js.
 */
export function nastyNodeFiles({ workers = 1, only = [] }: { workers?: number; only?: readonly string[] } = {}): Files {
  const isMeant = (file: string): boolean => only.length === 0 || only.some((name) => file === `test/${name}.test.js`);
  return {
    ".gitignore": "node_modules/\n",
    "package.json": '{ "type": "module", "imports": { "#add": "./src/arithmetic.js" } }\n',
    "verify.config.json": configFile({
      incremental: true,
      database: false,
      coverage: { lines: 1 },
      suites: [{ name: "nasty", runner: "node", command: "node --test", source: ["src"], workers }],
    }),
    ...modules,
    ...Object.fromEntries(Object.entries(tests).filter(([file]) => isMeant(file))),
  };
}

const modules: Files = {
  "src/arithmetic.js":
    "export const base = 10;\n\nexport function add(left, right) {\n  return left + right;\n}\n\nexport function times(left, right) {\n  let total = 0;\n  for (let turn = 0; turn < right; turn += 1) total = add(total, left);\n  return total;\n}\n\nexport function limited(value) {\n  if (value > 100) return 100;\n  return value < 0 ? 0 : value + base;\n}\n",
  "src/barrel.js": 'export * from "./arithmetic.js";\nexport { half } from "./half.cjs";\n',
  "src/half.cjs": "const { two } = require('./numbers');\n\nexports.half = (value) => value / two;\n",
  "src/numbers/index.js": "exports.two = 2;\n",
  "src/numbers/package.json": '{ "type": "commonjs" }\n',
  "src/settings.cjs": "const data = require('./data.json');\n\nexports.level = () => data.level + 1;\n",
  "src/data.json": '{ "level": 1 }\n',
  "src/texts.js":
    'import { existsSync, readdirSync, readFileSync } from "node:fs";\n\nconst place = new URL("../assets/", import.meta.url);\n\nexport function greeting(name) {\n  return readFileSync(new URL("greeting.txt", place), "utf8").trim() + name;\n}\n\nexport function listed() {\n  return readdirSync(new URL("list/", place)).sort().join();\n}\n\nexport function optional() {\n  return existsSync(new URL("optional.txt", place)) ? 1 : 2;\n}\n',
  "assets/greeting.txt": "Hello\n",
  "assets/list/a.txt": "a\n",
  "src/lazy.js":
    'export async function load(name) {\n  return await import("./parts/" + name + ".js");\n}\n\nexport async function maybe() {\n  try {\n    return (await import("./extras.js")).value;\n  } catch {\n    return 0;\n  }\n}\n',
  "src/parts/first.js":
    'import { add } from "../arithmetic.js";\n\nexport function work(value) {\n  return add(value, 1);\n}\n',
  "src/parts/second.js": "export function work(value) {\n  return value * 2;\n}\n",
  "src/optional.cjs":
    "exports.found = () => {\n  try {\n    return require(['.', 'plugin.cjs'].join('/')).value;\n  } catch {\n    return 0;\n  }\n};\n",
  "src/never.js": "export function never(value) {\n  return value > 1 ? 2 : 3;\n}\n",
};

/** A test file of node:test, of what stands before its one test, and of that test's body. */
export const nodeTestOf = (imports: string, body: string): string =>
  `import assert from "node:assert";\nimport { test } from "node:test";\n${imports}\n\ntest("works", async () => {\n  ${body}\n});\n`;

const tests: Files = {
  "test/add.test.js": nodeTestOf('import { add } from "../src/arithmetic.js";', "assert.equal(add(1, 2), 3);"),
  "test/times.test.js": nodeTestOf('import { times } from "#add";', "assert.equal(times(2, 3), 6);"),
  "test/limited.test.js": nodeTestOf('import { limited } from "../src/barrel.js";', "assert.equal(limited(1), 11);"),
  "test/half.test.js": nodeTestOf('import { half } from "../src/barrel.js";', "assert.equal(half(4), 2);"),
  "test/settings.test.js": nodeTestOf(
    'import settings from "../src/settings.cjs";',
    "assert.equal(settings.level(), 2);",
  ),
  "test/greeting.test.js": nodeTestOf(
    'import { greeting } from "../src/texts.js";',
    'assert.equal(greeting("B"), "HelloB");',
  ),
  "test/listed.test.js": nodeTestOf(
    'import { listed, optional } from "../src/texts.js";',
    'assert.equal(listed(), "a.txt");\n  assert.equal(optional(), 2);',
  ),
  "test/first.test.js": nodeTestOf(
    'import { load } from "../src/lazy.js";',
    'assert.equal((await load("first")).work(1), 2);',
  ),
  "test/second.test.js": nodeTestOf(
    'import { load } from "../src/lazy.js";',
    'assert.equal((await load("second")).work(2), 4);',
  ),
  "test/maybe.test.js": nodeTestOf('import { maybe } from "../src/lazy.js";', "assert.equal(await maybe(), 0);"),
  "test/optional.test.js": nodeTestOf(
    'import optional from "../src/optional.cjs";',
    "assert.equal(optional.found(), 0);",
  ),
  "test/data.test.js": nodeTestOf(
    'import data from "../src/data.json" with { type: "json" };',
    "assert.ok(data.level > 0);",
  ),
  "test/helper.js": 'import { limited } from "../src/arithmetic.js";\n\nlimited(200);\n',
};

/** Files that may appear, and change what is loaded, found or read. */
export const appearingForNode: Files = {
  "src/extras.js": "export const value = 1;\n",
  "src/plugin.cjs": "exports.value = 1;\n",
  "src/numbers.js": "export const two = 3;\n",
  "src/numbers.json": '{ "two": 4 }\n',
  "src/parts/third.js": "export const work = () => 0;\n",
  "src/parts/package.json": '{ "type": "commonjs" }\n',
  "src/unloaded.js": "export function neverLoaded(value) {\n  return value;\n}\n",
  "assets/optional.txt": "here\n",
  "assets/list/b.txt": "b\n",
  "test/new.test.js": nodeTestOf('import { add } from "../src/arithmetic.js";', "assert.equal(add(2, 2), 4);"),
  "README.md": "# Text\n",
};
