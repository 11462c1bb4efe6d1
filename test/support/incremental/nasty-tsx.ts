import type { Files } from "../repository.ts";
import { configFile } from "../verify.ts";
import { nodeTestOf } from "./nasty-node.ts";

/**
 * A node:test suite of TypeScript, run with tsx, that is nasty to whoever reuses results. `only` names the tests that are there, such as
 * "add" for test/add.test.ts; `kind` is that of its packages.
 */
export function nastyTsxFiles({
  workers = 1,
  only = [],
  kind = "module",
}: {
  workers?: number;
  only?: readonly string[];
  kind?: "module" | "commonjs";
} = {}): Files {
  const isMeant = (file: string): boolean => only.length === 0 || only.some((name) => file === `test/${name}.test.ts`);
  return {
    ".gitignore": "node_modules/\n",
    "package.json": `{ "type": "${kind}" }\n`,
    "tsconfig.json":
      '{ "extends": "./settings/base.json", "compilerOptions": { "strict": true, "paths": { "@/*": ["./src/*"] } } }\n',
    "settings/base.json": '{ "compilerOptions": { "useDefineForClassFields": true, "target": "ES2022" } }\n',
    "verify.config.json": configFile({
      incremental: true,
      database: false,
      coverage: { lines: 1 },
      suites: [
        {
          name: "nasty",
          runner: "node",
          command: "node --import tsx --test test/*.test.ts",
          source: ["src"],
          workers,
        },
      ],
    }),
    ...modules,
    ...Object.fromEntries(Object.entries(tests).filter(([file]) => isMeant(file))),
  };
}

const modules: Files = {
  "src/arithmetic.ts": `export const base: number = 10;

export function add(left: number, right: number): number {
  return left + right;
}

export function times(left: number, right: number) {
  let total = 0;
  for (let turn = 0; turn < right; turn += 1) total = add(total, left);
  return total;
}

export function limited(value: number) {
  if (value > 100) return 100;
  return value < 0 ? 0 : value + base;
}
`,
  "src/types.ts": "export interface Shape {\n  sides: number;\n  area(): number;\n}\n",
  "src/shapes.ts": `import type { Shape } from "./types";
import { times } from "@/arithmetic";

export enum Kind {
  Small = 1,
  Large = 2,
}

class Base {
  name: string = this.named();

  named() {
    return "base";
  }
}

export class Square extends Base implements Shape {
  sides: number = 4;
  name!: string;

  constructor(readonly length: number) {
    super();
  }

  area(): number {
    return times(this.length, this.length);
  }
}

export function kindOf(shape: Shape): Kind {
  return shape.area() > 10 ? Kind.Large : Kind.Small;
}
`,
  "src/barrel/index.ts": 'export * from "./one.js";\nexport { two as second } from "./two";\n',
  "src/barrel/one.ts": 'import { add } from "../arithmetic.ts";\n\nexport function one() {\n  return add(0, 1);\n}\n',
  "src/barrel/two.ts": "export const two = () => 2;\n",
  "src/data.json": '{ "level": 1 }\n',
  "src/settings.ts": 'import data from "./data.json";\n\nexport function level() {\n  return data.level + 1;\n}\n',
  "src/texts.ts": `import { existsSync, readdirSync, readFileSync } from "node:fs";

export function greeting(name: string) {
  return readFileSync("assets/greeting.txt", "utf8").trim() + name;
}

export function listed() {
  return readdirSync("assets/list").sort().join();
}

export function optional() {
  return existsSync("assets/optional.txt") ? 1 : 2;
}
`,
  "assets/greeting.txt": "Hello\n",
  "assets/list/a.txt": "a\n",
  "src/lazy.ts": `export async function load(name: string) {
  return await import("./parts/" + name + ".ts");
}

export async function maybe() {
  try {
    return (await import("./extras" as string)).value;
  } catch {
    return 0;
  }
}
`,
  "src/parts/first.ts":
    'import { add } from "../arithmetic";\n\nexport function work(value: number) {\n  return add(value, 1);\n}\n',
  "src/parts/second.ts": "export function work(value: number) {\n  return value * 2;\n}\n",
  "src/half.cts": 'const { two } = require("./numbers");\n\nexports.half = (value: number) => value / two;\n',
  "src/numbers/index.cts": "exports.two = 2;\n",
  "src/numbers/package.json": '{ "type": "commonjs", "main": "./index.cts" }\n',
  "src/never.ts": "export function never(value: number) {\n  return value > 1 ? 2 : 3;\n}\n",
};

