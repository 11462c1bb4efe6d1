import { describe, expect, test } from "vitest";
import { racingBody } from "../../support/racing-suite.ts";
import { type AtEnd, type Files, makeRepository, type Repository } from "../../support/repository.ts";
import { sharedRun } from "../../support/shared-run.ts";
import { configFile, endsWith, readSummary, runIn } from "../../support/verify.ts";
import { linkNodeModules } from "../../support/vitest-ledger.ts";

/** A vitest suite of files that each say which worker's database they found when they were loaded. */
async function makeSuite(
  files: Files,
  suite: object = {},
  database: object | false = false,
  atEnd?: AtEnd,
): Promise<Repository> {
  const all = {
    ".gitignore": "node_modules/\n",
    "package.json": '{ "type": "module" }\n',
    "src/sums.js": "export const url = process.env.DATABASE_URL;\nexport const add = (left, right) => left + right;\n",
    "verify.config.json": configFile({
      suites: [{ name: "web", runner: "vitest", command: "vitest run", source: ["src"], workers: 2, ...suite }],
      database,
    }),
    ...files,
  };
  const repository = await makeRepository(all, atEnd);
  await linkNodeModules(repository.root);
  return repository;
}

const passing =
  'import { expect, test } from "vitest";\nimport { add } from "../src/sums.js";\ntest("adds", () => expect(add(1, 2)).toBe(3));\n';

/**
 * Meets the other worker's file, so that both workers are in use, and checks its own URL, both as the source was loaded and
 * as the test file was.
 */
const ownDatabase = (name: string, other: string): string => `import { existsSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { add, url } from "../src/sums.js";
const own = process.env.DATABASE_URL;
test("has its worker's database from the start", async () => {
  expect(add(1, 2)).toBe(3);
  writeFileSync("${name}.ready", "");
  while (!existsSync("${other}.ready")) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(url).toContain("pools_test_" + process.env.VERIFY_WORKER);
  expect(url).toBe(process.env.DATABASE_URL);
  expect(process.env.PGDATABASE).toBe("pools_test_" + process.env.VERIFY_WORKER);
});
test("own database", () => expect(new URL(own).pathname).toBe("/pools_test_" + process.env.VERIFY_WORKER));
test("no other", () => expect(process.env.VERIFY_WORKER_ENVIRONMENTS).toBeUndefined());
`;

const pools = [
  ["forks", true],
  ["forks", false],
  ["threads", true],
  ["threads", false],
  ["vmForks", true],
  ["vmThreads", true],
] as const;

describe.each(pools)("in the pool %s, isolate %s,", (pool, isolate) => {
  const run = sharedRun((atEnd) =>
    makeSuite(
      {
        ".gitignore": "node_modules/\n*.ready\n",
        "test/one.test.js": ownDatabase("one", "two"),
        "test/two.test.js": ownDatabase("two", "one"),
      },
      { command: `vitest run --pool=${pool} --isolate=${isolate}` },
      { name: "pools_test" },
      atEnd,
    ),
  );

  test("every worker has its database when its sources are loaded", async () => {
    const { code, output, summary } = await run();
    expect(output).toContain("✔ Verified");
    expect(code).toBe(0);
    expect(summary.suites[0]?.databases).toEqual(["pools_test_gw0", "pools_test_gw1"]);
  });

  test("every worker finds its own database at import time", async () => {
    const { code, output } = await run();
    expect(output).toContain("6 passed");
    expect(code).toBe(0);
  });
});

const names = ["a", "aa", "[id]", "b(1)", "b"];
const manyFiles: Files = Object.fromEntries(names.map((name) => [`test/${name}.test.js`, passing]));
const ofCommand = sharedRun((atEnd) =>
  makeSuite(manyFiles, { command: "vitest run --no-file-parallelism" }, false, atEnd),
);
const ofConfiguration = sharedRun((atEnd) => {
  const config = { "vitest.config.js": "export default { test: { fileParallelism: false } };\n" };
  return makeSuite({ ...manyFiles, ...config }, {}, false, atEnd);
});

test("over shares of the files, every file runs once, whatever it is called", async () => {
  const { code, output, summary } = await ofConfiguration();
  expect(output).toContain("web with 2 processes");
  expect(code).toBe(0);
  const [suite] = summary.suites;
  expect(suite).toMatchObject({ parallel: "processes", files: 5, tests: { total: 5, passed: 5 } });
  expect(suite?.logs).toEqual([".verify/logs/web-gw0.log", ".verify/logs/web-gw1.log"]);
});

test("over shares, the files that the command names are those that run", async () => {
  const { root } = await makeSuite(
    { ...manyFiles, "other/c.test.js": passing },
    { parallel: "processes", command: "vitest run test/" },
  );
  await endsWith(0, runIn(root, []));
  expect((await readSummary(root)).suites[0]?.files).toBe(5);
});

test.each([
  ["the command", ofCommand],
  ["the configuration", ofConfiguration],
])("files that %s keeps from running side by side run as several processes, and that is said", async (_where, run) => {
  const { code, output, summary } = await run();
  expect(code).toBe(0);
  expect(output).toContain("web ran as several processes, each over a share of the files, because");
  expect(summary.suites[0]).toMatchObject({ parallel: "processes", workers: 2, files: 5 });
});

/** What fails in several ways, among so much that passes that each failure is run again alone. */
const failing = sharedRun((atEnd) => {
  const racing = `import { describe, test } from "vitest";
${racingBody("only-one", "node_modules/tried")}
describe("the only one", () => {
  test("is alone (always)", meet, 30_000);
});
`;
  const once = `import { existsSync, writeFileSync } from "node:fs";
import { beforeAll, describe, test } from "vitest";
describe("hooked (all)", () => {
  beforeAll(() => { if (!existsSync("node_modules/seen")) { writeFileSync("node_modules/seen", ""); throw new Error("once"); } });
  describe("inner", () => { test("works", () => {}); });
});
`;
  const files = {
    "test/sums.test.js": `${passing}test.each([1, 2, 3, 4, 5, 6, 7, 8])("%i", () => {});\n`,
    "test/one.test.js": racing,
    "test/two.test.js": racing,
    "test/wrong.test.js": 'import { expect, test } from "vitest";\ntest("is 2 * 2?", () => expect(2 + 2).toBe(5));\n',
    "test/slow.test.js": 'import { test } from "vitest";\ntest("waits", () => new Promise(() => {}), 50);\n',
    "test/once.test.js": once,
  };
  return makeSuite(files, {}, false, atEnd);
});
const failuresIn = async (...files: readonly string[]) => {
  const { code, summary } = await failing();
  expect(code).toBe(1);
  expect(summary.notes).toEqual([]);
  return (summary.suites[0]?.failures ?? []).filter(({ file }) => files.includes(file));
};

test("a test that fails beside another file and passes alone is a race", async () => {
  const failures = await failuresIn("test/one.test.js", "test/two.test.js");
  expect(failures).toMatchObject([{ name: "the only one > is alone (always)", kind: "race" }]);
});

test("a test that fails alone too is a failure", async () => {
  expect(await failuresIn("test/wrong.test.js")).toMatchObject([{ name: "is 2 * 2?", kind: "failure" }]);
});

test("a test over its own timeout is told as that", async () => {
  expect(await failuresIn("test/slow.test.js")).toMatchObject([{ name: "waits", kind: "timeout" }]);
});

test("a hook that fails once and passes alone is a race, with the group that it is for", async () => {
  expect((await failing()).output).not.toContain("could not be run alone");
  expect(await failuresIn("test/once.test.js")).toMatchObject([{ name: "hooked (all)", kind: "race" }]);
});
