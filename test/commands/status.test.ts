import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { defaultOptions } from "../../src/config/request.ts";
import { openRepository } from "../../src/git/repository.ts";
import { readRevision } from "../../src/push/refs.ts";
import { version } from "../../src/shared/version.ts";
import type { Environment } from "../../src/shared/world.ts";
import { makePlan } from "../../src/suite/plan/plan.ts";
import { readReceiptKey } from "../../src/trust/receipt-key.ts";
import { prove } from "../push/support.ts";
import { type Files, makeRepository, type Repository } from "../support/repository.ts";
import { tinyFiles } from "../support/tiny-suite.ts";
import { makePytestRepository, runIn, useHook, userEnvironment } from "../support/verify.ts";
import { captureWorld } from "../support/world.ts";

const files = { "a.txt": "one\n" };
const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();

test("what is not verified yet is not proven, and the way to a proof is named", async () => {
  const { root, git } = await makeRepository(files);
  const commit = (await git("rev-parse", "HEAD")).slice(0, 7);
  const tree = (await git("rev-parse", "HEAD^{tree}")).slice(0, 7);
  expect(await runIn(root, ["status"])).toEqual({
    code: 0,
    output: `main at ${commit} (tree ${tree}) is not verified: \`npx verify\` or a push verifies it.\n\nA push from here is not verified: nothing runs pushproof before a push. Run \`npx verify init\`: it puts the hook in, or says how.\n`,
    errors: "",
  });
});

test("where git runs the hook, no word is lost on it", async () => {
  const repository = await makeRepository(files);
  await useHook(repository);
  expect((await runIn(repository.root, ["status"])).output).not.toContain("A push from here");
});

test("what is proven is told with its figures, its time and its conditions", async () => {
  const repository = await makeRepository(files);
  await prove(repository, "HEAD");
  const { output } = await runIn(repository.root, ["status"]);
  expect(output).toMatch(
    /^main at \w{7} \(tree \w{7}\) is verified: .*804.*, 96\.63\d* % of lines covered, in 12\.3 s, on /,
  );
  expect(output).toContain(`On linux x64, node 20.20.2, with pushproof ${version}.\n`);
});

test("without coverage in the receipt, none is told", async () => {
  const repository = await makeRepository(files);
  await prove(repository, "HEAD", { summary: { coverage: null } });
  expect((await runIn(repository.root, ["status"])).output).not.toContain("of lines covered");
});

test.each([
  ["it is more than 30 days old", { at: daysAgo(31) }],
  [`pushproof was 0.0.1, now ${version}`, { version: "0.0.1" }],
])("where %s, it was verified and is no longer", async (why, receipt) => {
  const repository = await makeRepository(files);
  await prove(repository, "HEAD", { receipt });
  const { output } = await runIn(repository.root, ["status"]);
  expect(output).toContain(` was verified, but ${why}: the next push runs again.\nIt was: `);
  expect(output).not.toContain("is verified");
});

test("other trees are listed, newest first, the last five", async () => {
  const repository = await makeRepository(files);
  for (let age = 7; age >= 1; age--) {
    await repository.write({ "a.txt": `${age}\n` });
    await repository.commit(`Change ${age}`);
    await prove(repository, "HEAD", {
      receipt: { at: daysAgo(age) },
      summary: { branch: age === 2 ? null : `b${age}` },
    });
  }
  await repository.commit("The same files again");
  await repository.write({ "a.txt": "now\n" });
  const commit = await repository.commit("Now");
  const { output } = await runIn(repository.root, ["status"]);
  expect(output).toContain(`main at ${commit.slice(0, 7)}`);
  const second = (await repository.git("rev-parse", "HEAD~2~")).slice(0, 7);
  const names = output
    .split("\n")
    .filter((line) => line.startsWith("  "))
    .map((line) => line.trim().split(/ at |:/)[0]);
  expect(names).toEqual(["b1", second, "b3", "b4", "b5"]);
});

