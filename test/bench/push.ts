/**
 * What a push costs that is already proven: our hook's answer, beside `node -e 0` and beside the hooks that husky, lefthook and
 * pre-commit run when there is nothing to do. Processor time, as git calls the hook.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "../../src/shared/median.ts";
import { packageRoot } from "../../src/shared/paths.ts";
import { npmPackage, preCommit } from "../support/hook-managers.ts";
import { gitEnvironment, writeFiles } from "../support/repository.ts";
import { linkProgram, tinyFiles } from "../support/tiny-suite.ts";
import { processorTime, takeTurns } from "./processor-time.ts";

/** How often each hook is called. */
const rounds = 30;
/** What our answer may take, of `node -e 0`. */
const limit = 1 / 3;

const workspace = mkdtempSync(join(tmpdir(), "pushproof-bench-"));
const environment = { ...process.env, ...gitEnvironment(), HUSKY: undefined, CI: undefined };

function run(directory: string, program: string, ...words: string[]): string {
  return execFileSync(program, words, { cwd: directory, env: environment, encoding: "utf8", stdio: "pipe" }).trim();
}

/** A repository with a remote and one commit, in which a hook is put by `install`; gives how to call the hook. */
async function prepare(name: string, install: (root: string) => Promise<string> | string): Promise<() => number> {
  const [root, remote] = [join(workspace, name), join(workspace, `${name}.git`)];
  mkdirSync(root);
  run(workspace, "git", "init", "--quiet", "--bare", remote);
  run(root, "git", "init", "--quiet", "--initial-branch=main");
  run(root, "git", "remote", "add", "origin", remote);
  await writeFiles(root, tinyFiles({ receipts: { push: name === "signed" } }));
  run(root, "git", "add", "--all");
  run(root, "git", "commit", "--quiet", "--message", "Begin");
  const hook = await install(root);
  const commit = run(root, "git", "rev-parse", "HEAD");
  const input = `refs/heads/main ${commit} refs/heads/main ${"0".repeat(40)}\n`;
  const answer = execFileSync(hook, ["origin", remote], { cwd: root, env: environment, input, encoding: "utf8" });
  if (hook === ours && !answer.includes("already verified"))
    throw new Error(`Our hook did not know the tree: ${answer}`);
  return () => processorTime([hook, "origin", remote], root, { input, environment });
}

const ours = join(packageRoot, "hooks", "pre-push");
const main = join(packageRoot, "dist", "main.js");

/** Verifies the one commit, so that the hook knows it. */
async function prove(root: string): Promise<string> {
  await linkProgram(root);
  run(root, process.execPath, main);
  return ours;
}

/** The same with a signed receipt that the remote has. */
async function proveSigned(root: string): Promise<string> {
  run(workspace, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(workspace, "key"));
  run(root, "git", "config", "gpg.format", "ssh");
  run(root, "git", "config", "user.signingKey", join(workspace, "key"));
  await prove(root);
  run(root, process.execPath, main, "receipts", "push");
  return ours;
}

function husky(root: string): string {
  writeFileSync(join(root, "package.json"), "{}\n");
  mkdirSync(join(root, ".husky"));
  writeFileSync(join(root, ".husky/pre-push"), ":\n");
  run(root, process.execPath, join(packageRoot, "node_modules/husky/bin.js"));
  return join(root, ".husky/_/pre-push");
}

async function lefthook(root: string): Promise<string> {
  const modules = await npmPackage("lefthook@2.2.2");
  mkdirSync(join(root, "node_modules/.bin"), { recursive: true });
  symlinkSync(join(modules, ".bin/lefthook"), join(root, "node_modules/.bin/lefthook"));
  writeFileSync(join(root, "lefthook.yml"), 'pre-push:\n  jobs:\n    - run: "true"\n');
  run(root, join(modules, ".bin/lefthook"), "install");
  return join(root, ".git/hooks/pre-push");
}

async function preCommitHook(root: string): Promise<string> {
  writeFileSync(join(root, ".pre-commit-config.yaml"), "repos: []\n");
  run(root, await preCommit(), "install", "--hook-type", "pre-push");
  return join(root, ".git/hooks/pre-push");
}

try {
  const hooks = {
    pushproof: await prepare("proven", prove),
    "pushproof, its receipt signed and sent": await prepare("signed", proveSigned),
    "husky, with nothing to do": await prepare("husky", husky),
    "lefthook, with nothing to do": await prepare("lefthook", lefthook),
    "pre-commit, with nothing to do": await prepare("pre-commit", preCommitHook),
  };
  const costs = takeTurns(rounds, {
    "node -e 0": () => processorTime([process.execPath, "-e", "0"], workspace),
    ...hooks,
  });
  const least = median(costs["node -e 0"] ?? []);
  console.log(`Processor time of a pre-push hook, median of ${rounds}, with all that it starts:`);
  for (const [name, all] of Object.entries(costs))
    console.log(`  ${name.padEnd(40)} ${median(all).toFixed(1).padStart(6)} ms  ${(median(all) / least).toFixed(2)}×`);
  const share =
    Math.max(
      ...Object.entries(costs)
        .filter(([name]) => name.startsWith("pushproof"))
        .map(([, all]) => median(all)),
    ) / least;
  if (share > limit) throw new Error(`The answer takes ${share.toFixed(2)} of node's start, more than a third.`);
} finally {
  rmSync(workspace, { recursive: true, force: true });
}
