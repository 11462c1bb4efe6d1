import { chmod, readFile, utimes } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Files, makeRepository, type Repository } from "../../support/repository.ts";
import { configFile, endsWith, readSummary, runIn } from "../../support/verify.ts";

const passing =
  '<testsuites><testsuite><testcase classname="sums" name="adds" file="test/sums.js" time="0.5"/></testsuite></testsuites>';
const failing =
  '<testsuite><testcase classname="sums" name="divides"><failure message="Failed">expected 2, got 3</failure></testcase></testsuite>';
const covered = "SF:src/sums.js\nDA:1,1\nend_of_record\n";

/** A repository whose suite is a shell command. */
function makeCommandRepository(command: string, suite: object = {}, files: Files = {}): Promise<Repository> {
  return makeRepository({
    ".gitignore": "out/\n",
    "src/sums.js": "export const add = (left, right) => left + right;\n",
    "passing.xml": passing,
    "failing.xml": failing,
    "covered.info": covered,
    "verify.config.json": configFile({
      suites: [
        { name: "sums", runner: "command", command, results: ["out/*.xml"], coverage: ["out/*.info"], ...suite },
      ],
      database: false,
    }),
    ...files,
  });
}

const writing = "mkdir -p out && cat passing.xml > out/results.xml && cat covered.info > out/lcov.info";

/** Files that an earlier run has left, an hour ago. */
async function leave({ root, write }: Repository, files: Files): Promise<void> {
  await write(files);
  const then = Date.now() / 1000 - 3600;
  for (const file of Object.keys(files)) await utimes(join(root, file), then, then);
}

test("a command that writes JUnit and LCOV where the configuration says is verified", async () => {
  const { root } = await makeCommandRepository(writing);
  const { code, errors } = await runIn(root, []);
  expect(errors).toBe("");
  expect(code).toBe(0);
  const { suites, coverage } = await readSummary(root);
  expect(suites[0]).toMatchObject({
    runner: "command",
    workers: 1,
    files: 1,
    workSeconds: 0.5,
    tests: { total: 1, passed: 1 },
  });
  expect(coverage?.files).toEqual([{ file: "src/sums.js", covered: 1, total: 1 }]);
});

test("several files of each kind are put together, names relative to the suite's root", async () => {
  const files = {
    "web/src/more.js": "export const more = 1;\nexport const most = 2;\n",
    "web/one.info": "SF:src/more.js\nDA:1,1\nDA:2,0\nend_of_record\n",
    "web/two.info": "SF:src/more.js\nDA:1,0\nDA:2,1\nend_of_record\n",
    "web/passing.xml": passing,
  };
  const command = "mkdir -p out/deep; for n in 1 2; do cat passing.xml > out/deep/$n.xml; done; cp *.info out/";
  const { root } = await makeCommandRepository(command, { root: "web", results: ["out/**/*.xml"] }, files);
  const { code } = await runIn(root, []);
  expect(code).toBe(0);
  const { suites, coverage } = await readSummary(root);
  expect(suites[0]?.tests.total).toBe(2);
  expect(coverage?.files).toEqual([{ file: "web/src/more.js", covered: 2, total: 2 }]);
});

test("a test that failed is not verified, whatever the command exits with", async () => {
  const { root } = await makeCommandRepository(`${writing}; cat failing.xml > out/more.xml`);
  const { code } = await runIn(root, []);
  expect(code).toBe(1);
  const { suites, reasons } = await readSummary(root);
  expect(reasons).toEqual(["1 of 2 tests failed in sums."]);
  expect(suites[0]?.failures).toMatchObject([{ file: "sums", name: "divides", message: "Failed\nexpected 2, got 3" }]);
});

test.each<[string, string, string]>([
  [
    "a command that fails though no test did",
    `${writing}; echo out of luck; exit 3`,
    "exited with 3 although no test failed. Last output: out of luck",
  ],
  ["a command that is killed", `${writing}; kill -9 $$`, "did not finish although no test failed"],
  [
    "a command that writes no results",
    "mkdir -p out; cp covered.info out/; echo nothing to do",
    "sums wrote no results that match out/*.xml: `mkdir -p out; cp covered.info out/; echo nothing to do` exited with 0. Last output: nothing to do",
  ],
  ["a command that is not there", "no-such-runner", "`no-such-runner` exited with 127. Last output: /bin/sh"],
  [
    "results that were cut off",
    `${writing}; head -c 40 passing.xml > out/results.xml`,
    "sums wrote results that cannot be read: out/results.xml: ",
  ],
  [
    "results of which one file is empty",
    `${writing}; : > out/more.xml`,
    "sums wrote results that cannot be read: out/more.xml: the file is empty.",
  ],
  [
    "results that count a failure and list none",
    `${writing}; echo '<testsuite name="more" failures="1"><testcase name="a"/></testsuite>' > out/more.xml`,
    'The results of sums in out/more.xml contradict themselves: the test suite "more" counts 1 failure, but lists none.',
  ],
  ["results without a test", `${writing}; echo '<testsuites/>' > out/results.xml`, "collected no tests"],
  ["no coverage", "mkdir -p out; cp passing.xml out/", "sums wrote no coverage that match out/*.info"],
])("%s is not verified, and told so", async (_what, command, sentence) => {
  const { root } = await makeCommandRepository(command);
  const { code } = await runIn(root, []);
  expect(code).toBe(1);
  expect((await readSummary(root)).reasons.join("\n")).toContain(sentence);
});

