import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { InterruptedError, UnavailableError } from "../../../src/shared/errors.ts";
import { type CommandRequest, runCommand } from "../../../src/shared/exec/process.ts";
import { makeDirectory } from "../../support/repository.ts";

async function request(command: string, more: Partial<CommandRequest> = {}): Promise<CommandRequest> {
  const directory = await makeDirectory();
  return {
    command,
    directory,
    environment: { PATH: process.env.PATH },
    log: join(directory, "logs", "suite.log"),
    secrets: [],
    timeoutSeconds: 60,
    signal: new AbortController().signal,
    ...more,
  };
}

test("a command's exit code and last lines are given, all its output is logged", async () => {
  const asked = await request("seq 1 100; echo to stderr >&2; exit 3");
  const end = await runCommand(asked);
  expect(end).toMatchObject({ exitCode: 3, timedOut: false });
  expect(end.tail.split("\n")).toHaveLength(40);
  expect(end.tail).toContain("to stderr");
  const log = await readFile(asked.log, "utf8");
  expect(log.startsWith("1\n2\n")).toBe(true);
});

test("progress that overwrites its line is logged line by line, and an unfinished last line is kept", async () => {
  const { tail } = await runCommand(await request("printf '10 %%\\r50 %%\\r\\nend\\r\\nno break'"));
  expect(tail).toBe("10 %\n50 %\nend\nno break");
});

test("secrets and colors are in neither the log nor the last lines", async () => {
  const asked = await request("printf '\\033[31mpostgresql://u:s%%23cret@h and s#cret\\033[0m\\n'", {
    secrets: ["s#cret", "s%23cret"],
  });
  const { tail } = await runCommand(asked);
  expect(tail).toBe("postgresql://u:***@h and ***");
  expect(await readFile(asked.log, "utf8")).toBe("postgresql://u:***@h and ***\n");
});

test("a line that never ends is logged whole in parts, without a secret on their border, and its end is shown", async () => {
  // The secret lies across every border of a part, wherever that is.
  const command = `node -e 'for (let i = 0; i < 60; i++) process.stdout.write("s#cret".repeat(10_000))'`;
  const asked = await request(command, { secrets: ["s#cret"] });
  const { tail } = await runCommand(asked);
  const lines = (await readFile(asked.log, "utf8")).split("\n");
  expect(lines.join("")).toBe("***".repeat(600_000));
  expect(lines.length).toBeGreaterThan(2);
  expect(tail.length).toBeLessThan(200_000);
});

test("what a command leaves in the background ends with it", async () => {
  const asked = await request("sleep 600 & echo $!");
  const { tail } = await runCommand(asked);
  // It has been killed; until somebody has reaped it, its number stays.
  await vi.waitFor(() => expect(() => process.kill(Number(tail), 0)).toThrow("ESRCH"), { timeout: 30_000 });
});

test("a process that left the group and keeps the output open is not waited for, and no timeout", async () => {
  const end = await runCommand(await request("setsid sleep 600 & echo $!; printf unfinished", { timeoutSeconds: 2 }));
  const [pid, rest] = end.tail.split("\n");
  onTestFinished(() => void process.kill(Number(pid), "SIGKILL"));
  expect(end).toMatchObject({ exitCode: 0, timedOut: false });
  expect(rest).toBe("unfinished");
});

test("a command over its time is ended", async () => {
  const end = await runCommand(await request("sleep 600", { timeoutSeconds: 0.1 }));
  expect(end).toMatchObject({ exitCode: null, timedOut: true });
});

test("an interruption ends the whole group and is thrown", async () => {
  const controller = new AbortController();
  const asked = await request("sleep 600 & sleep 600", { signal: controller.signal });
  const running = runCommand(asked);
  setTimeout(() => controller.abort(), 100);
  await expect(running).rejects.toThrow(InterruptedError);
});

test("an interruption just before the start is not missed", async () => {
  const controller = new AbortController();
  const running = runCommand(await request("exec sleep 600", { signal: controller.signal }));
  controller.abort();
  await expect(running).rejects.toThrow(InterruptedError);
});

test("nothing is started once it was interrupted", async () => {
  const controller = new AbortController();
  controller.abort();
  const asked = await request("touch started", { signal: controller.signal });
  await expect(runCommand(asked)).rejects.toThrow(InterruptedError);
  await expect(readFile(join(asked.directory, "started"))).rejects.toThrow("ENOENT");
});

test("a command has no standard input to wait for", async () => {
  const { tail } = await runCommand(await request("cat; echo done"));
  expect(tail).toBe("done");
});

test("a directory that is not there is an error", async () => {
  await expect(runCommand(await request("true", { directory: "/nowhere" }))).rejects.toThrow("ENOENT");
});

test("a log that cannot be opened is named, and nothing is started", async () => {
  const directory = await makeDirectory();
  const failure = runCommand(await request("touch started", { directory, log: directory }));
  await expect(failure).rejects.toThrow(UnavailableError);
  await expect(failure).rejects.toThrow(`The log ${directory} cannot be written: EISDIR`);
  await expect(readFile(join(directory, "started"))).rejects.toThrow("ENOENT");
});

test("a log that can no longer be written ends the command and is named", async () => {
  const directory = await makeDirectory();
  const asked = await request("echo $$ > pid; echo something; exec sleep 600", { directory, log: "/dev/full" });
  const failure = runCommand(asked);
  await expect(failure).rejects.toThrow(UnavailableError);
  await expect(failure).rejects.toThrow("The log /dev/full cannot be written: ENOSPC");
  const pid = Number(await readFile(join(directory, "pid"), "utf8"));
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});

test("a command that a signal ended says which", async () => {
  expect(await runCommand(await request("kill -9 $$"))).toMatchObject({ exitCode: null, endedBy: "SIGKILL" });
});
