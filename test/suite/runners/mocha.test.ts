import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeMochaRepository } from "../../support/mocha-suite.ts";
import { racingBody } from "../../support/racing-suite.ts";
import { sharedRun } from "../../support/shared-run.ts";
import { endsWith, readSummary, runIn } from "../../support/verify.ts";

const header = 'const assert = require("node:assert");\nconst { add, url } = require("../src/sums.js");\n';
const passing = `${header}it("adds", () => assert.equal(add(1, 2), 3));\n`;

/** Meets the other worker's file, so that both workers are in use, and checks its own URL. */
const ownDatabase = (
  name: string,
  other: string,
): string => `${header}const { existsSync, writeFileSync } = require("node:fs");
it("has its worker's database from the start", async () => {
  assert.equal(add(1, 2), 3);
  writeFileSync("${name}.ready", "");
  while (!existsSync("${other}.ready")) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(url.includes("modes_test_" + process.env.VERIFY_WORKER));
  assert.equal(url, process.env.DATABASE_URL);
  assert.equal(process.env.NODE_OPTIONS, undefined);
}).timeout(20000);
`;

test.each([
  ["mocha", {}, "processes"],
  ["mocha --parallel", {}, "runner"],
  ["npm test", {}, "processes"],
  ["mocha", { ".mocharc.json": '{ "parallel": true, "spec": "test/*.js" }\n' }, "runner"],
  ["mocha", { ".mocharc.yml": "spec: test/*.js\n" }, "processes"],
  ["mocha 'test/*.js'", {}, "processes"],
])(
  "`%s` with %j runs by %s, and every worker has its database when its sources are loaded",
  async (command, more, parallel) => {
    const files = { "test/one.js": ownDatabase("one", "two"), "test/two.js": ownDatabase("two", "one"), ...more };
    const { root } = await makeMochaRepository(files, { command, workers: 2 }, { database: { name: "modes_test" } });
    const { code, output } = await runIn(root, []);
    expect(output).toContain("✔ Verified");
    expect(code).toBe(0);
    const { suites, coverage } = await readSummary(root);
    expect(suites[0]).toMatchObject({ parallel, workers: 2, files: 2, tests: { total: 2, passed: 2 } });
    expect(coverage?.files.map(({ file }) => file)).toEqual(["src/sums.js"]);
  },
);

test.each(["mocha", "mocha --parallel"])("serially, `%s` has the base name's database", async (command) => {
  const own = `${header}it("is master", () => { assert.equal(add(1, 2), 3); assert.match(url, /modes_test$/); });\n`;
  const { root } = await makeMochaRepository(
    { "test/one.js": own },
    { command, workers: 2 },
    { database: { name: "modes_test" } },
  );
  const { code, output } = await runIn(root, ["--serial"]);
  expect(output).toContain("✔ Verified");
  expect(code).toBe(0);
});

test("the project's own reporter goes on working", async () => {
  const reporter =
    'const { writeFileSync } = require("node:fs");\nmodule.exports = function (runner) { runner.on("end", () => writeFileSync("own.ready", String(runner.stats.passes))); };\n';
  const { root } = await makeMochaRepository(
    { "test/a.js": passing, "own-reporter.js": reporter },
    { command: "mocha --reporter ./own-reporter.js" },
  );
  await endsWith(0, runIn(root, []));
  expect(await readFile(join(root, "own.ready"), "utf8")).toBe("1");
});

test("what --file names is loaded by every process, and a source that no test loads counts as missed", async () => {
  const { root } = await makeMochaRepository(
    {
      "support/first.js": "global.first = true;\n",
      "test/a.js": `${header}it("is second", () => { add(1, 2); assert.ok(global.first); });\n`,
      "test/b.js": `${header}it("is second", () => assert.ok(global.first));\n`,
      "src/more.js": "exports.more = () => {\n  return 1;\n};\nexports.most = () => {\n  return 2;\n};\n",
    },
    { command: "mocha --file support/first.js", workers: 2 },
  );
  await endsWith(1, runIn(root, []));
  const { suites, reasons } = await readSummary(root);
  expect(suites[0]).toMatchObject({ parallel: "processes", tests: { total: 2, passed: 2 } });
  expect(reasons.join()).toContain("Most missed: src/more.js");
});

const wrong = `${header}describe("sums", () => it("of two", () => assert.deepEqual({ a: 1 }, { a: 2 })));\n`;
const slow = `${header}it("waits", (done) => {}).timeout(50);\n`;
/** Most fail, so that none of them is run again alone. */
const failingFiles = {
  "test/a.js": passing,
  "test/b.js": wrong,
  "test/c.js": `${header}it("fails", () => assert.fail("more"));\n`,
  "test/d.js": slow,
};

describe.each(["mocha", "mocha --parallel"])("with `%s`", (command) => {
  const failing = sharedRun((atEnd) => makeMochaRepository(failingFiles, { command, workers: 2 }, {}, atEnd));
  const failuresOf = async (file: string) => {
    const { code, summary } = await failing();
    expect(code).toBe(1);
    return (summary.suites[0]?.failures ?? []).filter((failure) => failure.file === file);
  };

  test("a failing test is named with its groups and its difference", async () => {
    const [failure, ...more] = await failuresOf("test/b.js");
    expect(more).toEqual([]);
    expect(failure).toMatchObject({ file: "test/b.js", name: "sums › of two", kind: "failure" });
    expect(failure?.worker).toMatch(/^gw[01]$/);
    expect(failure?.message).toContain("a: 2");
  });

  test("a test over its own timeout is told as that", async () => {
    expect(await failuresOf("test/d.js")).toMatchObject([{ name: "waits", kind: "timeout" }]);
  });
});

