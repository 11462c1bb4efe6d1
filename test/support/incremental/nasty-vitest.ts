import type { Files } from "../repository.ts";
import { configFile } from "../verify.ts";
import { indented, testsOfModules } from "./module-tests.ts";

/**
 * A vitest suite built to be nasty to whoever reuses results: it loads modules, and reads files, in every way there is. `only` names
 * the tests that are there, such as "folder" for test/folder.test.ts.
 */
export function nastyVitestFiles({
  workers = 1,
  pool = "forks",
  only = [],
  globalSetup = false,
}: {
  workers?: number;
  pool?: string;
  only?: readonly string[];
  /** Whether something is set up once, for all test files. */
  globalSetup?: boolean;
} = {}): Files {
  const isMeant = (file: string): boolean =>
    only.length === 0 || only.some((name) => file.startsWith(`test/${name}.`) || file.includes(`/${name}.test.ts.`));
  const meant = Object.fromEntries(Object.entries(tests).filter(([file]) => isMeant(file)));
  return { ...base(workers, pool, globalSetup), ...modules, ...(globalSetup ? setupModules : {}), ...meant };
}

const base = (workers: number, pool: string, globalSetup: boolean): Files => ({
  ".gitignore": "node_modules/\n",
  "package.json": '{ "type": "module" }\n',
  "tsconfig.json": '{ "compilerOptions": { "strict": true, "paths": { "@/*": ["./src/*"] } } }\n',
  "vitest.config.ts": `import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL("src", import.meta.url)), short: fileURLToPath(new URL("src/barrel", import.meta.url)) } },
  test: { pool: "${pool}", ${globalSetup ? 'globalSetup: ["test/global.ts"], ' : ""}setupFiles: ["test/setup.ts"], includeSource: ["src/inside.ts"], define: {} },
});
`,
  "verify.config.json": configFile({
    incremental: true,
    database: false,
    coverage: { lines: 1 },
    suites: [{ name: "nasty", runner: "vitest", command: "vitest run", source: ["src"], workers }],
  }),
  "test/setup.ts":
    'import { beforeEach } from "vitest";\nimport { reset } from "../src/state.ts";\n\nbeforeEach(() => reset());\n',
});

/** What is set up once, and the test that finds it. */
const setupModules: Files = {
  "test/global.ts": `import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { seedOf } from "../src/seeds";

export default function setup(project: { provide(key: string, value: unknown): void }) {
  const { names } = JSON.parse(readFileSync("assets/seed.json", "utf8"));
  const { half } = createRequire(import.meta.url)("../src/halves.cjs");
  project.provide("seed", seedOf(names));
  process.env.NASTY_SEED = String(half(seedOf(names).length));
}
`,
  "src/seeds/index.ts": `import { prefix } from "./prefix";

export function seedOf(names: string[]) {
  return names.map((name) => prefix + name);
}

export function unusedSeed(value: number) {
  return value > 2 ? 1 : 2;
}
`,
  "src/seeds/prefix.ts": 'export const prefix: string = "seed-" + 1;\n',
  "assets/seed.json": '{ "names": ["a", "b"] }\n',
  "test/seed.test.ts":
    'import { expect, inject, test } from "vitest";\n\ntest("works", () => {\n  expect(inject("seed" as never)).toEqual(["seed-1a", "seed-1b"]);\n  expect(process.env.NASTY_SEED).toBe("1");\n});\n',
  "test/prefix.test.ts":
    'import { expect, test } from "vitest";\nimport { seedOf } from "../src/seeds";\n\ntest("works", () => {\n  expect(seedOf(["c"])).toEqual(["seed-1c"]);\n});\n',
};

