import { afterAll, beforeAll, expect, test } from "vitest";
import { linkPackages, plainJest } from "../support/jest-suite.ts";
import { type PlainServer, startPlainServer } from "../support/postgres.ts";
import { racingSuite, type Words } from "../support/racing-suite.ts";
import { makeRepository, type Repository } from "../support/repository.ts";
import { runShell } from "../support/run.ts";
import { configFile, readSummary, runIn, userEnvironment } from "../support/verify.ts";

interface Kind {
  readonly runner: string;
  /** What the user runs. */
  readonly command: string;
  /** The same with two files side by side, on whatever database there is. */
  readonly sideBySide: string;
  readonly words: Words;
}

const assertion = { beforeEach: "beforeEach", afterAll: "after", equal: "assert.equal(ACTUAL, EXPECTED)" };
const mochaWords: Words = {
  ...assertion,
  imports: 'const assert = require("node:assert");\nconst test = it;',
  ending: ".spec.js",
};

const kinds: readonly Kind[] = [
  {
    runner: "jest",
    command: "jest",
    sideBySide: "jest --maxWorkers=2",
    words: { imports: "", beforeEach: "beforeEach", afterAll: "afterAll", equal: "expect(ACTUAL).toBe(EXPECTED)" },
  },
  {
    runner: "mocha",
    command: "mocha 'test/*.spec.js'",
    sideBySide: "mocha --parallel --jobs 2 'test/*.spec.js'",
    words: mochaWords,
  },
  {
    runner: "mocha",
    command: "mocha --parallel 'test/*.spec.js'",
    sideBySide: "mocha --parallel --jobs 2 'test/*.spec.js'",
    words: mochaWords,
  },
  {
    runner: "node",
    command: "node --test",
    sideBySide: "node --test --test-concurrency=2",
    words: {
      ...assertion,
      imports: 'const assert = require("node:assert");\nconst { after, beforeEach, test } = require("node:test");',
    },
  },
];

async function makeSuite({ runner, command, words }: Kind): Promise<Repository> {
  const repository = await makeRepository({
    ...racingSuite(words),
    ...(runner === "jest" ? plainJest : {}),
    "package.json": "{}\n",
    "verify.config.json": configFile({
      suites: [{ name: "ledger", runner, command, source: ["src"], workers: 2 }],
      database: { name: "ledger_test" },
    }),
  });
  const programs = { jest: "jest/bin/jest.js", mocha: "mocha/bin/mocha.js" };
  await linkPackages(repository.root, ["jest", "mocha", "pg"], programs);
  return repository;
}

/** Where the suites meet; each begins with dropping its table. */
let server: PlainServer;

beforeAll(async () => {
  server = await startPlainServer();
});

afterAll(async () => {
  await server?.stop();
});

for (const kind of kinds) {
  const title = `${kind.runner} (\`${kind.command}\`)`;

  test(`a suite of ${title} that fails on one shared database is verified with two workers`, async () => {
    const { root } = await makeSuite(kind);
    const environment = { ...(await userEnvironment()), DATABASE_URL: server.url };
    const shared = await runShell(`PATH=$PWD/node_modules/.bin:$PATH ${kind.sideBySide}`, root, environment);
    expect(shared.exitCode).not.toBe(0);
    const { code, output } = await runIn(root, []);
    expect(output).toContain("✔ Verified");
    expect(code).toBe(0);
    const [suite] = (await readSummary(root)).suites;
    expect(suite).toMatchObject({ workers: 2, files: 4, tests: { total: 12, passed: 12 } });
    expect(suite?.databases).toEqual(["ledger_test_gw0", "ledger_test_gw1"]);
  });

  test(`the same suite of ${title} is verified serially`, async () => {
    const { root } = await makeSuite(kind);
    const { code, output } = await runIn(root, ["--serial"]);
    expect(output).toContain("✔ Verified");
    expect(code).toBe(0);
    expect((await readSummary(root)).suites[0]).toMatchObject({ workers: 1, tests: { passed: 12 } });
  });
}
