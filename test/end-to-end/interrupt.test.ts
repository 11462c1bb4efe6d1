import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile, readlink, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { packageRoot } from "../../src/shared/paths.ts";
import type { Environment } from "../../src/shared/world.ts";
import { makeDirectory, type Repository } from "../support/repository.ts";
import { configFile, makeParallelPytestRepository, readSummary, runIn, userEnvironment } from "../support/verify.ts";

test("Ctrl-C ends the suite, its background processes, the server and the worktree, and exits 130", async () => {
  const signs = await makeDirectory();
  const repository = await makeParallelPytestRepository(
    {
      "tests/test_sums.py": [
        "import os, subprocess, time",
        "def test_waits():",
        `    subprocess.Popen(['sleep', '600'], cwd='${signs}')`,
        `    open('${signs}/port.tmp', 'w').write(os.environ['PGPORT'])`,
        `    os.rename('${signs}/port.tmp', '${signs}/port')`,
        "    time.sleep(600)",
      ].join("\n"),
    },
    { database: { name: "sums_test" } },
  );
  await repository.write({ "uncommitted.txt": "so that a worktree is made\n" });

  const child = await startProgram(repository);
  await appears(join(signs, "port"), child);
  const port = Number(await readFile(join(signs, "port"), "utf8"));
  expect(await repository.git("worktree", "list")).toContain("\n");
  process.kill(-child.pid, "SIGINT");

  expect(await child.ended).toBe(130);
  expect(await processesIn(repository.root, signs)).toEqual([]);
  expect(await canConnect(port)).toBe(false);
  expect(await repository.git("worktree", "list")).not.toContain("\n");
  expect((await readSummary(repository.root)).verdict).toBe("interrupted");
});

test("a suite that ignores the polite signal is ended all the same", async () => {
  const signs = await makeDirectory();
  const repository = await makeParallelPytestRepository({
    "verify.config.json": configFile({
      suites: [
        {
          name: "stubborn",
          runner: "pytest",
          command: `trap '' TERM INT; touch ${signs}/begun; while :; do sleep 1; done; true`,
        },
      ],
      database: false,
    }),
  });
  const child = await startProgram(repository);
  await appears(join(signs, "begun"), child);
  process.kill(child.pid, "SIGTERM");
  expect(await child.ended).toBe(130);
  expect(await processesIn(repository.root)).toEqual([]);
});

test.each([
  ["in a worktree", true],
  ["in place", false],
])("what a killed run left running and lying about is ended and removed by the next, %s", async (_, inWorktree) => {
  const signs = await makeDirectory();
  const repository = await makeParallelPytestRepository({
    "tests/test_sums.py": [
      "import os, time",
      "from sums import add",
      "def test_adds():",
      "    assert add(1, 2) == 3",
      "def test_waits_the_first_time():",
      `    if not os.path.exists('${signs}/begun'):`,
      `        open('${signs}/begun', 'w').close()`,
      `        os.chdir('${signs}')`,
      "        time.sleep(600)",
    ].join("\n"),
  });
  await repository.write({ "uncommitted.txt": "so that a worktree is made\n" });
  const temporary = await makeDirectory();
  const environment = await userEnvironment({ TMPDIR: temporary });

  const child = await startProgram(repository, environment);
  await appears(join(signs, "begun"), child);
  process.kill(child.pid, "SIGKILL");
  await child.ended;
  expect(await processesIn(signs)).not.toEqual([]);
  expect(await ours(temporary)).not.toEqual([]);

  if (!inWorktree) await rm(join(repository.root, "uncommitted.txt"));
  const { code } = await runIn(repository.root, [], { environment });
  expect(code).toBe(0);
  await vi.waitFor(async () => expect(await processesIn(signs)).toEqual([]), { timeout: 30_000 });
  expect(await ours(temporary)).toEqual([]);
  expect(await repository.git("worktree", "list")).not.toContain("\n");
});

/** What we put into a temporary directory; pytest has things of its own there. */
async function ours(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name.startsWith("pushproof"));
}

/** The program at work. */
interface Running {
  readonly pid: number;
  /** Its exit code, and null where a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** Starts the program as a terminal does, in a group of its own, which Ctrl-C reaches as a whole. */
async function startProgram({ root }: Repository, environment?: Environment): Promise<Running> {
  const child = spawn(process.execPath, [join(packageRoot, "dist", "main.js")], {
    cwd: root,
    env: environment ?? (await userEnvironment()),
    detached: true,
    stdio: "ignore",
  });
  const ended = once(child, "exit").then(([exitCode]) => exitCode as number | null);
  onTestFinished(async () => {
    // By the signal on which it ends all that it has started; harmless where the test saw its end.
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await ended;
  });
  return { pid: child.pid as number, ended };
}

/** Waits for a file that the suite makes; fails at once where the program ends before it. */
async function appears(path: string, { ended }: Running): Promise<void> {
  const early = ended.then((exitCode) => {
    throw new Error(`The program ended with ${exitCode} before ${path} was there.`);
  });
  const there = vi.waitUntil(() => existsSync(path), { timeout: 100_000, interval: 20 });
  early.catch(() => {});
  there.catch(() => {});
  await Promise.race([there, early]);
}

/** The command lines of the processes that work in one of the directories. */
async function processesIn(...directories: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const directory = await readlink(`/proc/${pid}/cwd`).catch(() => "");
    if (!directories.some((root) => directory.startsWith(root))) continue;
    found.push(await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""));
  }
  return found;
}

async function canConnect(port: number): Promise<boolean> {
  const socket = createConnection(port, "127.0.0.1");
  return (await new Promise((resolve) => {
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  }).finally(() => socket.destroy())) as boolean;
}
