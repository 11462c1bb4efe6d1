import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { makeRepository } from "../../support/repository.ts";
import { sharedRun } from "../../support/shared-run.ts";
import { configFile, readSummary, runIn } from "../../support/verify.ts";
import { makeVitestRepository } from "../../support/vitest-suite.ts";

test("a suite behind npm test is verified, its workers, results and coverage added", async () => {
  const repository = await makeVitestRepository({}, { command: "npm test" });
  const { code, errors } = await runIn(repository.root, []);
  expect(errors).toBe("");
  expect(code).toBe(0);
  const { suites, coverage } = await readSummary(repository.root);
  expect(suites[0]).toMatchObject({ workers: 2, files: 1, tests: { total: 1, passed: 1 } });
  expect(coverage?.files.map(({ file }) => file)).toEqual(["src/sums.js"]);
});

/** One worker, where it is not the workers that are tried: nothing that fails is run again alone. */
const one = { workers: 1 };

/** A suite with a source that no test loads, a file that cannot be loaded, an error outside of any test, and a new snapshot. */
const failing = sharedRun((atEnd) =>
  makeVitestRepository(
    {
      "src/more.js": "export const more = () => {\n  return 1;\n};\n",
      "test/lost.test.js": 'import "./nowhere.js";\n',
      "test/late.test.js":
        'import { test } from "vitest";\ntest("begins", () => void setTimeout(() => { throw new Error("too late"); }, 0));\ntest("waits", () => new Promise((resolve) => setTimeout(resolve, 50)));\n',
      "test/shot.test.js":
        'import { expect, test } from "vitest";\ntest("shot", () => expect({ a: 1 }).toMatchSnapshot());\n',
    },
    one,
    {},
    atEnd,
  ),
);

test("a source file that no test loads counts as missed", async () => {
  const { code, summary } = await failing();
  expect(code).toBe(1);
  expect(summary.reasons.join()).toContain("Most missed: src/more.js");
});

test("a test file that cannot be loaded is a collection failure", async () => {
  const { code, summary } = await failing();
  expect(code).toBe(1);
  const failures = summary.suites[0]?.failures ?? [];
  expect(failures.filter(({ kind }) => kind === "collection")).toMatchObject([{ file: "test/lost.test.js" }]);
});

test("an error outside of any test is not verified, and told", async () => {
  const { code, output } = await failing();
  expect(code).toBe(1);
  expect(output).toContain("web had an error outside of any test: too late");
});

test("a snapshot that is not committed proves nothing, and none is written", async () => {
  const { code, repository, summary } = await failing();
  expect(code).toBe(1);
  expect(summary.suites[0]?.failures).toContainEqual(
    expect.objectContaining({ file: "test/shot.test.js", name: "shot" }),
  );
  expect(await repository.git("status", "--porcelain")).toBe("");
});

test("a test whose worker dies is a crash, not a pass", async () => {
  const repository = await makeVitestRepository({
    "test/dies.test.js": 'import { test } from "vitest";\ntest("dies", () => process.kill(process.pid, "SIGKILL"));\n',
  });
  const { code } = await runIn(repository.root, []);
  expect(code).toBe(1);
  const { suites, reasons } = await readSummary(repository.root);
  expect(suites[0]?.tests).toEqual({ total: 2, passed: 1, failed: 1, skipped: 0 });
  expect(suites[0]?.failures).toMatchObject([{ file: "test/dies.test.js", name: "dies", kind: "crash" }]);
  expect(reasons.join()).toContain("coverage figure is void");
});

test("a suite without tests is not verified, and told so", async () => {
  const repository = await makeVitestRepository({ "test/sums.test.js": null }, one);
  const { code, output } = await runIn(repository.root, []);
  expect(code).toBe(1);
  expect(output).toContain("web collected no tests");
});

test("a missing vitest is named with the command that installs it", async () => {
  const repository = await makeRepository({
    "package.json": "{}\n",
    "verify.config.json": configFile({
      suites: [{ name: "web", runner: "vitest", command: "vitest run" }],
      database: false,
    }),
  });
  const { code, errors } = await runIn(repository.root, []);
  expect(code).toBe(3);
  expect(errors).toContain("vitest is not installed in the repo's root. Install with: npm install --save-dev vitest");
});

test("a missing coverage provider is named in vitest's own version", async () => {
  const repository = await makeVitestRepository();
  await repository.write({ "node_modules/@vitest": null });
  const { code, errors } = await runIn(repository.root, []);
  expect(code).toBe(3);
  expect(errors).toMatch(/coverage provider is not installed.*npm install --save-dev @vitest\/coverage-v8@4\.\d+\.\d+/);
});

test("a command that fails before vitest starts says its last words", async () => {
  const repository = await makeVitestRepository({}, { command: "echo no such thing; exit 9; vitest run" });
  const { code, errors } = await runIn(repository.root, []);
  expect(code).toBe(3);
  expect(errors).toContain("exited with 9 before it could report any test. Last output:\nno such thing");
});

test.each([
  ["vitest run", "{}"],
  ["vitest run --allowOnly", "{}"],
  ["vitest run", "{ test: { allowOnly: true } }"],
  ["vitest run", '{ test: { projects: [{ test: { allowOnly: true, include: ["test/*.test.js"] } }] } }'],
])("with `%s` and the configuration %s, a focused test does not hide the others", async (command, config) => {
  const repository = await makeVitestRepository(
    {
      "vitest.config.js": `export default ${config};\n`,
      "test/only.test.js":
        'import { expect, test } from "vitest";\ntest.only("focused", () => {});\ntest("hidden", () => expect(1).toBe(2));\n',
    },
    { ...one, command },
  );
  const { code } = await runIn(repository.root, []);
  expect(code).toBe(1);
});

test.each([
  ["vitest run", '{ test: { reporters: ["default", "junit"], outputFile: "own.xml" } }', []],
  ["vitest run", '{ test: { reporters: [["junit", { outputFile: "own.xml" }]] } }', []],
  ["vitest run --reporter=junit --outputFile=own.xml", "{}", ["own.xml"]],
])(
  "with `%s` and the configuration %s, the results are read, and a file that the command names is written",
  async (command, config, own) => {
    const { root } = await makeVitestRepository(
      { "vitest.config.js": `export default ${config};\n`, ".gitignore": "node_modules/\nown.xml\n" },
      { ...one, command },
    );
    const { code } = await runIn(root, []);
    expect(code).toBe(0);
    expect((await readSummary(root)).suites[0]?.tests).toMatchObject({ total: 1, passed: 1 });
    expect((await readdir(root)).filter((name) => name === "own.xml")).toEqual(own);
  },
);
