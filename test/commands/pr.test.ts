import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Summary } from "../../src/model/summary.ts";
import { prove } from "../push/support.ts";
import { sampleSummary } from "../report/sample.ts";
import { makeRepository, type Repository } from "../support/repository.ts";
import { configFile, endsWith, runIn } from "../support/verify.ts";

const config = configFile({ suites: [{ name: "backend", runner: "pytest", command: "pytest" }] });
const files = { "a.txt": "one\n", ".gitignore": ".verify\n", "verify.config.json": config };

/** A repository with a commit on `topic`, one ahead of `main`. */
async function makeTopic(): Promise<Repository> {
  const repository = await makeRepository(files);
  await repository.git("checkout", "--quiet", "-b", "topic");
  await repository.write({ "b.txt": "two\n" });
  await repository.commit("Add the second file");
  return repository;
}

/** Leaves the summary of a run of HEAD, as a verification does. */
async function report(repository: Repository, changed: Partial<Summary> = {}): Promise<void> {
  const commit = await repository.git("rev-parse", "HEAD");
  const tree = await repository.git("rev-parse", "HEAD^{tree}");
  const summary = sampleSummary({ commit, tree, branch: "topic", ...changed });
  await repository.write({ ".verify/summary.json": JSON.stringify(summary) });
}

test("what was never verified has no body, and the way to one is named", async () => {
  const repository = await makeTopic();
  const commit = (await repository.git("rev-parse", "HEAD")).slice(0, 7);
  expect(await runIn(repository.root, ["pr"])).toEqual({
    code: 2,
    output: "",
    errors: `${commit} has not been verified: run \`npx verify\` first, or push it.\n`,
  });
});

test("the body is that of HEAD's last run", async () => {
  const repository = await makeTopic();
  await report(repository);
  const { code, output, errors } = await runIn(repository.root, ["pr"]);
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  expect(output).toContain("Keep a running balance");
  expect(output).toContain("96.6");
});

