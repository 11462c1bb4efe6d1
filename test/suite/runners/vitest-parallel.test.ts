import { expect, test } from "vitest";
import { racingBody } from "../../support/racing-suite.ts";
import { type Files, makeRepository, type Repository } from "../../support/repository.ts";
import { configFile, readSummary, runIn } from "../../support/verify.ts";
import { linkNodeModules } from "../../support/vitest-ledger.ts";

/** A vitest suite of files that each say which worker's database they found when they were loaded. */
async function makeSuite(files: Files, suite: object = {}, database: object | false = false): Promise<Repository> {
  const repository = await makeRepository({
    ".gitignore": "node_modules/\n",
    "package.json": '{ "type": "module" }\n',
    "src/sums.js": "export const url = process.env.DATABASE_URL;\nexport const add = (left, right) => left + right;\n",
    "verify.config.json": configFile({
      suites: [{ name: "web", runner: "vitest", command: "vitest run", source: ["src"], workers: 2, ...suite }],
      database,
    }),
    ...files,
  });
  await linkNodeModules(repository.root);
  return repository;
}

const passing =
  'import { expect, test } from "vitest";\nimport { add } from "../src/sums.js";\ntest("adds", () => expect(add(1, 2)).toBe(3));\n';

/** Meets the other worker's file, so that both workers are in use, and checks its own URL. */
const ownDatabase = (name: string, other: string): string => `import { existsSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { add, url } from "../src/sums.js";
test("has its worker's database from the start", async () => {
  expect(add(1, 2)).toBe(3);
  writeFileSync("${name}.ready", "");
  while (!existsSync("${other}.ready")) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(url).toContain("pools_test_" + process.env.VERIFY_WORKER);
  expect(url).toBe(process.env.DATABASE_URL);
  expect(process.env.PGDATABASE).toBe("pools_test_" + process.env.VERIFY_WORKER);
});
`;

test.each([
  ["forks", true],
  ["forks", false],
  ["threads", true],
  ["threads", false],
  ["vmForks", true],
  ["vmThreads", true],
])("in the pool %s, isolate %s, every worker has its database when its sources are loaded", async (pool, isolate) => {
  const { root } = await makeSuite(
    {
      ".gitignore": "node_modules/\n*.ready\n",
      "test/one.test.js": ownDatabase("one", "two"),
      "test/two.test.js": ownDatabase("two", "one"),
    },
    { command: `vitest run --pool=${pool} --isolate=${isolate}` },
    { name: "pools_test" },
  );
  const { code, output } = await runIn(root, []);
  expect(output).toContain("✔ Verified");
  expect(code).toBe(0);
  const [suite] = (await readSummary(root)).suites;
  expect(suite?.databases).toEqual(["pools_test_gw0", "pools_test_gw1"]);
});

const names = ["a", "aa", "[id]", "b(1)", "b"];
const manyFiles: Files = Object.fromEntries(names.map((name) => [`test/${name}.test.js`, passing]));

test("over shares of the files, every file runs once, whatever it is called", async () => {
  const { root } = await makeSuite(manyFiles, { parallel: "processes" });
  const { code, output } = await runIn(root, []);
  expect(output).toContain("web with 2 processes");
  expect(code).toBe(0);
  const [suite] = (await readSummary(root)).suites;
  expect(suite).toMatchObject({ parallel: "processes", files: 5, tests: { total: 5, passed: 5 } });
  expect(suite?.logs).toEqual([".verify/logs/web-gw0.log", ".verify/logs/web-gw1.log"]);
});

test("over shares, the files that the command names are those that run", async () => {
  const { root } = await makeSuite(
    { ...manyFiles, "other/c.test.js": passing },
    { parallel: "processes", command: "vitest run test/" },
  );
  expect((await runIn(root, [])).code).toBe(0);
  expect((await readSummary(root)).suites[0]?.files).toBe(5);
});

test.each([
  ["the command", "vitest run --no-file-parallelism", {}],
  ["the configuration", "vitest run", { "vitest.config.js": "export default { test: { fileParallelism: false } };\n" }],
])(
  "files that %s keeps from running side by side run as several processes, and that is said",
  async (_where, command, more) => {
    const { root } = await makeSuite({ ...manyFiles, ...more }, { command });
    const { code, output } = await runIn(root, []);
    expect(code).toBe(0);
    expect(output).toContain("web ran as several processes, each over a share of the files, because");
    expect((await readSummary(root)).suites[0]).toMatchObject({ parallel: "processes", workers: 2, files: 5 });
  },
);

test("a test that fails beside another file and passes alone is a race", async () => {
  const racing = `import { describe, test } from "vitest";
${racingBody("only-one", "node_modules/tried")}
describe("the only one", () => {
  test("is alone (always)", meet, 30_000);
});
`;
  const { root } = await makeSuite({
    "test/sums.test.js": passing,
    "test/one.test.js": racing,
    "test/two.test.js": racing,
  });
  expect((await runIn(root, [])).code).toBe(1);
  const [suite] = (await readSummary(root)).suites;
  expect(suite?.failures).toMatchObject([{ name: "the only one > is alone (always)", kind: "race" }]);
});

test("a test that fails alone too is a failure", async () => {
  const wrong = 'import { expect, test } from "vitest";\ntest("is 2 * 2?", () => expect(2 + 2).toBe(5));\n';
  const { root } = await makeSuite({ "test/sums.test.js": passing, "test/one.test.js": wrong });
  expect((await runIn(root, [])).code).toBe(1);
  const { suites, notes } = await readSummary(root);
  expect(suites[0]?.failures).toMatchObject([{ name: "is 2 * 2?", kind: "failure" }]);
  expect(notes).toEqual([]);
});

test("a test over its own timeout is told as that", async () => {
  const slow = 'import { test } from "vitest";\ntest("waits", () => new Promise(() => {}), 50);\n';
  const { root } = await makeSuite({ "test/sums.test.js": passing, "test/one.test.js": slow });
  expect((await runIn(root, [])).code).toBe(1);
  expect((await readSummary(root)).suites[0]?.failures).toMatchObject([{ name: "waits", kind: "timeout" }]);
});

test("a hook that fails once and passes alone is a race, with the group that it is for", async () => {
  const once = `import { existsSync, writeFileSync } from "node:fs";
import { beforeAll, describe, test } from "vitest";
describe("hooked (all)", () => {
  beforeAll(() => { if (!existsSync("node_modules/seen")) { writeFileSync("node_modules/seen", ""); throw new Error("once"); } });
  describe("inner", () => { test("works", () => {}); });
});
`;
  const other = 'import { test } from "vitest";\ntest("other", () => {});\n';
  const { root } = await makeSuite({
    "test/sums.test.js": passing,
    "test/one.test.js": once,
    "test/two.test.js": other,
  });
  const { output } = await runIn(root, []);
  expect(output).not.toContain("could not be run alone");
  const [suite] = (await readSummary(root)).suites;
  expect(suite?.failures).toMatchObject([{ file: "test/one.test.js", name: "hooked (all)", kind: "race" }]);
});