test("of several globs each must be written to", async () => {
  const { root } = await makeCommandRepository(writing, { results: ["out/results.xml", "out/second.xml"] });
  await endsWith(1, runIn(root, []));
  expect((await readSummary(root)).reasons).toHaveLength(1);
  expect((await readSummary(root)).reasons[0]).toContain("sums wrote no results that match out/second.xml");
});

test("without globs of coverage the gate says that there is no data", async () => {
  const { root } = await makeCommandRepository(writing, { coverage: [] });
  await endsWith(1, runIn(root, []));
  expect((await readSummary(root)).reasons.join()).toContain("There is no coverage data from sums");
});

test("results that were there before and were not rewritten do not count", async () => {
  const repository = await makeCommandRepository("true");
  await leave(repository, { "out/results.xml": passing, "out/lcov.info": covered });
  await endsWith(1, runIn(repository.root, []));
  expect((await readSummary(repository.root)).reasons.join()).toContain(
    "What was there before the run does not count: out/results.xml.",
  );
});

test("results that were written just before the run do not count either", async () => {
  const repository = await makeCommandRepository("true");
  await repository.write({ "out/results.xml": passing, "out/lcov.info": covered });
  await endsWith(1, runIn(repository.root, []));
  expect((await readSummary(repository.root)).reasons.join()).toContain("sums wrote no results");
});

test("results of an earlier run that the command moves into place do not count", async () => {
  const repository = await makeCommandRepository("mv out/earlier out/results.xml; cp covered.info out/");
  await leave(repository, { "out/earlier": passing });
  await endsWith(1, runIn(repository.root, []));
  expect((await readSummary(repository.root)).reasons.join()).toContain("sums wrote no results");
});

test("a failure that an earlier run has left beside fresh results is not this run's", async () => {
  const repository = await makeCommandRepository(writing);
  await leave(repository, { "out/earlier.xml": failing, "out/results.xml": failing });
  await endsWith(0, runIn(repository.root, []));
  expect((await readSummary(repository.root)).suites[0]?.tests).toMatchObject({ total: 1, passed: 1 });
});

test("results of packages are found only by who names node_modules", async () => {
  const command = "mkdir -p node_modules/a && cp passing.xml node_modules/a/ && mkdir -p out && cp covered.info out/";
  const ignored = { ".gitignore": "out/\nnode_modules/\n" };
  const wide = await makeCommandRepository(command, { results: ["**/a/*.xml"] }, ignored);
  await endsWith(1, runIn(wide.root, []));
  const exact = await makeCommandRepository(command, { results: ["node_modules/**/*.xml"] }, ignored);
  await endsWith(0, runIn(exact.root, []));
});

test("what stands behind -- goes to the command", async () => {
  const { root } = await makeCommandRepository(`${writing}; printf '%s|' > out/words`);
  await runIn(root, ["--", "a b", "$HOME"]);
  expect(await readFile(join(root, "out/words"), "utf8")).toBe("a b|$HOME|");
});

test("a suite without a database offers none to verify exec", async () => {
  const { root } = await makeCommandRepository(
    `${writing}; verify exec -- touch out/started; test $? = 2 -a ! -e out/started`,
  );
  await endsWith(0, runIn(root, []));
});

test("the program is found by both of its names, after the project's own", async () => {
  const own = {
    "node_modules/.bin/pushproof": "#!/bin/sh\necho own > out/own\n",
    ".gitignore": "out/\nnode_modules/\n",
  };
  const { root } = await makeCommandRepository(`${writing}; pushproof; verify --version && test -s out/own`, {}, own);
  await chmod(join(root, "node_modules/.bin/pushproof"), 0o755);
  await endsWith(0, runIn(root, []));
});