test("the template that HEAD holds stands above ours, whatever lies in the working tree", async () => {
  const repository = await makeTopic();
  await repository.write({ ".github/pull_request_template.md": "## What\n\n- [ ] tested\n" });
  await repository.commit("Ask for more");
  await repository.write({ ".github/pull_request_template.md": "Nothing.\n" });
  await report(repository);
  const { output } = await runIn(repository.root, ["pr"]);
  expect(output).toMatch(/^# [^\n]+\n\n## What\n\n- \[ \] tested\n\n<!-- pushproof:begin branch=topic /);
});

test("a run that failed gives a body that says so", async () => {
  const repository = await makeTopic();
  await report(repository, { verdict: "failed", reasons: ["3 of 806 tests failed."], receipt: null });
  expect((await runIn(repository.root, ["pr"])).output).toContain("3 of 806 tests failed.");
});

test.each<[string, Partial<Summary> | string]>([
  ["of another commit", { commit: "f".repeat(40) }],
  ["of the working tree", { verifiedIn: "working tree" }],
  ["of another schema", { schema: 2 } as never],
  ["that is damaged", "{"],
])("a summary %s is not HEAD's", async (_what, changed) => {
  const repository = await makeTopic();
  if (typeof changed === "string") await repository.write({ ".verify/summary.json": changed });
  else await report(repository, changed);
  expect((await runIn(repository.root, ["pr"])).errors).toContain("has not been verified");
});

test("after another commit was verified, HEAD's receipt gives the body", async () => {
  const repository = await makeTopic();
  await prove(repository, "HEAD", { summary: { branch: "elsewhere", changes: sampleSummary().changes } });
  await report(repository, { commit: "f".repeat(40) });
  const { code, output } = await runIn(repository.root, ["pr"]);
  expect(code).toBe(0);
  expect(output).toContain("Keep a running balance");
  expect(output).toMatch(/^# Topic\n/);
});

test("a receipt of another commit with the same files does not lend its commits", async () => {
  const repository = await makeTopic();
  await prove(repository, "HEAD", { summary: { changes: sampleSummary().changes } });
  await repository.git("commit", "--quiet", "--amend", "--message", "Add the second file, in other words");
  const commit = (await repository.git("rev-parse", "HEAD")).slice(0, 10);
  const { output } = await runIn(repository.root, ["pr"]);
  expect(output).toContain("Add the second file, in other words");
  expect(output).toContain(`npx verify ${commit} --fresh`);
  expect(output).not.toContain("Keep a running balance");
});

test("a receipt that is too old gives no body", async () => {
  const repository = await makeTopic();
  await prove(repository, "HEAD", { receipt: { at: new Date(Date.now() - 31 * 86_400_000).toISOString() } });
  expect((await runIn(repository.root, ["pr"])).errors).toContain("has not been verified");
});

test("--base compares with that branch", async () => {
  const repository = await makeTopic();
  await report(repository);
  const { code, output } = await runIn(repository.root, ["pr", "--base", "main"]);
  expect(code).toBe(0);
  expect(output).toContain("Add the second file");
  expect(output).toContain("b.txt");
  expect(output).not.toContain("Keep a running balance");
});

test("--base with another branch says nothing of which of its changed lines are covered, as nobody measured that", async () => {
  const repository = await makeTopic();
  const coverage = { ...(sampleSummary().coverage as NonNullable<Summary["coverage"]>), uncoveredChanges: [] };
  await report(repository, { coverage: { ...coverage, changedLines: { covered: 1, total: 2 } } });
  const notLookedFor = /^\| Risks not looked for \|.*changed lines that no test runs/m;
  const whole = await runIn(repository.root, ["pr"]);
  expect(whole.output).toContain("1 of 2 changed lines covered");
  expect(whole.output).not.toMatch(notLookedFor);
  const { output } = await runIn(repository.root, ["pr", "--base", "main"]);
  expect(output).toContain("96.63 %");
  expect(output).not.toContain("1 of 2");
  expect(output).toMatch(notLookedFor);
});

test("--base with a branch that is not there is refused by name", async () => {
  const repository = await makeTopic();
  await report(repository);
  const commit = (await repository.git("rev-parse", "HEAD")).slice(0, 7);
  expect(await runIn(repository.root, ["pr", "--base", "mian"])).toEqual({
    code: 2,
    output: "",
    errors: `There is no branch "mian" here or on a remote to compare ${commit} with.\n`,
  });
});

test("--base with a branch that holds HEAD already is told from one that is not there", async () => {
  const repository = await makeTopic();
  await report(repository);
  const { code, errors } = await runIn(repository.root, ["pr", "--base", "topic"]);
  expect(code).toBe(2);
  expect(errors).toContain('There is nothing between "topic" and');
});

test("the body is found from a subdirectory and from nowhere else", async () => {
  const repository = await makeTopic();
  await report(repository);
  await repository.write({ "src/c.txt": "" });
  await endsWith(0, runIn(join(repository.root, "src"), ["pr"]));
  await endsWith(2, runIn(join(repository.root, ".."), ["pr"]));
});

test.each(["--draft", "--web", "--force"])("%s without --create is a mistake", async (option) => {
  const repository = await makeTopic();
  await report(repository);
  expect(await runIn(repository.root, ["pr", option])).toEqual({
    code: 2,
    output: "",
    errors: `${option} is for a pull request that is opened: add --create.\n`,
  });
});

test("--create of what was never verified names the way to it", async () => {
  const repository = await makeTopic();
  await repository.git("config", "pushproof.host", "github");
  const { code, errors } = await runIn(repository.root, ["pr", "--create", "--draft"]);
  expect(code).toBe(2);
  expect(errors).toContain("has not been verified: run `npx verify` first");
});

test.each<[Summary["verdict"], string]>([
  ["failed", "not verified"],
  ["error", "could not be verified"],
  ["interrupted", "interrupted"],
])("--create of a run that ended as %s opens nothing but a draft", async (verdict, words) => {
  const repository = await makeTopic();
  await repository.git("config", "pushproof.host", "github");
  await report(repository, { verdict, reasons: ["It did not go well."], receipt: null });
  const commit = (await repository.git("rev-parse", "HEAD")).slice(0, 7);
  expect(await runIn(repository.root, ["pr", "--create"])).toEqual({
    code: 1,
    output: "",
    errors: `${commit}: ${words}, so no pull request is opened; --draft opens one that says so.\n`,
  });
  // With --draft it comes as far as asking for the branch.
  expect((await runIn(repository.root, ["pr", "--create", "--draft"])).errors).toContain("is not on origin yet");
});

test("--create on the base branch of the configuration is refused, and --base names another", async () => {
  const repository = await makeTopic();
  await repository.write({ "verify.config.json": configFile({ ...JSON.parse(config), base: "topic" }) });
  await report(repository);
  await repository.git("config", "pushproof.host", "github");
  expect((await runIn(repository.root, ["pr", "--create"])).errors).toContain("topic is the base branch itself");
  expect((await runIn(repository.root, ["pr", "--create", "--base", "main"])).errors).toContain("is not on origin yet");
});

test("--create on the base branch is refused before anything is asked to be verified", async () => {
  const repository = await makeTopic();
  await repository.git("checkout", "--quiet", "main");
  expect(await runIn(repository.root, ["pr", "--create"])).toEqual({
    code: 2,
    output: "",
    errors:
      "main is the base branch itself: commit on another branch (`git switch -c NAME`), or name another base with --base.\n",
  });
});

test("--create keeps what the author wrote into the body's own file, its title too", async () => {
  const repository = await makeTopic();
  await repository.git("config", "pushproof.host", "github");
  await report(repository);
  await repository.write({ ".verify/pull-request.md": "# My title\n\nMy words.\n" });
  await repository.git("push", "--quiet", "origin", "topic");
  const gh = await runIn(repository.root, ["pr", "--create"], {
    environment: { ...repository.environment, PATH: "/usr/bin:/bin" },
  });
  const body = await readFile(join(repository.root, ".verify", "pull-request.md"), "utf8");
  expect(body).toMatch(/^# My title\n\nMy words\.\n\n<!-- pushproof:begin /);
  expect(gh.output).toContain("--title 'My title'");
  expect(await readFile(join(repository.root, ".verify", "pull-request-body.md"), "utf8")).toMatch(/^My words\.\n/);
  expect(await readFile(join(repository.root, ".verify", ".gitignore"), "utf8")).toBe("*\n");
  expect(gh.code).toBe(3);
});
