import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeJestRepository } from "../../support/jest-suite.ts";
import { racingBody } from "../../support/racing-suite.ts";
import { makeDirectory } from "../../support/repository.ts";
import { runOutOfTime } from "../../support/run-out-of-time.ts";
import { sharedRun } from "../../support/shared-run.ts";
import { endsWith, readSummary, runIn } from "../../support/verify.ts";

const passing = 'const { add } = require("../src/sums.js");\ntest("adds", () => expect(add(1, 2)).toBe(3));\n';
const two = { workers: 2 };
/** As jest is without any configuration: with babel, and istanbul's coverage. */
const unconfigured = { "jest.config.js": null };

test("a suite that passes is verified, with its counts, files, workers and coverage", async () => {
  const files = { ...unconfigured, "test/a.test.js": passing, "test/b.test.js": passing };
  const { root } = await makeJestRepository(files, two);
  const { code, errors } = await runIn(root, []);
  expect(errors).toBe("");
  expect(code).toBe(0);
  const { suites, coverage } = await readSummary(root);
  expect(suites[0]).toMatchObject({ workers: 2, files: 2, tests: { total: 2, passed: 2, failed: 0, skipped: 0 } });
  expect(coverage?.files.map(({ file }) => file)).toEqual(["src/sums.js"]);
});

/** Meets the other worker's file, so that both workers are in use, and checks its own URL. */
const ownDatabase = (name: string, other: string): string => `const { existsSync, writeFileSync } = require("node:fs");
const { add, url } = require("../src/sums.js");
test("has its worker's database from the start", async () => {
  expect(add(1, 2)).toBe(3);
  writeFileSync("${name}.ready", "");
  while (!existsSync("${other}.ready")) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(url).toContain("modes_test_" + process.env.VERIFY_WORKER);
  expect(url).toBe(process.env.DATABASE_URL);
  expect(process.env.NODE_OPTIONS ?? "").not.toContain("--import");
});
`;

test.each(["jest", "jest --workerThreads", "npm test", "NODE_OPTIONS=--no-deprecation jest"])(
  "with `%s`, every worker has its database when its sources are loaded",
  async (command) => {
    const { root } = await makeJestRepository(
      { "test/one.test.js": ownDatabase("one", "two"), "test/two.test.js": ownDatabase("two", "one") },
      { ...two, command },
      { database: { name: "modes_test" } },
    );
    const { code, output } = await runIn(root, []);
    expect(output).toContain("✔ Verified");
    expect(code).toBe(0);
  },
);

test("in band, which jest chooses for a single file, the one process is the first worker", async () => {
  const own = ownDatabase("one", "one");
  const { root } = await makeJestRepository({ "test/one.test.js": own }, two, { database: { name: "modes_test" } });
  const { code, output } = await runIn(root, []);
  expect(output).toContain("✔ Verified");
  expect(code).toBe(0);
});

test("serially, the one process has the base name's database", async () => {
  const own =
    'const { add, url } = require("../src/sums.js");\ntest("is master", () => { expect(add(1, 2)).toBe(3); expect(url).toMatch(/modes_test$/); });\n';
  const { root } = await makeJestRepository({ "test/one.test.js": own }, two, { database: { name: "modes_test" } });
  await endsWith(0, runIn(root, ["--serial"]));
});

test.each(["jest -i", "jest --detectOpenHandles", "npm test"])(
  "`%s`, which runs all in one process, runs as several processes over shares of the files, and that is said",
  async (command) => {
    const { root } = await makeJestRepository(
      {
        "package.json": '{ "scripts": { "test": "jest --runInBand" } }\n',
        "test/one.test.js": ownDatabase("one", "two"),
        "test/two.test.js": ownDatabase("two", "one"),
        "test/three.test.js": passing,
      },
      { ...two, command },
      { database: { name: "modes_test" } },
    );
    const { code, output } = await runIn(root, []);
    expect(output).toContain(
      "web ran as several processes, each over a share of the files, because jest runs all files",
    );
    expect(code).toBe(0);
    expect((await readSummary(root)).suites[0]).toMatchObject({
      parallel: "processes",
      files: 3,
      tests: { passed: 3 },
    });
  },
);

/** A project with settings of its own, whose one file only speaks of focused tests. */
const configured = sharedRun((atEnd) => {
  const words = `// test.only("x") was here\n/* fit("y") */ const address = "http://localhost/fit";\n`;
  return makeJestRepository(
    {
      "jest.config.js": 'module.exports = { reporters: ["default", "<rootDir>/own-reporter.js"] };\n',
      "own-reporter.js":
        'const { writeFileSync } = require("node:fs");\nmodule.exports = class { onRunComplete(_, { numPassedTests }) { writeFileSync("coverage.ready", String(numPassedTests)); } };\n',
      "test/a.test.js": `${words}${passing}test.skip("later", () => {});\n`,
    },
    { command: "jest --maxWorkers=3", workers: "auto" },
    {},
    atEnd,
  );
});

