import { chmod, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../src/shared/paths.ts";
import type { Repository } from "../support/repository.ts";
import { runShell } from "../support/run.ts";
import { makeTinyRepository, pusherEnvironment, pushTiny, red } from "../support/tiny-suite.ts";

/** A repository whose hook keeps git's lines for itself, as some hook managers do. */
async function makeSilent(): Promise<Repository> {
  const repository = await makeTinyRepository();
  const hook = join(repository.root, ".git/hooks/pre-push");
  const script = '#!/bin/sh\ncat >/dev/null\nsh node_modules/pushproof/hooks/pre-push "$@" </dev/null\n';
  await repository.write({ ".git/hooks/pre-push": script });
  await chmod(hook, 0o755);
  return repository;
}

/** A branch with a failing commit on top of what is checked out, which stays checked out. */
async function addFailingBranch(repository: Repository, name: string): Promise<string> {
  await repository.git("checkout", "--quiet", "-b", name);
  await repository.write(red);
  const commit = await repository.commit("Fails");
  await repository.git("checkout", "--quiet", "-");
  return commit;
}

describe("a hook that gets no lines", () => {
  test("verifies what the push brings: a failing commit is stopped", async () => {
    const repository = await makeSilent();
    await repository.write(red);
    await repository.commit("Fails");
    const { exitCode, first, output } = await pushTiny(repository);
    expect(exitCode).toBe(1);
    expect(first).toMatch(/^✔ Checkout: main at /);
    expect(output).toContain("✘ Not verified: main at ");
    expect(await repository.remoteCommit("refs/heads/main")).toBeNull();
  });

  test("lets through what passes, and after that says that nothing new is pushed", async () => {
    const repository = await makeSilent();
    await addFailingBranch(repository, "unfinished");
    expect(await pushTiny(repository)).toMatchObject({ exitCode: 0 });
    expect(await repository.remoteCommit("refs/heads/main")).toBe(await repository.git("rev-parse", "main"));
    const again = await pushTiny(repository);
    expect(again).toMatchObject({ exitCode: 0, first: "Nothing new is pushed: nothing to verify." });
  });

  test.each([
    ["another branch than the one that is checked out", "origin other"],
    ["the second of two branches", "origin main other"],
    ["all branches", "--all origin"],
    ["a revision without a name", "origin other~0:refs/heads/new"],
    ["what a quiet push brings", "--quiet origin other"],
    ["what is named behind a separator", "-- origin other"],
    ["what another option of the user's does not undo", "--no-dry-run --verify origin other"],
    ["by a URL", "../remote.git other"],
  ])("verifies %s", async (_what, words) => {
    const repository = await makeSilent();
    await addFailingBranch(repository, "other");
    const { exitCode, output } = await pushTiny(repository, words);
    expect(exitCode).toBe(1);
    expect(output).toContain("✘ Not verified: ");
    expect(await repository.git("ls-remote", repository.remote)).toBe("");
  });

  test.each([
    ["a revision without a name", "origin HEAD~1:refs/heads/new"],
    ["a tag", "origin old"],
    ["all tags", "--tags origin"],
  ])("verifies %s where the push cannot be repeated", async (_what, words) => {
    const repository = await makeSilent();
    await repository.write(red);
    await repository.commit("Fails");
    await repository.git("tag", "old");
    await repository.git("revert", "--no-edit", "HEAD");
    // The remote takes one connection: the push's own.
    const once = '#!/bin/sh\nmkdir "$1.taken" || exit 1\nexec git-receive-pack "$@"\n';
    await repository.write({ "../receive-once": once });
    await chmod(join(repository.root, "../receive-once"), 0o755);
    const program = join(repository.root, "../receive-once");
    const { exitCode, output } = await pushTiny(repository, `--receive-pack=${program} ${words}`);
    expect(output).toContain("The hook got no lines from git");
    expect(output).toContain("✘ Not verified: ");
    expect(exitCode).toBe(1);
    expect(await repository.git("ls-remote", repository.remote)).toBe("");
  });

  test("verifies what git would push with settings that stand before the command", async () => {
    const repository = await makeSilent();
    await addFailingBranch(repository, "other");
    const ran = await runShell(
      "git -c push.default=matching -c remote.origin.push=other push origin",
      repository.root,
      pusherEnvironment(repository),
    );
    expect(ran.exitCode).toBe(1);
    expect(await repository.remoteCommit("refs/heads/other")).toBeNull();
  });

  test("knows a deletion, beside which another branch that fails does not matter", async () => {
    const repository = await makeSilent();
    await pushTiny(repository, "origin main:old");
    await addFailingBranch(repository, "unfinished");
    expect(await pushTiny(repository, "origin :old")).toMatchObject({
      exitCode: 0,
      first: "old is deleted: nothing to verify.",
    });
    expect(await repository.remoteCommit("refs/heads/old")).toBeNull();
  });

  test("leaves what git rejects to git", async () => {
    const repository = await makeSilent();
    await repository.commit("Further");
    await pushTiny(repository);
    await repository.git("reset", "--quiet", "--hard", "HEAD~");
    await repository.write(red);
    await repository.commit("Another way");
    const { exitCode, first, output } = await pushTiny(repository);
    expect(exitCode).toBe(1);
    expect(first).toBe("Nothing new is pushed: nothing to verify.");
    expect(output).toContain("[rejected]");
  });

  test("is asked in a linked worktree for what is pushed from there", async () => {
    const repository = await makeSilent();
    const linked = join(repository.root, "../linked");
    await repository.git("worktree", "add", "--quiet", "-b", "topic", linked);
    await symlink(join(repository.root, "node_modules"), join(linked, "node_modules"));
    await repository.write({ "../linked/report.xml": red["report.xml"] ?? null });
    await repository.git("-C", linked, "commit", "--quiet", "--all", "--message", "Fails");
    const { exitCode, output } = await pushTiny(repository, "origin topic", { directory: linked });
    expect(exitCode).toBe(1);
    expect(output).toContain("✘ Not verified: topic at ");
    expect(await repository.remoteCommit("refs/heads/topic")).toBeNull();
  });

  test("verifies what the remote lacks where no push can be found above it", async () => {
    const repository = await makeTinyRepository();
    await repository.git("push", "--quiet", "origin", "main");
    await addFailingBranch(repository, "other");
    const hook = join(packageRoot, "hooks/pre-push");
    const byHand = `sh '${hook}' origin '${repository.remote}' </dev/null`;
    const { exitCode, output } = await runShell(byHand, repository.root, pusherEnvironment(repository));
    expect(output).toMatch(/^The hook got no lines from git, so it verifies HEAD, other \(/);
    expect(output).toContain("✘ Not verified: other at ");
    expect(exitCode).toBe(1);
  });

  test("does not take what a remote-tracking branch says for what the remote has", async () => {
    const repository = await makeTinyRepository();
    const commit = await addFailingBranch(repository, "other");
    await repository.git("update-ref", "refs/remotes/origin/other", commit);
    const hook = join(packageRoot, "hooks/pre-push");
    const byHand = `sh '${hook}' origin '${repository.remote}' </dev/null`;
    expect((await runShell(byHand, repository.root, pusherEnvironment(repository))).exitCode).toBe(1);
  });
});
