import { expect, test } from "vitest";
import { builtProgram } from "../support/exec.ts";
import { runShell } from "../support/run.ts";
import { makeTinyRepository, pusherEnvironment, tinyConfig, tinySuite } from "../support/tiny-suite.ts";

/** Runs the program in a repository with the tiny suite in which something was broken. */
async function runAfter(breaking: string, limit = ""): Promise<{ exitCode: number | null; output: string }> {
  const repository = await makeTinyRepository();
  const environment = pusherEnvironment(repository);
  await runShell(breaking, repository.root, environment);
  return await runShell(`${limit} ${builtProgram} --fresh`, repository.root, environment);
}

test.each([20, 40])("with %d file handles, exit code 3 and a sentence, no stack", async (handles) => {
  const { exitCode, output } = await runAfter(":", `ulimit -n ${handles};`);
  expect(output).toMatch(/^Too many files are open, so nothing could be verified: `ulimit -n` says how many may be\./m);
  expect(output).not.toMatch(/^ +at |bug in pushproof/m);
  expect(exitCode).toBe(3);
});

const removeObject = (name: string): string =>
  `id=$(git rev-parse ${name}); rm -f .git/objects/$(echo $id | cut -c1-2)/$(echo $id | cut -c3-)`;

test.each([
  [
    "a damaged index",
    "echo nonsense >.git/index",
    /^Git failed, so nothing was verified: fatal: \.git\/index: index file/m,
  ],
  ["a damaged configuration", "echo '[[' >.git/config", /^Git cannot read the repository in \S+: bad config line 1/m],
  ["a damaged HEAD", "echo nonsense >.git/HEAD", /^Git cannot read the repository in /m],
  [
    "a missing commit",
    removeObject("HEAD"),
    /^Git cannot read "HEAD": the commit \w{7} or its files are missing or damaged\./m,
  ],
  [
    "a missing tree",
    removeObject("HEAD^{tree}"),
    /^Git cannot read "HEAD": the commit \w{7} or its files are missing/m,
  ],
])("what git cannot do is told in its words, without ours: %s", async (_what, breaking, sentence) => {
  const { exitCode, output } = await runAfter(breaking);
  expect(output.replaceAll("\n", " ")).toMatch(new RegExp(sentence.source.slice(1)));
  expect(output).not.toMatch(/^ +at |bug in pushproof/m);
  expect(exitCode).toBe(3);
});

test("directories where receipts and the lock belong stop no verification", async () => {
  const { exitCode, output } = await runAfter(
    "tree=$(git rev-parse HEAD^{tree}); mkdir -p .git/verify/running/$tree .git/verify/receipts/$tree.json .git/verify/signed/$tree",
  );
  expect(output).toContain("✔ Verified");
  expect(output).toContain("No receipt could be kept");
  expect(exitCode).toBe(0);
});

test("a duration that is none counts as none", async () => {
  const repository = await makeTinyRepository({
    ...tinyConfig({ suites: [tinySuite] }),
    "report.xml": '<testsuite><testcase name="a" time="1e400"/><testcase name="b" time="-5"/></testsuite>\n',
  });
  const { output } = await runShell(builtProgram, repository.root, pusherEnvironment(repository));
  expect(output).toMatch(/2 passed/);
  expect(output).not.toMatch(/Infinity|NaN/);
});

test.each([{ GITHUB_ACTIONS: "true" }, { TF_BUILD: "True" }])(
  "a CI service obeys nothing that a test is called, or prints: %o",
  async (service) => {
    const evil = [
      "::set-output name=a::b",
      "##[add-mask]c",
      "##vso[task.setvariable variable=d]e",
      "::stop-commands::f",
    ];
    const failures = evil.map(
      (text) => `<testcase name="${text}" time="0.01"><failure message="${text}">${text}\n${text}</failure></testcase>`,
    );
    const repository = await makeTinyRepository({
      "report.xml": `<testsuite>${failures.join("")}</testsuite>\n`,
      "suite.sh": `printf '%s\\n' ${evil.map((text) => `'${text}'`).join(" ")}\nmkdir -p out; cp report.xml out/report.xml; exit 1\n`,
    });
    const environment = { ...pusherEnvironment(repository), CI: "true", ...service };
    for (const words of ["", "--json"]) {
      const { output, exitCode } = await runShell(`${builtProgram} ${words}`, repository.root, environment);
      expect(exitCode).toBe(1);
      // Our own annotations aside, whose text is escaped.
      const lines = output.split("\n").filter((line) => !/^::(error|warning) /.test(line));
      for (const line of lines) {
        expect(line.trimStart()).not.toMatch(/^::/);
        expect(line).not.toMatch(/##\w*\[/);
      }
    }
  },
);