test("the reporters of the project's own configuration go on working", async () => {
  const { code, repository } = await configured();
  expect(code).toBe(0);
  expect(await readFile(join(repository.root, "coverage.ready"), "utf8")).toBe("1");
});

test("the user's own number of workers is kept", async () => {
  const { code, summary } = await configured();
  expect(code).toBe(0);
  expect(summary.suites[0]?.workers).toBe(3);
});

test("a file that only speaks of focused tests, beside a skipped one, is verified", async () => {
  expect((await configured()).code).toBe(0);
});

test("a source file that no test loads counts as missed, unless the project says what is measured", async () => {
  const files = {
    ...unconfigured,
    "test/a.test.js": passing,
    "src/more.js": "exports.more = () => {\n  return 1;\n};\n",
  };
  const { root } = await makeJestRepository(files);
  await endsWith(1, runIn(root, []));
  expect((await readSummary(root)).reasons.join()).toContain("Most missed: src/more.js");
  const own = { "jest.config.js": 'module.exports = { collectCoverageFrom: ["src/sums.js"] };\n' };
  const other = await makeJestRepository({ ...files, ...own });
  await endsWith(0, runIn(other.root, []));
});

const wrong = 'describe("sums", () => { test("of two", () => expect({ a: 1 }).toEqual({ a: 2 })); });\n';
const slow = 'test("waits", () => new Promise(() => {}), 50);\n';
const failing = sharedRun((atEnd) => {
  // Most fail, so that none of them is run again alone.
  const files = {
    "test/b.test.js": wrong,
    "test/c.test.js": 'require("./nowhere.js");\n',
    "test/d.test.js": slow,
    "test/e.test.js": 'test("fails", () => { throw new Error("more"); });\n',
  };
  return makeJestRepository({ "test/a.test.js": passing, ...files }, two, {}, atEnd);
});

test("a failing test is named with its groups, its difference and its worker", async () => {
  const { code, summary } = await failing();
  expect(code).toBe(1);
  expect(summary.reasons).toContain("3 of 4 tests failed in web.");
  const [failure, ...more] = summary.suites[0]?.failures.filter(({ file }) => file === "test/b.test.js") ?? [];
  expect(more).toEqual([]);
  expect(failure).toMatchObject({ file: "test/b.test.js", name: "sums › of two", kind: "failure" });
  expect(failure?.worker).toMatch(/^gw[01]$/);
  expect(failure?.message).toContain('-   "a": 2,\n+   "a": 1,');
});

test("a test file that cannot be loaded is a collection failure", async () => {
  const { code, summary } = await failing();
  expect(code).toBe(1);
  expect(summary.reasons).toContain("1 test file of web could not be loaded.");
  const [failure, ...more] = summary.suites[0]?.failures.filter(({ kind }) => kind === "collection") ?? [];
  expect(more).toEqual([]);
  expect(failure).toMatchObject({ file: "test/c.test.js", kind: "collection" });
  expect(failure?.message).toMatch(/^Cannot find module '\.\/nowhere\.js'/);
});

test("a test over its own timeout is told as that", async () => {
  const { summary } = await failing();
  const [failure, ...more] = summary.suites[0]?.failures.filter(({ file }) => file === "test/d.test.js") ?? [];
  expect(more).toEqual([]);
  expect(failure).toMatchObject({ name: "waits", kind: "timeout" });
});

test("a worker that dies is a crash, names the test it was in, and voids the coverage", async () => {
  const dies =
    'test("goes well", () => {});\ntest("dies", async () => { await new Promise((resolve) => setTimeout(resolve, 200)); process.kill(process.pid, "SIGKILL"); });\n';
  const { root } = await makeJestRepository({ "test/a.test.js": passing, "test/b.test.js": dies }, two);
  await endsWith(1, runIn(root, []));
  const { suites, reasons } = await readSummary(root);
  expect(suites[0]?.failures).toMatchObject([{ file: "test/b.test.js", name: "dies", kind: "crash" }]);
  expect(reasons.join()).toContain("coverage figure is void");
});

test("a suite over its timeout names the test that it was in", async () => {
  const sign = join(await makeDirectory(), "sign");
  const endless = `const { writeFileSync } = require("node:fs");
test("waits", () => new Promise(() => writeFileSync("${sign}", "")), 600000);
`;
  const { root } = await makeJestRepository({ "test/a.test.js": passing, "test/b.test.js": endless }, two);
  await runOutOfTime({ 599: [sign] }, () => endsWith(1, runIn(root, ["--timeout", "599s"])));
  const { failures } = (await readSummary(root)).suites[0] ?? {};
  expect(failures).toContainEqual(expect.objectContaining({ file: "test/b.test.js", name: "waits", kind: "timeout" }));
});

