import { linkPackages } from "../jest-suite.ts";
import type { Files } from "../repository.ts";
import { configFile } from "../verify.ts";
import { indented, testsOfModules } from "./module-tests.ts";
import { modules as vitestModules } from "./nasty-vitest.ts";

/** A file of the project whose name ends with `.test.ts` or so, by what `only` calls it. */
const isOf = (name: string, file: string): boolean =>
  file.startsWith(`test/${name}.`) || file.includes(`/${name}.test.ts.`);

/**
 * A jest suite built to be nasty to whoever reuses results: it loads modules, and reads files, in every way there is. `only` names
 * the tests that are there, such as "folder" for test/folder.test.ts. It needs `linkForNastyJest`.
 */
export function nastyJestFiles({
  workers = 1,
  provider = "babel",
  only = [],
}: {
  workers?: number;
  provider?: string;
  only?: readonly string[];
} = {}): Files {
  const isMeant = (file: string): boolean => only.length === 0 || only.some((name) => isOf(name, file));
  const meant = Object.fromEntries(Object.entries(tests).filter(([file]) => isMeant(file)));
  return { ...base(workers, provider), ...modules, ...meant };
}

/** Gives a repository the packages of the nasty suite. */
export async function linkForNastyJest(root: string): Promise<void> {
  const names = [
    "jest",
    "jest-environment-node",
    "picomatch",
    "@babel/preset-typescript",
    "@babel/plugin-transform-modules-commonjs",
  ];
  await linkPackages(root, names, { jest: "jest/bin/jest.js" });
}

const base = (workers: number, provider: string): Files => ({
  ".gitignore": "node_modules/\n",
  "package.json": '{ "private": true }\n',
  "tsconfig.json": '{ "compilerOptions": { "strict": true } }\n',
  "babel.config.js":
    'module.exports = {\n  presets: ["@babel/preset-typescript"],\n  plugins: ["@babel/plugin-transform-modules-commonjs"],\n};\n',
  "jest.config.js": `module.exports = {
  coverageProvider: "${provider}",
  setupFiles: ["<rootDir>/test/early.js"],
  setupFilesAfterEnv: ["<rootDir>/test/setup.ts"],
  moduleNameMapper: {
    "^@/(.*)$": "<rootDir>/src/$1",
    "^short$": "<rootDir>/src/barrel",
    "^either$": ["<rootDir>/src/newer", "<rootDir>/src/older"],
  },
};
`,
  "verify.config.json": configFile({
    incremental: true,
    database: false,
    coverage: { lines: 1 },
    suites: [{ name: "nasty", runner: "jest", command: "jest", source: ["src"], workers }],
  }),
  "test/early.js": "globalThis.early = require('../src/halves.cjs').half(4);\n",
  "test/setup.ts": 'import { reset } from "../src/state";\n\nbeforeEach(() => reset());\n',
});

const { "src/inside.ts": _inside, "src/source.ts": _source, "src/text.txt": _text, ...shared } = vitestModules;

const modules: Files = {
  ...shared,
  "src/texts.ts": `import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const place = join(__dirname, "../assets");

export function greeting(name: string) {
  return readFileSync(join(place, "greeting.txt"), "utf8").trim().replace("NAME", name);
}

export async function farewell() {
  return (await readFile(join(place, "farewell.txt"), "utf8")).trim();
}

export function listed() {
  return readdirSync(join(place, "list")).sort().join();
}

export function optional() {
  return existsSync(join(place, "optional.txt")) ? "there" : "not there";
}
`,
  "src/plugins.ts": `import { readdirSync } from "node:fs";
import { join } from "node:path";

export const pluginNames = readdirSync(join(__dirname, "plugins"))
  .sort()
  .map((file) => require(join(__dirname, "plugins", file)).name);
`,
  "src/lazy.ts": `export async function load(name: string) {
  return await Promise.resolve(require("./parts/" + name));
}

export function loadAny(path: string) {
  return require(path);
}

export function maybe() {
  try {
    return require(["@", "extras"].join("/")).value;
  } catch {
    return null;
  }
}
`,
  "src/older.ts": "export const age = () => 9;\n",
  "src/globs.ts":
    "import picomatch from \"picomatch\";\n\nexport function matches(name: string) {\n  return picomatch.isMatch(name, '*.ts');\n}\n",
  "__mocks__/picomatch.js": "module.exports = { isMatch: () => 'mocked' };\n",
  "src/host.ts": 'import { hostname } from "node:os";\n\nexport function host() {\n  return hostname();\n}\n',
  "__mocks__/os.js": "module.exports = { hostname: () => 'a host' };\n",
  "test/environment.js": `const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { TestEnvironment } = require("jest-environment-node");

module.exports = class extends TestEnvironment {
  constructor(...args) {
    super(...args);
    this.global.level = require("./levels.js").level;
    this.global.word = readFileSync(join(__dirname, "../assets/word.txt"), "utf8").trim();
  }
};
`,
  "test/levels.js": "exports.level = 3;\n",
  "assets/word.txt": "word\n",
};

const testOf = (imports: string, body: string, head = ""): string =>
  `${head}${imports}\n\ntest("works", async () => {\n${indented(body)}\n});\n`;

