import { expect, test } from "vitest";
import { makeJestRepository } from "../../support/jest-suite.ts";
import { makeMochaRepository } from "../../support/mocha-suite.ts";
import { makeParallelPytestRepository, push, readSummary, runIn, useHook } from "../../support/verify.ts";
import { makeVitestRepository } from "../../support/vitest-suite.ts";

const wait = "await new Promise((done) => setTimeout(done, 100));";
const mochaHeader = 'const assert = require("node:assert");\nconst { add } = require("../src/sums.js");\n';
const mochaStops = `${mochaHeader}it("adds", () => assert.equal(add(1, 2), 3));
it("stops", async () => { ${wait} process.exit(0); });
it("would fail", () => assert.equal(add(1, 2), 4));
`;
const mochaPasses = `${mochaHeader}it("adds", () => assert.equal(add(1, 2), 3));\n`;

test.each([
  ["mocha", ["--serial"]],
  ["mocha", []],
  ["mocha --parallel", []],
  ["mocha --parallel", ["--serial"]],
])("`%s` %j: a test that ends the process is a crash, although mocha's code is 0", async (command, words) => {
  const { root } = await makeMochaRepository(
    { "test/a.js": mochaStops, "test/b.js": mochaPasses },
    { command, workers: 2 },
  );
  const { code, output } = await runIn(root, words);
  expect(output).toMatch(/^✘ Not verified: main at /m);
  expect(code).toBe(1);
  const [suite] = (await readSummary(root)).suites;
  expect(suite?.failures).toMatchObject([{ file: "test/a.js", name: "stops", kind: "crash" }]);
});

test.each(["forks", "threads", "vmForks", "vmThreads"])(
  "vitest's %s: neither process.exit nor what it calls itself ends a file unseen",
  async (pool) => {
    const header = 'import { afterAll, expect, test } from "vitest";\nimport { add } from "../src/sums.js";\n';
    const passing = 'test("adds", () => expect(add(1, 2)).toBe(3));\n';
    // Most tests fail, so that none of them is run again alone.
    const stops = 'test.each([1, 2, 3, 4])("stops (%i)", () => process.exit(0));\n';
    const repository = await makeVitestRepository(
      {
        "test/exit.test.js": `${header}${passing}${stops}`,
        "test/inner.test.js": `${header}${passing}test("stops", () => process.reallyExit(0));\n`,
      },
      { command: `vitest run --pool=${pool}` },
    );
    const { code, output } = await runIn(repository.root, []);
    expect(output).toMatch(/^✘ Not verified: main at /m);
    expect(code).toBe(1);
    const failed = (await readSummary(repository.root)).suites[0]?.failures.map(({ file }) => file);
    expect(new Set(failed)).toEqual(new Set(["test/exit.test.js", "test/inner.test.js"]));
  },
);

/**
 * A test that ends its session in some way, between one that passes and some that would fail: so many, and all alike, that
 * none of them is run again alone.
 */
const pytestStops = (how: string): string =>
  `import os\nimport sys\nimport time\n\nimport pytest\n\n\ndef test_first():\n    pass\n\n\ndef test_stops():\n    time.sleep(0.1)\n    ${how}\n\n\n@pytest.mark.parametrize("number", range(3))\ndef test_would_fail(number):\n    raise ValueError\n`;

const exit = 'pytest.exit("enough", returncode=0)';

test.each([
  ["os._exit(0)", ["--serial"], "auto", 1],
  ["os._exit(0)", [], "auto", 1],
  ["os._exit(0)", [], "processes", 1],
  ["sys.exit(0)", ["--serial"], "auto", 1],
  ["sys.exit(0)", [], "auto", 1],
  ["sys.exit(0)", [], "processes", 1],
  [exit, ["--serial"], "auto", 1],
  // xdist breaks down when a worker ends its session.
  [exit, [], "auto", 3],
  [exit, [], "processes", 1],
] as const)("pytest: `%s` with %j, parallel %s, is not verified", async (how, words, parallel, expected) => {
  const repository = await makeParallelPytestRepository(
    { "tests/test_stops.py": pytestStops(how) },
    { suites: [{ name: "backend", runner: "pytest", command: "pytest", source: ["src"], workers: 2, parallel }] },
  );
  const { code, output } = await runIn(repository.root, words);
  expect(output).not.toContain("✔ Verified");
  expect(code).toBe(expected);
  expect((await readSummary(repository.root)).verdict).toBe(expected === 1 ? "failed" : "error");
});

