import { spawn } from "node:child_process";
import { expect, onTestFinished, test } from "vitest";
import { findPushingProcess } from "../../src/push/pushing-process.ts";
import { readProcess } from "../../src/shared/process-list.ts";

/** A process that sleeps, with these args as its command line. */
function sleeping(args: readonly string[]): number {
  const child = spawn("sh", ["-c", 'sleep 60 & trap "kill $!" TERM; wait', ...args.slice(1)], { argv0: args[0] });
  onTestFinished(() => void child.kill());
  return child.pid ?? 0;
}

test("finds parent and args of a process, both ways", async () => {
  const id = sleeping(["sh", "origin", "main"]);
  for (const found of [await readProcess(id, "proc"), await readProcess(id, "ps")]) {
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