const tests: Files = {
  ...testsOfModules(testOf),
  "test/__snapshots__/describe.test.ts.snap":
    '// Jest Snapshot v1, https://jestjs.io/docs/snapshot-testing\n\nexports[`works 1`] = `"square of 4"`;\n',
  "test/either.test.ts": testOf('import { age } from "either";', "expect(age()).toBe(9);"),
  "test/json.test.ts": testOf('import * as data from "@/data.json";', 'expect(data.names).toContain("x");'),
  "test/farewell.test.ts": testOf('import { farewell } from "../src/texts";', 'expect(await farewell()).toBe("Bye");'),
  "test/second.test.ts": testOf(
    'import { loadAny } from "../src/lazy";\nimport { join } from "node:path";',
    'expect(loadAny(join(__dirname, "../src/parts/second")).work(2)).toBe(5);',
  ),
  "test/maybe.test.ts": testOf('import { maybe } from "../src/lazy";', "expect(maybe()).toBe(null);"),
  "test/factory.test.ts": testOf(
    'import { notify } from "../src/mail";\n\njest.mock("../src/transport", () => ({ send: () => "mocked" }));',
    'expect(notify("A")).toBe("mocked");',
  ),
  "test/automock.test.ts": testOf(
    'import { notify } from "../src/mail";\nimport * as transport from "../src/transport";\n\njest.mock("../src/transport");',
    'expect(notify("A")).toBe(undefined);\nexpect(transport.retries).toBe(3);',
  ),
  "test/partial.test.ts": testOf(
    'import { notify } from "../src/mail";\n\njest.mock("../src/transport", () => ({ ...jest.requireActual("../src/transport"), extra: 1 }));',
    'expect(notify("A")).toBe("sent to A");',
  ),
  "test/made.test.ts": testOf(
    "",
    'const made = jest.createMockFromModule<any>("../src/clock");\nexpect(made.now()).toBe(undefined);',
  ),
  "test/virtual.test.ts": testOf(
    'jest.mock("../src/virtual", () => ({ one: 1 }), { virtual: true });',
    'expect(require("../src/virtual").one).toBe(1);',
  ),
  "test/folder-mock.test.ts": testOf(
    'import { elapsed } from "../src/timer";\n\njest.mock("../src/clock");',
    "expect(elapsed()).toBe(11);",
  ),
  "test/package-mock.test.ts": testOf(
    'import { matches } from "../src/globs";',
    'expect(matches("a.ts")).toBe("mocked");',
  ),
  "test/core-mock.test.ts": testOf(
    'import { host } from "../src/host";\n\njest.mock("node:os");',
    'expect(host()).toBe("a host");',
  ),
  "test/place.test.ts": testOf("", 'expect(require.resolve("../src/folder")).toContain("index.ts");'),
  "test/reset.test.ts": testOf(
    'import { count } from "../src/late";',
    'expect(count()).toBe(1);\njest.resetModules();\nconst again = require("../src/late");\nexpect(again.count()).toBe(1);\njest.isolateModules(() => expect(require("../src/late").count()).toBe(1));',
  ),
  "test/again.test.ts": testOf(
    'import { keep } from "../src/state";',
    'keep("a");\nexpect(keep("a")).toEqual({ name: "a", count: 2 });\nexpect((globalThis as any).early).toBe(2);',
  ),
  "test/legacy.test.ts": testOf(
    'import { createRequire } from "node:module";',
    'const { quarter } = createRequire(__filename)("../src/legacy.cjs");\nexpect(quarter(8)).toBe(2);',
  ),
  "test/environment.test.ts": testOf(
    'import { add } from "../src/arithmetic";',
    'const { level, word } = globalThis as any;\nexpect(add(level, 1)).toBe(4);\nexpect(word).toBe("word");',
    "/** @jest-environment ./test/environment.js */\n",
  ),
};

/** Files that may appear, and change what is loaded, found or read. */
export const appearingForJest: Files = {
  "src/extras.ts": "export const value = 1;\n",
  "src/newer.ts": "export const age = () => 1;\n",
  "src/virtual.ts": "export const one = 2;\n",
  "src/resolved.ts": "export const which = () => 2;\n",
  "src/resolved.mjs": "export const which = () => 3;\n",
  "src/folder.ts": "export const inFolder = () => 2;\n",
  "src/folder/index.js": "exports.inFolder = () => 3;\n",
  "src/barrel.ts": "export const one = () => 7;\nexport const second = () => 7;\n",
  "src/barrel/one.js": "exports.one = () => 8;\n",
  "src/barrel/one/index.ts": "export const one = () => 9;\n",
  "src/barrel/package.json": '{ "main": "two.ts" }\n',
  "src/parts/first.js": "exports.work = () => 0;\n",
  "src/plugins/gamma.ts": 'export const name = "gamma";\n',
  "src/__mocks__/transport.ts": 'export const send = () => "from the folder";\nexport const retries = 0;\n',
  "__mocks__/path.js": "module.exports = { join: () => '' };\n",
  "src/data.ts": "export const level = 5;\nexport const names = [];\n",
  "src/unloaded.ts": "export function neverLoaded(value: number) {\n  return value;\n}\n",
  "src/.babelrc": '{ "comments": false }\n',
  "assets/optional.txt": "here\n",
  "assets/list/c.txt": "c\n",
  "test/new.test.ts": testOf('import { based } from "../src/arithmetic";', "expect(based(2)).toBe(12);"),
  "test/__snapshots__/power.test.ts.snap":
    "// Jest Snapshot v1, https://jestjs.io/docs/snapshot-testing\n\nexports[`gone 1`] = `1`;\n",
  "test/__snapshots__/gone.test.ts.snap":
    "// Jest Snapshot v1, https://jestjs.io/docs/snapshot-testing\n\nexports[`gone 1`] = `1`;\n",
  "README.md": "# Text\n",
  "docs/page.md": "Text\n",
  ".env": "ONE=1\n",
};