/** Modules that are loaded in every way there is. */
export const modules: Files = {
  "src/state.ts": `export interface Entry {
  name: string;
  count: number;
}

const entries = new Map<string, Entry>();

export function reset(): void {
  entries.clear();
}

export function keep(name: string): Entry {
  const known = entries.get(name) ?? { name, count: 0 };
  known.count += 1;
  entries.set(name, known);
  return known;
}

export function unused(value: number) {
  if (value > 3) return 1;
  return 2;
}
`,
  "src/arithmetic.ts": `export const base = 10;

export function add(left: number, right: number): number {
  return left + right;
}

export function times(left: number, right: number): number {
  let total = 0;
  for (let turn = 0; turn < right; turn += 1) {
    total = add(total, left);
  }
  return total;
}

export function power(left: number, right: number): number {
  return right === 0 ? 1 : left * power(left, right - 1);
}

export function based(value: number) {
  return base + value;
}

export function limited(value: number) {
  if (value > 100) return 100;
  return value < 0 ? 0 : value;
}
`,
  "src/types.ts": "export interface Shape {\n  sides: number;\n  area(): number;\n}\n\nexport type Names = string[];\n",
  "src/shapes.ts": `import type { Shape } from "./types";
import { times } from "./arithmetic";

export class Square implements Shape {
  readonly sides: number = 4;
  static made = 0;
  #length: number;

  constructor(length: number, readonly name: string = "square") {
    this.#length = length;
    Square.made += 1;
  }

  get length() {
    return this.#length;
  }

  area(): number {
    return times(this.#length, this.#length);
  }

  describe(): string {
    return \`\${this.name} of \${this.area()}\`;
  }
}

export enum Kind {
  Small = 1,
  Large = 2,
}

export function kindOf(shape: Shape): Kind {
  return shape.area() > 10 ? Kind.Large : Kind.Small;
}
`,
  "src/barrel/index.ts":
    'export * from "./one";\nexport { two as second } from "./two";\nexport type { Names } from "../types";\n',
  "src/barrel/one.ts": 'import { add } from "@/arithmetic";\n\nexport function one() {\n  return add(0, 1);\n}\n',
  "src/barrel/two.ts":
    "export const two = () => 2;\n\nexport const unusedTwo = (value: number) => (value > 2 ? 2 : 3);\n",
  "src/data.json": '{ "level": 1, "names": ["x", "y"] }\n',
  "src/settings.ts":
    'import data from "./data.json";\n\nexport function level() {\n  return data.level + 1;\n}\n\nexport const names = data.names.join("-");\n',
  "src/texts.ts": `import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import raw from "./text.txt?raw";

const place = new URL("../assets/", import.meta.url);

export function greeting(name: string) {
  return readFileSync(new URL("greeting.txt", place), "utf8").trim().replace("NAME", name);
}

export async function farewell() {
  return (await readFile(new URL("farewell.txt", place), "utf8")).trim();
}

export function listed() {
  return readdirSync(new URL("list", place)).sort().join();
}

export function optional() {
  return existsSync(new URL("optional.txt", place)) ? "there" : "not there";
}

export const rawText = raw.trim();
`,
  "src/text.txt": "Text\n",
  "assets/greeting.txt": "Hello NAME\n",
  "assets/farewell.txt": "Bye\n",
  "assets/list/a.txt": "a\n",
  "assets/list/b.txt": "b\n",
  "src/plugins/alpha.ts":
    'import { add } from "../arithmetic";\n\nexport const name = "alpha";\nexport const run = () => add(1, 1);\n',
  "src/plugins/beta.ts": 'export const name = "beta";\nexport const run = () => 5;\n',
  "src/plugins.ts":
    'const found = import.meta.glob("./plugins/*.ts", { eager: true });\n\nexport const pluginNames = Object.values(found).map((one) => (one as { name: string }).name);\n',
  "src/lazy.ts": `const lazy = import.meta.glob("./plugins/*.ts");

export const keys = Object.keys(lazy);

export async function load(name: string) {
  return await import(\`./parts/\${name}.ts\`);
}

export async function loadAny(path: string) {
  return await import(/* @vite-ignore */ path);
}

export async function maybe() {
  try {
    const found = await import(/* @vite-ignore */ ["@", "extras"].join("/"));
    return found.value;
  } catch {
    return null;
  }
}
`,
  "src/parts/first.ts":
    'import { add } from "../arithmetic";\n\nexport function work(value: number) {\n  return add(value, 1);\n}\n',
  "src/parts/second.ts":
    "export const effects = [2];\n\nexport function work(value: number) {\n  return value * 2 + effects.length;\n}\n",
  "src/mail.ts":
    'import { send } from "./transport";\n\nexport function notify(name: string) {\n  return send("to " + name);\n}\n',
  "src/transport.ts":
    "export function send(text: string) {\n  return 'sent ' + text;\n}\n\nexport const retries = 3;\n",
  "src/clock.ts":
    "export function now() {\n  return 1000;\n}\n\nexport class Clock {\n  tick() {\n    return now() + 1;\n  }\n}\n",
  "src/__mocks__/clock.ts": "export const now = () => 5;\n\nexport class Clock {\n  tick() {\n    return 6;\n  }\n}\n",
  "src/timer.ts":
    'import { Clock, now } from "./clock";\n\nexport function elapsed() {\n  return now() + new Clock().tick();\n}\n',
  "src/resolved.js": "export const which = () => 1;\n",
  "src/folder/index.ts": "export const inFolder = () => 1;\n",
  "src/legacy.cjs":
    'const { half } = require("./halves.cjs");\n\nmodule.exports = { quarter: (value) => half(half(value)) };\n',
  "src/halves.cjs": "exports.half = (value) => value / 2;\n",
  "src/inside.ts": `export function inner(value: number) {
  return value + 3;
}

if (import.meta.vitest) {
  const { expect, test } = import.meta.vitest;
  test("inner", () => expect(inner(1)).toBe(4));
}
`,
  "src/late.ts": "export let calls = 0;\n\nexport function count() {\n  calls += 1;\n  return calls;\n}\n",
  "src/source.ts": "export function shown(value: number) {\n  return value + 1; // as it is\n}\n",
  "src/never.ts": "export function never(value: number) {\n  return value > 1 ? 2 : 3;\n}\n",
};