test("pytest in one process: the test that ends it is named, and nothing is pushed", async () => {
  const repository = await makeParallelPytestRepository(
    { "tests/test_stops.py": pytestStops("os._exit(0)") },
    { suites: [{ name: "backend", runner: "pytest", command: "pytest", source: ["src"], workers: 1 }] },
  );
  await useHook(repository);
  const { exitCode, output } = await push(repository);
  expect(exitCode).not.toBe(0);
  expect(output).toMatch(/^✘ Not verified: main at /m);
  expect(output).toContain("tests/test_stops.py › test_stops");
  expect(output).toContain("The process ended itself, with code 0, before the test did.");
  expect(await repository.remoteCommit("refs/heads/main")).toBeNull();
});

/**
 * Fails on the second worker, and passes alone, which is on the first. The tests before it make both workers take a file,
 * and leave the failures too few to be anything but flaky.
 */
const racing = {
  jest: `test("waits", () => new Promise((resolve) => setTimeout(resolve, 300)));
test("passes", () => {});
test("is on the first", async () => { expect(process.env.VERIFY_WORKER).not.toBe("gw1"); });
`,
  mocha: `const assert = require("node:assert");
it("waits", () => new Promise((resolve) => setTimeout(resolve, 300)));
it("passes", () => {});
it("is on the first", async () => { assert.notEqual(process.env.VERIFY_WORKER, "gw1"); });
`,
  vitest: `import { expect, test } from "vitest";
test("waits", () => new Promise((resolve) => setTimeout(resolve, 300)));
test("passes", () => {});
test("is on the first", async () => { expect(process.env.VERIFY_WORKER).not.toBe("gw1"); });
`,
  pytest: `import os
import time


def test_waits():
    time.sleep(0.3)


def test_passes():
    pass


def test_is_on_the_first():
    assert os.environ["VERIFY_WORKER"] != "gw1"
`,
};

const config = { races: "warn", coverage: { lines: 0 } };

test.each([
  ["jest --bail", "--bail"],
  ["mocha --bail --parallel", "--bail"],
  ["mocha --bail", "--bail"],
  ["vitest run --bail=1", "--bail"],
  ["pytest -x", "-x"],
  ["pytest --maxfail=1", "-x"],
])(
  "`%s` that stops at a race which is let through is not verified: what comes behind never ran",
  async (command, word) => {
    const runner = command.split(" ")[0] as keyof typeof racing;
    const files = Object.fromEntries(
      [1, 2, 3, 4].map((number) => [
        {
          jest: `test/${number}.test.js`,
          mocha: `test/${number}.js`,
          vitest: `test/${number}.test.js`,
          pytest: `tests/test_${number}.py`,
        }[runner],
        racing[runner],
      ]),
    );
    const suite = { name: "web", runner, command, source: ["src"], workers: 2 };
    const make = {
      jest: () => makeJestRepository(files, { command, workers: 2 }, config),
      mocha: () => makeMochaRepository(files, { command, workers: 2 }, config),
      vitest: () => makeVitestRepository(files, { command }, config),
      pytest: () => makeParallelPytestRepository(files, { suites: [suite], ...config }),
    }[runner];
    const { root } = await make();
    const { code } = await runIn(root, []);
    expect(code).toBe(1);
    const { suites, reasons } = await readSummary(root);
    expect(suites[0]?.failures.map(({ kind }) => kind)).toContain("race");
    expect(reasons.join("\n")).toContain(`web stopped at a failure (${word}), so nothing after it ran.`);
  },
);
