import type { Words } from "../support/racing-suite.ts";

/** A version of something that suites run with. */
export interface Row {
  /** For people: "vitest 3". */
  readonly name: string;
  /** npm packages that the suite's project installs. */
  readonly packages: readonly string[];
  /** The major version of the Node that runs the program and the suite; this process's own where it is left out. */
  readonly node?: number;
  /** The major version of pytest. */
  readonly pytest?: number;
  readonly suite: { readonly runner: string; readonly command: string };
  /** How the runner's test files are written; left out for pytest. */
  readonly words?: Words;
  readonly database?: { readonly version: number };
  readonly files?: Readonly<Record<string, string>>;
}

const expectWords = { beforeEach: "beforeEach", afterAll: "afterAll", equal: "expect(ACTUAL).toBe(EXPECTED)" };
const assertWords = { beforeEach: "beforeEach", afterAll: "after", equal: "assert.equal(ACTUAL, EXPECTED)" };

const vitest = (major: number): Row => ({
  name: `vitest ${major}`,
  packages: [`vitest@${major}`, `@vitest/coverage-v8@${major}`],
  suite: { runner: "vitest", command: "vitest run" },
  words: { ...expectWords, imports: "", ending: ".test.js" },
  files: { "vitest.config.mjs": "export default { test: { globals: true } };\n" },
});

const jest = (major: number): Row => ({
  name: `jest ${major}`,
  packages: [`jest@${major}`],
  suite: { runner: "jest", command: "jest" },
  words: { ...expectWords, imports: "" },
});

const mocha = (major: number): Row => ({
  name: `mocha ${major}`,
  packages: [`mocha@${major}`],
  suite: { runner: "mocha", command: "mocha --parallel 'test/*.spec.js'" },
  words: { ...assertWords, imports: 'const assert = require("node:assert");\nconst test = it;', ending: ".spec.js" },
});

/** Node's own runner; the glob is Node's to expand where it can, since 21. */
const nodeTest = (major: number): Row => ({
  name: "node:test",
  packages: [],
  suite: { runner: "node", command: major > 20 ? "node --test 'test/**/*.test.js'" : "node --test" },
  words: {
    ...assertWords,
    imports: 'const assert = require("node:assert");\nconst { after, beforeEach, test } = require("node:test");',
  },
});

const pytest = (major: number): Row => ({
  name: `pytest ${major}`,
  packages: [],
  pytest: major,
  suite: { runner: "pytest", command: "pytest" },
});

const onNode = (major: number, row: Row): Row => ({ ...row, name: `${row.name} on Node ${major}`, node: major });
const onPostgres = (version: number): Row => ({
  ...nodeTest(20),
  name: `Postgres ${version}`,
  database: { version },
});

/** All that is tried; what runs this process is among them. */
export const rows: readonly Row[] = [
  ...[3, 4].map(vitest),
  ...[29, 30].map(jest),
  ...[10, 11, 12].map(mocha),
  ...[20, 22, 24].map((major) => onNode(major, nodeTest(major))),
  ...[22, 24].flatMap((major) => [vitest(4), jest(30), mocha(12)].map((row) => onNode(major, row))),
  ...[7, 8, 9].map(pytest),
  ...[15, 16, 17, 18].map(onPostgres),
];
