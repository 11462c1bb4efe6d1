import { expect, test } from "vitest";
import { builtProgram } from "../support/exec.ts";
import { runShell } from "../support/run.ts";
import { makeTinyRepository, pusherEnvironment, red } from "../support/tiny-suite.ts";
import { useHook } from "../support/verify.ts";

async function makeScene(): Promise<{
  repository: Awaited<ReturnType<typeof makeTinyRepository>>;
  push: (words: string) => ReturnType<typeof runShell>;
}> {
  const repository = await makeTinyRepository();
  await useHook(repository);
  const push = (words: string): ReturnType<typeof runShell> =>
    runShell(`${builtProgram} push ${words}`, repository.root, pusherEnvironment(repository));
  return { repository, push };
}

test("what is verified is what the arguments of git push would send, after `--` too, and it is sent", async () => {
  const { repository, push } = await makeScene();
  const first = await repository.git("rev-parse", "HEAD");
  await repository.write({ "src/a.txt": "b\nb\n" });
  await repository.commit("Second");
  const { exitCode, output } = await push("--follow-tags -- origin HEAD~:refs/heads/old");
  expect(output).toContain("in a worktree of its own");
  expect(output).toContain("pushproof: already verified");
  expect(exitCode).toBe(0);
  expect(await repository.remoteCommit("refs/heads/old")).toBe(first);
  expect(await repository.remoteCommit("refs/heads/main")).toBeNull();
});

test("what is not verified is not sent", async () => {
  const { repository, push } = await makeScene();
  await repository.write(red);
  await repository.commit("Bad");
  const { exitCode, output } = await push("origin main");
  expect(output).toMatch(/✘ Not verified[\s\S]*Nothing was sent\./);
  expect(exitCode).toBe(1);
  expect(await repository.remoteCommit("refs/heads/main")).toBeNull();
});

test("what git would refuse is said at once, in git's words, and nothing is run", async () => {
  const { repository, push } = await makeScene();
  await repository.commit("Ahead");
  await repository.git("push", "--quiet", "--no-verify", "origin", "main");
  await repository.git("reset", "--quiet", "--hard", "HEAD~");
  await repository.write({ "src/a.txt": "b\nb\n" });
  await repository.commit("Other");
  const rejected = await push("origin main");
  expect(rejected.output).toMatch(
    /^Git would not push this, so nothing was verified:\n {2}! refs\/heads\/main:refs\/heads\/main \[rejected\] \(non-fast-forward\)\n/,
  );
  expect(rejected.exitCode).toBe(3);
  const odd = await push("--nonsense");
  expect(odd.output).toContain("  error: unknown option `nonsense'\n");
  expect(odd.output.split("\n").length).toBeLessThan(16);
  expect(odd.exitCode).toBe(3);
});

test("git's exit code is the command's where the push itself fails", async () => {
  const { repository, push } = await makeScene();
  await repository.write({ "../remote.git/hooks/update": "#!/bin/sh\necho not today >&2\nexit 1\n" });
  await runShell("chmod +x hooks/update", repository.remote, repository.environment);
  const { exitCode, output } = await push("origin main");
  expect(output).toContain("not today");
  expect(exitCode).toBe(1);
});
