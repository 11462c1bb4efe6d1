import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { sweepRunLocks, takeRunLock } from "../../src/push/run-lock.ts";
import { InterruptedError } from "../../src/shared/errors.ts";
import { currentOwner, processStart } from "../../src/shared/process-owner.ts";
import { makeDirectory } from "../support/repository.ts";

const tree = "a".repeat(40);
const { signal } = new AbortController();

/** A repository's common directory in which another process holds the tree's lock; `end` kills that process. */
async function heldByAnother(): Promise<{ directory: string; pid: number; end: () => Promise<void> }> {
  const directory = await makeDirectory();
  const child = spawn("sleep", ["600"]);
  await once(child, "spawn");
  const pid = child.pid as number;
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  onTestFinished(end);
  const owner = { pid, start: await processStart(pid), world: (await currentOwner()).world };
  await mkdir(join(directory, "verify", "running"), { recursive: true });
  await writeFile(join(directory, "verify", "running", tree), JSON.stringify(owner));
  return { directory, pid, end };
}

const locks = (directory: string): Promise<string[]> => readdir(join(directory, "verify", "running"));

test("the first takes it, the second waits until it is released, and says for whom", async () => {
  const directory = await makeDirectory();
  const first = await takeRunLock(directory, tree, { signal, onWait: () => {} });
  expect(first.hasWaited).toBe(false);
  const second = await new Promise<Awaited<ReturnType<typeof takeRunLock>>>((resolve) => {
    const waits = takeRunLock(directory, tree, {
      signal,
      onWait: (pid) => {
        expect(pid).toBe(process.pid);
        resolve(first.release().then(() => waits));
      },
    });
  });
  expect(second.hasWaited).toBe(true);
  await second.release();
  expect(await locks(directory)).toEqual([]);
});

test("trees do not wait for each other", async () => {
  const directory = await makeDirectory();
  await takeRunLock(directory, tree, { signal, onWait: () => {} });
  expect((await takeRunLock(directory, "b".repeat(40), { signal, onWait: () => {} })).hasWaited).toBe(false);
});

test("a killed holder is waited for no longer", async () => {
  const { directory, end } = await heldByAnother();
  const lock = await takeRunLock(directory, tree, { signal, onWait: () => void end() });
  expect(lock.hasWaited).toBe(true);
});

test("who does not want to wait goes on without it, and takes nothing away", async () => {
  const { directory } = await heldByAnother();
  const lock = await takeRunLock(directory, tree, { signal });
  await lock.release();
  expect(await locks(directory)).toEqual([tree]);
});

test("Ctrl-C ends the waiting", async () => {
  const { directory } = await heldByAnother();
  const controller = new AbortController();
  const waiting = takeRunLock(directory, tree, { signal: controller.signal, onWait: () => controller.abort() });
  await expect(waiting).rejects.toThrow(InterruptedError);
});

test("our own ancestor is not waited for, as it waits for us", async () => {
  const directory = await makeDirectory();
  await mkdir(join(directory, "verify", "running"), { recursive: true });
  const owner = { pid: process.ppid, start: await processStart(process.ppid), world: (await currentOwner()).world };
  await writeFile(join(directory, "verify", "running", tree), JSON.stringify(owner));
  const lock = await takeRunLock(directory, tree, { signal, onWait: () => expect.unreachable() });
  expect(lock.hasWaited).toBe(false);
});

test("the locks of killed runs are swept, live ones stay", async () => {
  const { directory, end } = await heldByAnother();
  await writeFile(join(directory, "verify", "running", "half-written"), "{");
  await sweepRunLocks(directory);
  expect(await locks(directory)).toEqual([tree]);
  await end();
  await sweepRunLocks(directory);
  expect(await locks(directory)).toEqual([]);
});

test("where no lock can be made, the run goes on", async () => {
  const directory = await makeDirectory();
  await writeFile(join(directory, "verify"), "a file where a directory belongs");
  expect((await takeRunLock(directory, tree, { signal, onWait: () => {} })).hasWaited).toBe(false);
});
