import { existsSync } from "node:fs";
import { chmod, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { expect, test, vi } from "vitest";
import { ReachProgram } from "../../../src/suite/reuse/reach.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";
import { userEnvironment } from "../../support/verify.ts";

/** Whether a process is there. */
function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The program in a directory of its own, and its process. */
async function start(): Promise<{ directory: string; program: ReachProgram; pid: number }> {
  const directory = await makeDirectory();
  const user = await userEnvironment();
  const file = join(directory, "pid");
  await writeFiles(directory, { "bin/python3": `#!/bin/sh\necho $$ >'${file}'\nPATH=\${PATH#*:} exec python3 "$@"\n` });
  await chmod(join(directory, "bin/python3"), 0o755);
  const environment = { ...user, PATH: [join(directory, "bin"), user.PATH].join(delimiter) };
  const program = new ReachProgram(directory, environment);
  await vi.waitUntil(async () => existsSync(file) && (await readFile(file, "utf8")).endsWith("\n"), 20_000);
  return { directory, program, pid: Number(await readFile(file, "utf8")) };
}

test("what tells which files changes reach waits to be asked, and ends where nobody asks", async () => {
  const { program, pid } = await start();
  expect(lives(pid)).toBe(true);
  program.endUnlessAsked();
  await vi.waitUntil(() => !lives(pid), 20_000);
});

test("once asked it answers, whoever would end it", async () => {
  const { directory, program } = await start();
  const answer = program.ask({ checkout: directory, records: [], random: 1 });
  program.endUnlessAsked();
  expect(await answer).toMatchObject({ reused: {}, compared: {}, reasons: {} });
});