test("a commit without a branch is named by its id", async () => {
  const repository = await makeRepository(files);
  await repository.git("checkout", "--quiet", "--detach");
  const commit = (await repository.git("rev-parse", "HEAD")).slice(0, 7);
  expect((await runIn(repository.root, ["status"])).output).toMatch(new RegExp(`^${commit} \\(tree`));
});

test("in a linked worktree the same receipts count", async () => {
  const repository = await makeRepository(files);
  await prove(repository, "HEAD");
  const linked = join(repository.root, "../linked");
  await repository.git("worktree", "add", "--quiet", "-b", "topic", linked);
  expect((await runIn(linked, ["status"])).output).toMatch(/^topic at .* is verified: /);
});

test("a repository without a commit has nothing to prove", async () => {
  const repository = await makeRepository(files);
  await repository.git("checkout", "--quiet", "--orphan", "empty");
  const { code, errors } = await runIn(repository.root, ["status"]);
  expect(code).toBe(2);
  expect(errors).toContain("there is no commit yet");
});

test("a real verification is shown, and one with a lowered gate is not", async () => {
  const { root } = await makeRepository(tinyFiles());
  await runIn(root, ["--coverage", "10", "--serial"]);
  expect((await runIn(root, ["status"])).output).toContain("is not verified");
  await runIn(root, ["--serial"]);
  expect((await runIn(root, ["status"])).output).toContain("is verified: ");
});

/** A repository with a configuration, and a receipt that stands for it as it is now. */
async function makeProven(): Promise<{ repository: Repository; environment: Environment }> {
  const repository = await makePytestRepository();
  const environment = await userEnvironment();
  const { world } = captureWorld({ directory: repository.root, environment });
  const opened = await openRepository(world);
  const target = await readRevision(opened, environment, "HEAD");
  const loaded = await loadConfig(repository.root);
  if (loaded === null) throw new Error("The repository has no configuration.");
  const plan = makePlan(loaded.config, defaultOptions, repository.root);
  const receipt = await readReceiptKey({
    config: loaded.config,
    plan,
    target,
    checkout: opened,
    world,
    options: defaultOptions,
    base: { mergeBase: Promise.resolve("none"), baseFigure: Promise.resolve(null) },
  });
  await prove(repository, "HEAD", { receipt });
  return { repository, environment };
}

test("what was verified with another Python is told from what is", async () => {
  const { repository, environment } = await makeProven();
  expect((await runIn(repository.root, ["status"], { environment })).output).toContain("is verified: ");
  const bin = join(repository.root, "../bin");
  await mkdir(bin);
  await writeFile(join(bin, "python3"), "#!/bin/sh\necho Python 3.99.1\n", { mode: 0o755 });
  const { output } = await runIn(repository.root, ["status"], {
    environment: { ...environment, PATH: `${bin}:${environment.PATH}` },
  });
  expect(output).toMatch(/ was verified, but it ran on .*, this is .*, python 3\.99\.1: the next push runs again\.\n/);
});

test("what was verified against another configuration is told from what is", async () => {
  const { repository, environment } = await makeProven();
  await prove(repository, "HEAD", { receipt: { configuration: "another" } });
  const { output } = await runIn(repository.root, ["status"], { environment });
  expect(output).toContain(" was verified, but the configuration has changed");
});

test.each<[string, Files]>([
  ["changed since", { "verify.config.json": '{ "suites": [{ "name": "x", "runner": "pytest", "command": "x" }] }' }],
  ["broken since", { "verify.config.json": "{" }],
  ["taken away since", { "verify.config.json": null }],
])("a configuration that was %s says nothing about HEAD", async (_how, changed) => {
  const { repository, environment } = await makeProven();
  await repository.write(changed);
  expect((await runIn(repository.root, ["status"], { environment })).output).toContain("is verified: ");
});

test("a file that changed since does not keep HEAD's configuration from being compared", async () => {
  const { repository, environment } = await makeProven();
  await prove(repository, "HEAD", { receipt: { configuration: "another" } });
  await repository.write({ "src/sums.py": "# changed\n" });
  const { output } = await runIn(repository.root, ["status"], { environment });
  expect(output).toContain("the configuration has changed");
});
