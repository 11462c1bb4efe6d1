import { spawn } from "node:child_process";
import { expect, onTestFinished, test } from "vitest";
import { asPush, findPushingProcess, isDryRun, readFromList, readFromProc } from "../../src/push/pushing-process.ts";

test.each([
  ["git push", [], []],
  ["/usr/lib/git-core/git push -q origin main", [], ["-q", "origin", "main"]],
  ["git -C web -c a.b=push -c c.d push origin", ["-c", "a.b=push", "-c", "c.d"], ["origin"]],
  ["git --no-pager --config-env=a.b=X push", ["--config-env=a.b=X"], []],
  ["git --config-env a.b=X push", ["--config-env", "a.b=X"], []],
  ["git --git-dir=/x --work-tree=/y --namespace=z push origin", [], ["origin"]],
  ["git --git-dir /x --work-tree push push origin", [], ["origin"]],
  ["git --exec-path=/z --no-replace-objects --literal-pathspecs --bare push", [], []],
])("reads %j as a push", (line, settings, args) => {
  expect(asPush(line.split(" "))).toEqual({ settings, args });
});

test.each(["git fetch", "git", "gitk push", "sh push", "git stash push", "git --git-dir push", "git --unknown push"])(
  "takes %j for none that can be repeated",
  (line) => {
    expect(asPush(line.split(" "))).toBeNull();
  },
);

/** A process that sleeps, with these args as its command line. */
function sleeping(args: readonly string[]): number {
  const child = spawn("sh", ["-c", 'sleep 60 & trap "kill $!" TERM; wait', ...args.slice(1)], { argv0: args[0] });
  onTestFinished(() => void child.kill());
  return child.pid ?? 0;
}

test.each([
  ["--dry-run origin main", true],
  ["origin main --dry-run", true],
  ["--dry origin", true],
  ["-n", true],
  ["-fun origin", true],
  ["origin main", false],
  ["-u origin main", false],
  ["-o name origin", false],
  ["--no-verify origin", false],
  ["origin -- --dry-run", false],
])("git push %s: a dry run, or none", (words, isDry) => {
  expect(isDryRun({ args: words.split(" ") })).toBe(isDry);
});

test("finds parent and args of a process, both ways", async () => {
  const id = sleeping(["sh", "origin", "main"]);
  for (const found of [await readFromProc(id), await readFromList(id)]) {
    expect(found.parent).toBe(process.pid);
    expect(found.args.slice(-2)).toEqual(["origin", "main"]);
  }
});

test("a git that pushes in a way that cannot be read hides the pushes above it", async () => {
  const id = sleeping(["git", "--unknown", "push"]);
  expect(await findPushingProcess(id)).toBeNull();
});

test("finds nothing above a process that is gone", async () => {
  expect(await findPushingProcess(2 ** 22 + 1)).toBeNull();
});
