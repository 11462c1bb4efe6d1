import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { moduleReach } from "../../../src/suite/reuse/module-reach.ts";
import { type ModulesRecord, nothingTraced } from "../../../src/suite/reuse/module-trace.ts";

const sources: Readonly<Record<string, string>> = {
  "test/a.test.ts": 'import { one } from "../src/one";\n',
  "src/one/index.ts": 'export { one } from "./first";\n',
  "src/one/first.ts": "export const one = 1;\n",
  "test/b.test.ts": 'import two from "../src/two.json";\n',
  "src/two.json": "{}\n",
  "test/c.test.ts": "await import(globalThis.name);\n",
  "test/d.test.ts": 'import ".";\n',
  "test/index.ts": "export {};\n",
};
const loaded: Readonly<Record<string, readonly string[]>> = {
  "test/a.test.ts": ["test/a.test.ts", "src/one/index.ts", "src/one/first.ts"],
  "test/b.test.ts": ["test/b.test.ts", "src/two.json"],
  "test/c.test.ts": ["test/c.test.ts"],
  "test/d.test.ts": ["test/d.test.ts", "test/index.ts"],
};

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "pushproof-reach-"));
  for (const [file, text] of Object.entries(sources)) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  }
});
afterAll(() => rm(root, { recursive: true }));

const seen = { reads: [], looks: [], names: [], whole: [], hasMissed: false, hasReadText: false, always: null };

type Changes = Partial<Pick<ModulesRecord, "added" | "modified" | "deleted" | "directories">>;

/** A record of which the files differ so; the tests of the first file took a moment, those of the others a minute. */
function recordWith(changes: Changes, trace: Partial<ModulesRecord["trace"]> = {}): ModulesRecord {
  const tests = Object.fromEntries(Object.entries(loaded).map(([file, files]) => [file, { ...seen, files }]));
  return {
    added: [],
    modified: [],
    deleted: [],
    directories: [],
    ...changes,
    trace: {
      ...nothingTraced,
      provider: "v8",
      tests,
      states: Object.fromEntries(Object.keys(sources).map((file) => [file, "as it was"])),
      ...trace,
    },
    tests: Object.fromEntries(Object.keys(tests).map((file, index) => [file, index === 0 ? 0.01 : 60])),
    coverage: { path: "", key: "", version: "" },
    isTracked: () => true,
    sources: new Map(),
    covered: async () => null,
  };
}

/** The test files that a change reaches, each with the kind of its reason. */
async function reached(changes: Changes, trace: Partial<ModulesRecord["trace"]> = {}): Promise<string> {
  const { reasons } = await moduleReach(root, [recordWith(changes, trace)], 1);
  return Object.entries(reasons)
    .map(([file, { kind }]) => `${/\w(?=\.test)/.exec(file)} ${kind}`)
    .join(", ");
}

test.each([
  ["a module", { modified: ["src/one/first.ts"] }, "a module"],
  ["data that is imported", { modified: ["src/two.json"] }, "b module"],
  ["a file that no run has seen", { modified: ["data/x.yaml"] }, "a unknown, b unknown, c unknown, d unknown"],
  [
    "a manifest, wherever it lies",
    { added: ["src/one/package.json"] },
    "a everyone, b everyone, c everyone, d everyone",
  ],
  ["types", { modified: ["src/types.d.ts"] }, ""],
  ["a file in place of a directory", { added: ["src/one.ts"] }, "a name, c name"],
  ["a module of the same name", { added: ["src/one/first.js"] }, "a name, c name"],
  ["a module of that name somewhere else, as an alias may lead there", { added: ["lib/first.ts"] }, "a name, c name"],
  ["a mock", { added: ["src/__mocks__/two.ts"] }, "b name, c name"],
  ["a mock of an index", { added: ["src/one/__mocks__/index.ts"] }, "a name, c name"],
  ["an index beside what asks for a directory", { added: ["test/index.js"] }, "a name, b name, c name, d name"],
  ["an index in the root", { added: ["index.ts"] }, "a name, b name, c name, d name"],
  ["a module that nobody names", { added: ["src/other.ts"] }, "c name"],
  [
    "a module that is gone and that nobody loaded",
    { deleted: ["src/three.ts"] },
    "a unknown, b unknown, c unknown, d unknown",
  ],
])("%s reaches who would load it", async (_, changes, files) => {
  expect(await reached(changes)).toBe(files);
});

test("a file that git ignores reaches who would load it now", async () => {
  const lists = { "src/one": ["first.ts", "first.js", "index.ts"], src: ["one", "two.json"] };
  expect(await reached({}, { lists })).toBe("a name, c name");
});

test("a test file that does what cannot be traced always runs", async () => {
  const own = { ...seen, files: ["test/b.test.ts"], always: "starts a process" };
  expect(await reached({}, { tests: { "test/b.test.ts": own } })).toBe("b always");
});

const setup = {
  everyone: {
    files: ["src/one/index.ts"],
    setup: ["src/one/index.ts"],
    reads: [],
    looks: [],
    hasMissed: false,
    hasReadText: false,
  },
};

test.each([
  ["a module of it", { modified: ["src/one/index.ts"] }, {}],
  ["what could be loaded in its place", { added: ["src/one/first.js"] }, {}],
  ["any new module, where one that it asked for was not there", { added: ["src/other.ts"] }, { hasMissed: true }],
])("of what is set up for all test files, %s reaches every one", async (_, changes, more) => {
  const everyone = { ...setup.everyone, ...more };
  expect(await reached(changes, { everyone })).toBe("a everyone, b everyone, c everyone, d everyone");
});

test("what nothing names that is set up for all test files reaches those that may load it", async () => {
  expect(await reached({ added: ["src/other.ts"] }, setup)).toBe("c name");
});

test.each<[string, Changes, boolean]>([
  ["where a change reaches none, the quick one", {}, true],
  ["where a change reaches some, any", { modified: ["src/two.json"] }, false],
])("of the files that could be reused one is compared: %s", async (_, changes, isQuick) => {
  const compared = new Set<string>();
  for (let draw = 0; draw < 16; draw++) {
    const reach = await moduleReach(root, [recordWith(changes)], (draw / 16) * 2 ** 32);
    for (const file of Object.keys(reach.compared)) compared.add(file);
  }
  expect(compared.size === 1).toBe(isQuick);
  expect([...compared]).toContain("test/a.test.ts");
});
