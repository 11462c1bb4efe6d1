import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/shared/paths.ts";
import { currentOwner, isOwnerAlive, processStart } from "../../src/shared/process-owner.ts";

test("this process is alive, and told in words that fit into a file's name", async () => {
  const owner = await currentOwner();
  expect(owner).toEqual({
    pid: process.pid,
    start: expect.stringMatching(/^[\w-]+$/),
    world: expect.stringMatching(/^[0-9a-f]{12}$/),
  });
  expect(await isOwnerAlive(owner)).toBe(true);
});

test("a process that has ended is not alive", async () => {
  const child = spawn("sleep", ["600"]);
  const owner = { ...(await currentOwner()), pid: child.pid as number, start: await processStart(child.pid as number) };
  expect(await isOwnerAlive(owner)).toBe(true);
  child.kill();
  await once(child, "exit");
  expect(await isOwnerAlive(owner)).toBe(false);
});

test("a later process of the same number is not the owner", async () => {
  expect(await isOwnerAlive({ ...(await currentOwner()), start: "1" })).toBe(false);
});

test.each([
  ["another world", { world: "0123456789ab" }],
  ["a system that does not tell when a process began", { start: undefined }],
])("an owner of %s is neither alive nor gone", async (_which, changed) => {
  expect(await isOwnerAlive({ ...(await currentOwner()), ...changed })).toBeUndefined();
});

test("a process is not taken to have ended where no more files can be opened to ask for it", async () => {
  const script = `
    import { openSync } from "node:fs";
    import { processStart } from ${JSON.stringify(join(packageRoot, "src/shared/process-owner.ts"))};
    await processStart(process.pid);
    try { for (;;) openSync("/dev/null"); } catch {}
    console.log(await processStart(process.pid).catch((error) => error.code));
  `;
  const node = [process.execPath, "--import", import.meta.resolve("tsx"), "--input-type=module", "--eval", script];
  const { stdout } = await promisify(execFile)("bash", ["-c", 'ulimit -n 256 && exec "$@"', "bash", ...node]);
  expect(stdout).toBe("EMFILE\n");
});
