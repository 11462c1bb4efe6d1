import { expect, test } from "vitest";
import { nodeHeader as header, makeNodeRepository, passingNodeTest as passing } from "../../support/node-suite.ts";
import { racingBody } from "../../support/racing-suite.ts";
import { sharedRun } from "../../support/shared-run.ts";
import { readSummary, runIn } from "../../support/verify.ts";

/** One worker, where it is not the workers that are tried: nothing that fails is run again alone. */
const one = { workers: 1 };

/** Meets the other worker's file, so that both workers are in use, and checks its own URL. */
const ownDatabase = (
  name: string,
  other: string,
): string => `${header}const { existsSync, writeFileSync } = require("node:fs");
test("has its worker's database from the start", async () => {
  assert.equal(add(1, 2), 3);
  writeFileSync("${name}.ready", "");
  while (!existsSync("${other}.ready")) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(url.includes("modes_test_" + process.env.VERIFY_WORKER));
  assert.equal(url, process.env.DATABASE_URL);
  assert.equal(process.env.NODE_OPTIONS, undefined);
  assert.equal(process.env.VERIFY_LEASES, undefined);
});
`;

test.each(["node --test", "node --test test/*.test.js", "npm test -- --test-concurrency=2"])(
  "with `%s`, every file has its worker's database when its sources are loaded",
  async (command) => {
    const { root } = await makeNodeRepository(
      { "test/one.test.js": ownDatabase("one", "two"), "test/two.test.js": ownDatabase("two", "one") },
      { command },
      { database: { name: "modes_test" } },
    );
    const { code, output } = await runIn(root, []);
    expect(output).toContain("✔ Verified");
    expect(code).toBe(0);
    const { suites, coverage } = await readSummary(root);
    expect(suites[0]).toMatchObject({ workers: 2, files: 2, tests: { total: 2, passed: 2 } });
    expect(coverage?.files.map(({ file }) => file)).toEqual(["src/sums.js"]);
  },
);

test.each([
  ["node --test --test-reporter=tap", "node --test"],
  ["node --test --test-reporter dot --test-reporter-destination stderr", "node --test"],
  ["npm test", "node --test --test-reporter=spec"],
  ["npm test", "node --test --test-reporter=tap --test-reporter-destination=stdout"],
])("with `%s` and the script `%s`, the project's own reporter goes on working", async (command, script) => {
  const { root } = await makeNodeRepository(
    { "test/one.test.js": passing, "package.json": JSON.stringify({ scripts: { test: script } }) },
    { ...one, command },
  );
  const { code } = await runIn(root, []);
  expect(code).toBe(0);
  expect((await readSummary(root)).suites[0]?.tests).toMatchObject({ total: 1, passed: 1 });
});

test("serially, every file has the base name's database", async () => {
  const own = `${header}test("is master", () => { assert.equal(add(1, 2), 3); assert.match(url, /modes_test$/); });\n`;
  const files = { "test/one.test.js": own, "test/two.test.js": own };
  const { root } = await makeNodeRepository(files, {}, { database: { name: "modes_test" } });
  const { code, output } = await runIn(root, ["--serial"]);
  expect(output).toContain("✔ Verified");
  expect(code).toBe(0);
});

/** A suite with a source that no test loads, a test that fails, a file that cannot be loaded and a test over its timeout. */
const failing = sharedRun((atEnd) =>
  makeNodeRepository(
    {
      "src/more.js": "exports.more = () => {\n  return 1;\n};\nexports.most = () => {\n  return 2;\n};\n",
      "test/a.test.js": passing,
      "test/b.test.js": `${header}describe("sums", () => { it("of two", () => assert.deepEqual({ a: 1 }, { a: 2 })); it("of one", () => {}); });\n`,
      "test/c.test.js": 'require("./nowhere.js");\n',
      "test/d.test.js": `${header}test("waits", { timeout: 100 }, () => new Promise((resolve) => setTimeout(resolve, 500)));\n`,
    },
    one,
    {},
    atEnd,
  ),
);
const failuresIn = async (file: string) => {
  const { code, summary } = await failing();
  expect(code).toBe(1);
  return summary.suites[0]?.failures.filter((failure) => failure.file === file);
};

test("a failing test is named with its groups and its difference, and its groups do not count", async () => {
  const failures = await failuresIn("test/b.test.js");
  expect((await failing()).summary.suites[0]?.tests).toMatchObject({ total: 5, passed: 2, failed: 3, unloaded: 1 });
  expect(failures).toMatchObject([{ file: "test/b.test.js", name: "sums › of two", kind: "failure" }]);
  expect(failures?.[0]?.message).toContain("a: 2");
});

test("skipped tests and those to do are neither passed nor failed", async () => {
  const others = `${header}test("later", { todo: true }, () => assert.fail());\ntest("never", { skip: true }, () => {});\n`;
  const { root } = await makeNodeRepository({ "test/a.test.js": passing, "test/b.test.js": others }, one);
  expect((await runIn(root, [])).code).toBe(0);
  expect((await readSummary(root)).suites[0]?.tests).toEqual({ total: 3, passed: 1, failed: 0, skipped: 2 });
});

