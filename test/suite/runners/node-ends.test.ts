import { expect, test } from "vitest";
import { makeNodeRepository, nodeHeader, passingNodeTest } from "../../support/node-suite.ts";
import { endsWith, push, readSummary, runIn, useHook } from "../../support/verify.ts";

const failing = 'test("would fail", () => assert.equal(add(1, 2), 4));\n';

const rejects = `process.on("unhandledRejection", () => process.exit(0));
test("leaves a rejection", async () => { Promise.reject(new Error("x")); await new Promise((done) => setTimeout(done, 50)); });
`;
const throws = `process.on("uncaughtException", () => process.exit(0));
test("throws later", async () => { setTimeout(() => { throw new Error("x"); }); await new Promise((done) => setTimeout(done, 50)); });
`;

test.each([
  ["in a test", `${nodeHeader}test("stops", () => process.exit(0));\n${failing}`],
  ["in a group", `${nodeHeader}describe("sums", () => { it("stops", () => process.exit(0)); });\n${failing}`],
  ["by the system's own call", `${nodeHeader}test("stops", () => process.reallyExit(0));\n${failing}`],
  [
    "by an imported name",
    `${nodeHeader}const { exit } = require("node:process");\ntest("stops", () => exit(0));\n${failing}`,
  ],
  ["in a handler of rejections", `${nodeHeader}${rejects}${failing}`],
  ["in a handler of exceptions", `${nodeHeader}${throws}${failing}`],
  ["before its tests", `${nodeHeader}process.exit(0);\n${failing}`],
  ["before node:test is loaded", `process.exit(0);\n${nodeHeader}${failing}`],
  ["behind its tests", `${nodeHeader}${failing}process.exit(0);\n`],
  ["in a hook, which takes the results away", `${nodeHeader}after(() => process.exit(0));\n${failing}`],
])("a file that ends its own process %s is not verified, although node says 0", async (_, text) => {
  const { root } = await makeNodeRepository({ "test/a.test.js": text, "test/b.test.js": passingNodeTest });
  const { code, output } = await runIn(root, []);
  expect(code).toBe(1);
  expect(output).toMatch(/^✘ Not verified: main at /m);
  const [suite] = (await readSummary(root)).suites;
  expect(suite?.failures).toMatchObject([{ file: "test/a.test.js", kind: "crash" }]);
  expect(suite?.failures[0]?.message).toContain("ended its own process");
});

test("an ES module that is still being loaded when its process ends is not verified, serially too", async () => {
  const files = {
    "src/quit.mjs": "setTimeout(() => process.exit(0), 100);\nawait new Promise((done) => setTimeout(done, 5000));\n",
    "test/a.test.mjs":
      'import { test } from "node:test";\ntest("first", () => {});\nawait import("../src/quit.mjs");\ntest("never told", () => { throw new Error("x"); });\n',
    "test/b.test.js": passingNodeTest,
  };
  const { root } = await makeNodeRepository(files);
  await endsWith(1, runIn(root, ["--serial"]));
  expect((await readSummary(root)).suites[0]?.failures).toMatchObject([{ file: "test/a.test.mjs", kind: "crash" }]);
});

test("such a commit is not pushed", async () => {
  const repository = await makeNodeRepository({
    "test/a.test.js": `${nodeHeader}test("stops", () => process.exit(0));\n${failing}`,
    "test/b.test.js": passingNodeTest,
  });
  await useHook(repository);
  const { exitCode, output } = await push(repository);
  expect(exitCode).not.toBe(0);
  expect(output).toContain("✘ Not verified: main at ");
  expect(await repository.remoteCommit("refs/heads/main")).toBeNull();
});

test("shares of the files find it too", async () => {
  const stops = `${nodeHeader}test("stops", () => process.exit(0));\n${failing}`;
  const files = { "test/a.test.js": stops, "test/b.test.js": passingNodeTest };
  const { root } = await makeNodeRepository(files, { parallel: "processes" });
  await endsWith(1, runIn(root, []));
  expect((await readSummary(root)).suites[0]?.failures).toMatchObject([{ file: "test/a.test.js", kind: "crash" }]);
});

test("with --test-force-exit the runner's own end is no early one, and a file's is", async () => {
  const open = `${nodeHeader}setInterval(() => {}, 1000);\n`;
  const { root, write, commit } = await makeNodeRepository(
    { "test/a.test.js": `${open}test("adds", () => assert.equal(add(1, 2), 3));\n` },
    { command: "node --test-force-exit --test" },
  );
  await endsWith(0, runIn(root, []));
  await write({ "test/a.test.js": `${open}test("stops", () => process.exit(0));\n${failing}` });
  await commit("Stop half way");
  await endsWith(1, runIn(root, []));
});

test("a script beside the tests that ends itself is what its exit code says, as it has no tests that could be left out", async () => {
  const { root } = await makeNodeRepository({
    "test/a.test.js": passingNodeTest,
    "test/fixture.js": "process.exit(0);\n",
  });
  await endsWith(0, runIn(root, []));
});

test("a file that takes away all listeners of the process's end is still seen to reach it", async () => {
  const takesAway = `process.removeAllListeners("exit");\n${passingNodeTest}`;
  const { root } = await makeNodeRepository({ "test/a.test.js": takesAway });
  await endsWith(0, runIn(root, []));
});

test("a handler of the process's end may call process.exit, as many do that clean up", async () => {
  const cleansUp = `process.on("exit", () => process.exit());\n${passingNodeTest}`;
  const { root } = await makeNodeRepository({ "test/a.test.js": cleansUp });
  await endsWith(0, runIn(root, []));
});

test("a test that never settles is a failure: node cancels it when nothing is left to do", async () => {
  const pends = `${nodeHeader}test("pends", () => new Promise(() => {}));\n`;
  const { root } = await makeNodeRepository({ "test/a.test.js": pends, "test/b.test.js": passingNodeTest });
  await endsWith(1, runIn(root, []));
  expect((await readSummary(root)).suites[0]?.failures).toMatchObject([{ name: "pends", kind: "failure" }]);
});