test("a test that fails beside another file and passes alone is a race", async () => {
  const racing = `${racingBody("coverage.ready", "tried.ready")}
test("is alone (always)", meet, 30_000);
`;
  const { root } = await makeJestRepository(
    { "test/a.test.js": racing, "test/b.test.js": racing, "test/c.test.js": passing },
    two,
  );
  await endsWith(1, runIn(root, []));
  expect((await readSummary(root)).suites[0]?.failures).toMatchObject([{ name: "is alone (always)", kind: "race" }]);
});

test("a snapshot that is not committed fails", async () => {
  const { root } = await makeJestRepository({
    "test/a.test.js": `${passing}test("shows", () => expect(1).toMatchSnapshot());\n`,
  });
  await endsWith(1, runIn(root, []));
});

test("a suite without tests is not verified, and told so", async () => {
  const { root } = await makeJestRepository({}, { command: "jest --passWithNoTests" });
  const { code, output } = await runIn(root, []);
  expect(code).toBe(1);
  expect(output).toContain("web collected no tests");
});

test("jest that is not installed is told with the command that installs it", async () => {
  const { root } = await makeJestRepository({ "apps/web/package.json": "{}\n" });
  const { rm } = await import("node:fs/promises");
  await rm(join(root, "node_modules"), { recursive: true });
  const { code, errors } = await runIn(root, []);
  expect(code).toBe(3);
  expect(errors).toContain("web: jest is not installed in the repo's root. Install with: npm install --save-dev jest");
});

const hidden = 'test("hidden", () => expect(1).toBe(2));\n';

/** No more than are listed by name. */
const focusing = {
  "test/only.test.js": `${passing}test.only("alone", () => {});\n${hidden}`,
  "test/each.test.js": `${passing}test.only.each([1])("alone %i", () => {});\n${hidden}`,
  "test/group.test.js": `describe.only("alone", () => { test("inside", () => {}); });\n${hidden}`,
};
const focused = sharedRun((atEnd) => makeJestRepository({ ...focusing, "test/b.test.js": passing }, {}, {}, atEnd));

test.each(Object.keys(focusing))(
  "a focused test that hides others is not verified, and the file is named: %s",
  async (file) => {
    const { code, output } = await focused();
    expect(output).toMatch(/^✘ Not verified: main at /m);
    const [, files = ""] =
      /web has focused tests \(\.only\), which keep others from being run: (.*)\.$/m.exec(output) ?? [];
    expect(files.split(", ")).toContain(file);
    expect(files).not.toContain("test/b.test.js");
    expect(code).toBe(1);
  },
);

test("a focused test that is called fit and hides others is not verified, and the file is named", async () => {
  const text = `${passing}fit("alone", () => {});\n${hidden}`;
  const { root } = await makeJestRepository({ "test/a.test.js": text, "test/b.test.js": passing });
  const { code, output } = await runIn(root, []);
  expect(output).toMatch(/^✘ Not verified: main at /m);
  expect(output).toContain("web has focused tests (.only), which keep others from being run: test/a.test.js.");
  expect(code).toBe(1);
});

test.each([["jest -i"], ["jest"]])(
  "serially, with `%s`, a test that ends the process is a crash, although jest's code is 0",
  async (command) => {
    const stops =
      'test("stops", async () => { await new Promise((done) => setTimeout(done, 200)); process.exit(0); });\n';
    const { root } = await makeJestRepository({ "test/a.test.js": `${stops}${hidden}` }, { command });
    const { code, output } = await runIn(root, ["--serial"]);
    expect(output).toMatch(/^✘ Not verified: main at /m);
    expect(code).toBe(1);
    const [failure] = (await readSummary(root)).suites[0]?.failures ?? [];
    expect(failure).toMatchObject({ file: "test/a.test.js", name: "stops", kind: "crash" });
    expect(failure?.message).toBe("The process ended itself, with code 0, before the test did.");
  },
);

test("a worker's thread that ends itself fails its file", async () => {
  const stops = 'test("stops", () => process.exit(0));\n';
  const { root } = await makeJestRepository(
    { "test/a.test.js": `${stops}${hidden}`, "test/b.test.js": passing },
    { ...two, command: "jest --workerThreads" },
  );
  await endsWith(1, runIn(root, []));
  expect((await readSummary(root)).suites[0]?.failures).toMatchObject([{ file: "test/a.test.js", kind: "collection" }]);
});

test.each([1, 2])(
  "what a test leaves behind and ends jest itself is no fault of ours, with %i workers",
  async (workers) => {
    const late = 'test("leaves", () => { setTimeout(() => { throw new Error("late"); }, 0); });\n';
    const files = { "test/a.test.js": `${passing}${late}`, "test/b.test.js": passing };
    const { root } = await makeJestRepository(files, { command: "jest -i", workers });
    const { code, output } = await runIn(root, []);
    expect(code, output).toBe(1);
    const { reasons } = await readSummary(root);
    expect(reasons.join()).not.toContain("ran without what was added to it");
  },
);