test("a source file that no test loads counts as missed", async () => {
  const { code, summary } = await failing();
  expect(code).toBe(1);
  expect(summary.reasons.join()).toContain("Most missed: src/more.js");
});

test("a test file that cannot be loaded is a collection failure", async () => {
  expect(await failuresIn("test/c.test.js")).toMatchObject([{ file: "test/c.test.js", kind: "collection" }]);
});

test("a file whose process dies is a crash, and voids the coverage", async () => {
  const dies = `${header}test("dies", async () => { await new Promise((resolve) => setTimeout(resolve, 200)); process.kill(process.pid, "SIGKILL"); });\n`;
  const { root } = await makeNodeRepository({ "test/a.test.js": passing, "test/b.test.js": dies });
  expect((await runIn(root, [])).code).toBe(1);
  const { suites, reasons } = await readSummary(root);
  expect(suites[0]?.failures).toMatchObject([{ file: "test/b.test.js", kind: "crash" }]);
  expect(reasons.join()).toContain("coverage figure is void");
});

test("a test over its own timeout is told as that", async () => {
  expect(await failuresIn("test/d.test.js")).toMatchObject([{ name: "waits", kind: "timeout" }]);
});

test("a test that fails beside another file and passes alone is a race", async () => {
  const racing = `${header}${racingBody("only.ready", "tried.ready")}
describe("the only one", () => {
  it("is alone (always)", meet);
});
`;
  const { root } = await makeNodeRepository({
    "test/a.test.js": racing,
    "test/b.test.js": racing,
    "test/c.test.js": passing,
  });
  expect((await runIn(root, [])).code).toBe(1);
  expect((await readSummary(root)).suites[0]?.failures).toMatchObject([
    { name: "the only one › is alone (always)", kind: "race" },
  ]);
});

test("processes over shares of the files run every file once", async () => {
  const files = Object.fromEntries(["a", "b", "c"].map((name) => [`test/${name}.test.js`, passing]));
  const { root } = await makeNodeRepository(files, { parallel: "processes" });
  expect((await runIn(root, [])).code).toBe(0);
  expect((await readSummary(root)).suites[0]).toMatchObject({ parallel: "processes", files: 3, tests: { passed: 3 } });
});

test("a suite without tests is not verified", async () => {
  const { root } = await makeNodeRepository({});
  expect((await runIn(root, [])).code).not.toBe(0);
});

test("a step of a test that fails is run again alone, with the test that it is a step of", async () => {
  const steps = `${header}describe("sums", () => it("in steps", async (t) => { await t.test("of two", () => assert.equal(add(1, 2), 4)); }));\n`;
  const { root } = await makeNodeRepository({ "test/a.test.js": steps, "test/b.test.js": passing });
  expect((await runIn(root, [])).code).toBe(1);
  const { suites, notes } = await readSummary(root);
  expect(suites[0]?.failures).toMatchObject([{ name: "sums › in steps › of two", kind: "failure" }]);
  expect(notes).toEqual([]);
});

const script = 'const assert = require("node:assert");\nconst { add } = require("../src/sums.js");\n';

test("a script that asserts without test() is a test, and what only helps is none", async () => {
  const files = {
    "test/one.js": `${script}assert.equal(add(1, 2), 3);\n`,
    "test/two.js": `${script}assert.equal(add(2, 2), 4);\n`,
    "test/helpers.js": "exports.three = 3;\n",
  };
  const { root } = await makeNodeRepository(files, one);
  const { code, output } = await runIn(root, []);
  expect(code, output).toBe(0);
  expect((await readSummary(root)).suites[0]?.tests).toEqual({ total: 2, passed: 2, failed: 0, skipped: 0 });
});

test("such a script fails as a test, and one that cannot be loaded as a file, each by the error's own line", async () => {
  const files = {
    "test/one.js": `${script}assert.equal(add(1, 2), 4, "wrong sum");\n`,
    "test/two.js": 'require("./missing.js");\n',
    "test/three.js": passing,
  };
  const { root } = await makeNodeRepository(files);
  expect((await runIn(root, ["--serial"])).code).toBe(1);
  const { suites, reasons } = await readSummary(root);
  expect(reasons).toEqual(["1 test file of web could not be loaded.", "1 of 2 tests failed in web."]);
  const failures = suites[0]?.failures.toSorted((left, right) => (left.file < right.file ? -1 : 1));
  expect(failures).toMatchObject([
    { name: "test/one.js", kind: "failure" },
    { name: "test/two.js", kind: "collection" },
  ]);
  expect(failures?.[0]?.message).toContain("wrong sum");
  expect(failures?.[1]?.message).toMatch(/^Error: Cannot find module '.\/missing.js'\n\s*at .*test\/two.js:1:1\)$/);
});

test("a file whose process fails behind its tests is not taken for one that could not be loaded", async () => {
  const { root } = await makeNodeRepository({ "test/one.js": `${passing}process.exitCode = 3;\n` });
  expect((await runIn(root, [])).code).toBe(1);
  const [failure] = (await readSummary(root)).suites[0]?.failures ?? [];
  expect(failure).toMatchObject({ name: "test/one.js", kind: "crash" });
  expect(failure?.message).toMatch(/^It ended with exit code 3 after its tests\./);
});