const tests: Files = {
  "test/add.test.ts": nodeTestOf('import { add } from "../src/arithmetic";', "assert.equal(add(1, 2), 3);"),
  "test/times.test.ts": nodeTestOf('import { times } from "@/arithmetic";', "assert.equal(times(2, 3), 6);"),
  "test/limited.test.ts": nodeTestOf(
    'import { limited } from "../src/arithmetic.js";',
    "assert.equal(limited(1), 11);",
  ),
  "test/barrel.test.ts": nodeTestOf(
    'import { one, second } from "../src/barrel";',
    "assert.equal(one() + second(), 3);",
  ),
  "test/shapes.test.ts": nodeTestOf(
    'import { Kind, kindOf, Square } from "../src/shapes";',
    "const square = new Square(4);\n  assert.equal(kindOf(square), Kind.Large);\n  assert.equal(square.name, undefined);",
  ),
  "test/settings.test.ts": nodeTestOf('import { level } from "../src/settings";', "assert.equal(level(), 2);"),
  "test/greeting.test.ts": nodeTestOf(
    'import { greeting } from "../src/texts";',
    'assert.equal(greeting("B"), "HelloB");',
  ),
  "test/listed.test.ts": nodeTestOf(
    'import { listed, optional } from "../src/texts";',
    'assert.equal(listed(), "a.txt");\n  assert.equal(optional(), 2);',
  ),
  "test/first.test.ts": nodeTestOf(
    'import { load } from "../src/lazy";',
    'assert.equal((await load("first")).work(1), 2);',
  ),
  "test/second.test.ts": nodeTestOf(
    'import { load } from "../src/lazy";',
    'assert.equal((await load("second")).work(2), 4);',
  ),
  "test/maybe.test.ts": nodeTestOf('import { maybe } from "../src/lazy";', "assert.equal(await maybe(), 0);"),
  "test/half.test.ts": nodeTestOf(
    'import { createRequire } from "node:module";\nimport { join } from "node:path";',
    'const { half } = createRequire(join(process.cwd(), "test/half.test.ts"))("../src/half.cts");\n  assert.equal(half(4), 2);',
  ),
};

/** Files that may appear, and change what is loaded, found or read. */
export const appearingForTsx: Files = {
  "src/extras.ts": "export const value = 1;\n",
  "src/barrel.ts": "export const one = () => 7;\nexport const second = () => 7;\n",
  "src/barrel/one.js": "export const one = () => 8;\n",
  "src/barrel/two.js": "export const two = () => 9;\n",
  "src/barrel/two.tsx": "export const two = () => 9;\n",
  "src/arithmetic.js": "export const add = () => 0;\n",
  "src/parts/third.ts": "export const work = () => 0;\n",
  "src/numbers.cts": "exports.two = 4;\n",
  "src/numbers.ts": "export const two = 8;\n",
  "src/tsconfig.json": '{ "compilerOptions": { "useDefineForClassFields": false } }\n',
  "src/unloaded.ts": "export function neverLoaded(value: number) {\n  return value;\n}\n",
  "assets/optional.txt": "here\n",
  "assets/list/b.txt": "b\n",
  "test/new.test.ts": nodeTestOf('import { add } from "../src/arithmetic";', "assert.equal(add(2, 2), 4);"),
  "README.md": "# Text\n",
};