const testOf = (imports: string, body: string): string =>
  `import { expect, test, vi } from "vitest";\n${imports}\n\ntest("works", async () => {\n  void vi;\n${indented(body)}\n});\n`;

const tests: Files = {
  ...testsOfModules(testOf),
  "test/__snapshots__/describe.test.ts.snap":
    '// Vitest Snapshot v1, https://vitest.dev/guide/snapshot.html\n\nexports[`works 1`] = `"square of 4"`;\n',
  "test/json.test.ts": testOf('import data from "@/data.json";', 'expect(data.names).toContain("x");'),
  "test/farewell.test.ts": testOf(
    'import { farewell, rawText } from "../src/texts";',
    'expect(await farewell()).toBe("Bye");\nexpect(rawText).toBe("Text");',
  ),
  "test/keys.test.ts": testOf('import { keys } from "../src/lazy";', "expect(keys.length).toBe(2);"),
  "test/second.test.ts": testOf(
    'import { loadAny } from "../src/lazy";',
    'expect((await loadAny("/src/parts/second.ts")).work(2)).toBe(5);',
  ),
  "test/maybe.test.ts": testOf('import { maybe } from "../src/lazy";', "expect(await maybe()).toBe(null);"),
  "test/factory.test.ts": testOf(
    'import { notify } from "../src/mail";\n\nvi.mock("../src/transport", () => ({ send: () => "mocked" }));',
    'expect(notify("A")).toBe("mocked");',
  ),
  "test/automock.test.ts": testOf(
    'import { notify } from "../src/mail";\nimport * as transport from "../src/transport";\n\nvi.mock("../src/transport");',
    'expect(notify("A")).toBe(undefined);\nexpect(Object.keys(transport).sort()).toEqual(["retries", "send"]);',
  ),
  "test/partial.test.ts": testOf(
    'import { notify } from "../src/mail";\n\nvi.mock("../src/transport", async (original) => ({ ...(await original<object>()), extra: 1 }));',
    'expect(notify("A")).toBe("sent to A");',
  ),
  "test/folder-mock.test.ts": testOf(
    'import { elapsed } from "../src/timer";\n\nvi.mock("../src/clock");',
    "expect(elapsed()).toBe(11);",
  ),
  "test/reset.test.ts": testOf(
    'import { count } from "../src/late";',
    'expect(count()).toBe(1);\nvi.resetModules();\nconst again = await import("../src/late");\nexpect(again.count()).toBe(1);',
  ),
  "test/text.test.ts": testOf(
    'import { shown } from "../src/source";',
    'expect(shown(1)).toBe(2);\nexpect(shown.toString()).toContain("value");',
  ),
  "test/again.test.ts": testOf(
    'import { keep } from "../src/state";',
    'keep("a");\nexpect(keep("a")).toEqual({ name: "a", count: 2 });',
  ),
  "test/legacy.test.ts": testOf(
    'import { createRequire } from "node:module";',
    'const { quarter } = createRequire(import.meta.url)("../src/legacy.cjs");\nexpect(quarter(8)).toBe(2);',
  ),
};

/** The same where something is set up once. */
export const appearingForSetup: Files = {
  "src/seeds.ts": "export const seedOf = () => [7];\n",
  "src/seeds/prefix.js": 'export const prefix = "other-";\n',
};

/** Files that may appear, and change what is loaded, found or read. */
export const appearingModules: Files = {
  "src/extras.ts": "export const value = 1;\n",
  "src/resolved.ts": "export const which = () => 2;\n",
  "src/resolved.mjs": "export const which = () => 3;\n",
  "src/folder.ts": "export const inFolder = () => 2;\n",
  "src/barrel.ts": "export const one = () => 7;\nexport const second = () => 7;\n",
  "src/barrel/one.js": "export const one = () => 8;\n",
  "src/barrel/one/index.ts": "export const one = () => 9;\n",
  "src/barrel/package.json": '{ "main": "two.ts" }\n',
  "src/parts/first.js": "export const work = () => 0;\n",
  "src/plugins/gamma.ts": 'export const name = "gamma";\n',
  "src/__mocks__/transport.ts": 'export const send = () => "from the folder";\nexport const retries = 0;\n',
  "src/data.ts": "export default { level: 5, names: [] };\n",
  "src/unloaded.ts": "export function neverLoaded(value: number) {\n  return value;\n}\n",
  "src/tsconfig.json": '{ "compilerOptions": { "useDefineForClassFields": false, "target": "ES2020" } }\n',
  "assets/optional.txt": "here\n",
  "assets/list/c.txt": "c\n",
  "test/new.test.ts": testOf('import { based } from "../src/arithmetic";', "expect(based(2)).toBe(12);"),
  "test/__snapshots__/power.test.ts.snap":
    "// Vitest Snapshot v1, https://vitest.dev/guide/snapshot.html\n\nexports[`gone 1`] = `1`;\n",
  "README.md": "# Text\n",
  "docs/page.md": "Text\n",
  ".env": "VITE_ONE=1\n",
};