test.each([
  ["mocha", 1],
  ["mocha --parallel", 2],
])("with `%s`, a hook outside of every group that fails is a failure", async (command, workers) => {
  const hook = 'after(() => { throw new Error("left open"); });\n';
  const files = { "test/a.js": passing, "test/b.js": `${passing}${hook}` };
  const { root } = await makeMochaRepository(files, { command, workers });
  const { code, output } = await runIn(root, []);
  expect(code).toBe(1);
  expect(output).toMatch(/› "after all" hook for "adds"\n\s*left open/);
  expect((await readSummary(root)).suites[0]?.tests).toMatchObject({ passed: 2, failed: 1 });
});

test("a test file that cannot be loaded is a collection failure", async () => {
  const { root } = await makeMochaRepository({ "test/a.js": passing, "test/b.js": 'require("./nowhere.js");\n' });
  await endsWith(1, runIn(root, []));
  const failures = (await readSummary(root)).suites[0]?.failures;
  expect(failures).toMatchObject([{ file: "test/b.js", kind: "collection" }]);
});

test.each(["mocha", "mocha --parallel"])("a focused test is refused: %s", async (command) => {
  const focused = `${header}it.only("adds", () => {});\nit("is left out", () => {});\n`;
  const { root } = await makeMochaRepository({ "test/a.js": focused, "test/b.js": passing }, { command, workers: 2 });
  const { code, output } = await runIn(root, []);
  expect(output).toMatch(/^✘ Not verified: main at /m);
  expect(code).toBe(1);
  const { suites, reasons } = await readSummary(root);
  expect(reasons).toEqual(["1 test file of web could not be loaded."]);
  expect(suites[0]?.failures).toMatchObject([{ file: "test/a.js", name: "test/a.js", kind: "collection" }]);
  expect(suites[0]?.failures[0]?.message).toMatch(
    /`.only` (forbidden by --forbid-only|is not supported in parallel mode)/,
  );
});

test("a test that fails beside another file and passes alone is a race", async () => {
  const racing = `${racingBody("only.ready", "tried.ready")}
it("is alone (always)", meet).timeout(30_000);
`;
  const { root } = await makeMochaRepository(
    { "test/a.js": racing, "test/b.js": racing, "test/c.js": passing },
    { workers: 2 },
  );
  await endsWith(1, runIn(root, []));
  expect((await readSummary(root)).suites[0]?.failures).toMatchObject([{ name: "is alone (always)", kind: "race" }]);
});

test("a suite without tests is not verified, and told so", async () => {
  const { root } = await makeMochaRepository({ "test/a.js": header });
  const { code, output } = await runIn(root, []);
  expect(code).toBe(1);
  expect(output).toContain("web collected no tests");
});

test.each(["mocha", "mocha --parallel"])(
  "with `%s`, a worker that dies is a crash, names the test it was in, and voids the coverage",
  async (command) => {
    const dies = `${header}it("goes well", () => {});
it("dies", async () => { await new Promise((resolve) => setTimeout(resolve, 300)); process.kill(process.pid, "SIGKILL"); });
`;
    const { root } = await makeMochaRepository({ "test/a.js": passing, "test/b.js": dies }, { command, workers: 2 });
    await endsWith(1, runIn(root, []));
    const { suites, reasons } = await readSummary(root);
    expect(suites[0]?.failures).toMatchObject([{ file: "test/b.js", name: "dies", kind: "crash" }]);
    expect(reasons.join()).toContain("coverage figure is void");
  },
);

/** A file for each hook, among so much that passes that each failure is run again alone. */
const hooks = ["before", "beforeEach", "after"];
const hooked = sharedRun((atEnd) => {
  const once = (hook: string): string => `const { existsSync, writeFileSync } = require("node:fs");
describe("hooked", () => {
  ${hook}(() => { if (!existsSync("${hook}.ready")) { writeFileSync("${hook}.ready", ""); throw new Error("once ${hook}"); } });
  describe("inner", () => { it("works", () => {}); });
});
`;
  const files = Object.fromEntries(hooks.map((hook) => [`test/${hook}.js`, `${header}${once(hook)}`]));
  const more = `${passing}for (const name of ["1", "2", "3", "4", "5", "6"]) it(name, () => {});\n`;
  return makeMochaRepository({ ...files, "test/sums.js": more }, { workers: 2 }, {}, atEnd);
});

test.each(hooks)("a hook (%s) that fails once and passes alone is a race", async (hook) => {
  const { code, output, summary } = await hooked();
  expect(code).toBe(1);
  expect(output).not.toContain("could not be run alone");
  const failures = summary.suites[0]?.failures.filter(({ file }) => file === `test/${hook}.js`);
  expect(failures).toMatchObject([{ kind: "race" }]);
});
