import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { InterruptedError } from "../../../src/shared/errors.ts";
import { runProgram } from "../../../src/shared/exec/run-program.ts";
import { makeDirectory } from "../../support/repository.ts";

const place = { directory: "/", environment: { PATH: process.env.PATH, GREETING: "hello" } };
const shell = (script: string) => ["/bin/sh", "-c", script] as const;

test("a program's exit code and both streams are given, with the environment that it was given and no other", async () => {
  const end = await runProgram(shell("echo $GREETING $HOME; echo no >&2; exit 7"), place);
  expect(end).toEqual({ exitCode: 7, stdout: "hello\n", stderr: "no\n", output: "hello\nno\n", startError: null });
});

test("a program that is not there has no exit code, and says why", async () => {
  const end = await runProgram(["no-such-program"], place);
  expect(end).toMatchObject({ exitCode: null, startError: "ENOENT" });
  expect(end.output).toContain("no-such-program ENOENT");
});

test("a program that a signal ended has failed", async () => {
  expect((await runProgram(shell("kill -9 $$"), place)).exitCode).toBe(1);
});

test("a program that takes too long is ended, and has failed", async () => {
  expect((await runProgram(shell("exec sleep 60"), { ...place, timeout: 100 })).exitCode).toBe(1);
});

test("a program that takes too long is not waited for where its children keep the output open", async () => {
  const begun = Date.now();
  expect((await runProgram(shell("sleep 6; echo late"), { ...place, timeout: 100 })).exitCode).toBe(1);
  expect(Date.now() - begun).toBeLessThan(5000);
});

test("a program of its own group that takes too long leaves no child behind", async () => {
  const file = join(await makeDirectory(), "late");
  const late = shell(`(sleep 1; echo >'${file}') & wait`);
  expect((await runProgram(late, { ...place, timeout: 100, ownGroup: true })).exitCode).toBe(1);
  await setTimeout(1500);
  expect(existsSync(file)).toBe(false);
});

test("a program reads what it is given, and nothing else", async () => {
  expect((await runProgram(["cat"], { ...place, input: "text" })).stdout).toBe("text");
  expect((await runProgram(["cat"], place)).stdout).toBe("");
});

test("whole lines are passed on as they are written", async () => {
  const lines: string[] = [];
  const end = await runProgram(shell("printf 'one\\ntw'; printf 'o\\nthree'"), {
    ...place,
    onLine: (line) => void lines.push(line),
  });
  expect(lines).toEqual(["one", "two", "three"]);
  expect(end.stdout).toBe("one\ntwo\nthree");
});

test.each([false, true])(
  "an interruption ends the program and is thrown, with a group of its own: %s",
  async (ownGroup) => {
    const controller = new AbortController();
    const running = runProgram(shell("sleep 60 & wait"), { ...place, signal: controller.signal, ownGroup });
    await setTimeout(200);
    controller.abort();
    await expect(running).rejects.toThrow(InterruptedError);
  },
);

test("nothing is started once it was interrupted", async () => {
  const directory = await makeDirectory();
  const signal = AbortSignal.abort();
  await expect(runProgram(shell("touch started"), { ...place, directory, signal })).rejects.toThrow(InterruptedError);
  expect((await runProgram(["ls"], { ...place, directory })).stdout).toBe("");
});
