import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, mkdtemp, readdir, readFile, rename, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { isPostmasterOf, waitForEnd } from "../../../../src/database/embedded/server/processes.ts";
import { ownerFile, runPrefix } from "../../../../src/database/embedded/server/run-directory.ts";
import { sweepRuns } from "../../../../src/database/embedded/server/sweep.ts";
import { packageRoot } from "../../../../src/shared/paths.ts";
import { currentOwner, processStart } from "../../../../src/shared/process-owner.ts";
import { makeDirectory } from "../../../support/repository.ts";
import { open, ownRunDirectories } from "../../support.ts";

const hours = 3_600;

/** A directory as a run leaves it, in a location of the test's own. */
async function runDirectory(owner?: Record<string, unknown>): Promise<{ location: string; path: string }> {
  const location = await makeDirectory();
  const path = await mkdtemp(join(location, runPrefix));
  if (owner === undefined) return { location, path };
  await mkdir(join(path, "s"));
  await writeFile(join(path, ownerFile), JSON.stringify(owner));
  return { location, path };
}

async function age(path: string): Promise<void> {
  const then = Date.now() / 1_000 - hours;
  await utimes(path, then, then);
}

test("what a killed run has left, its server included, is gone once the next one has started", async () => {
  const { directory, postmaster, kill } = await startRun();
  expect(await isPostmasterOf(postmaster, join(directory, "data"))).toBe(true);
  await kill();
  await open();
  // Not at once: a run that another test has started meanwhile may be the one that sweeps it.
  await vi.waitFor(() => expect(access(directory)).rejects.toThrow("ENOENT"), { timeout: 30_000 });
  expect(await waitForEnd(postmaster, 30_000)).toBe(true);
});

test("a killed run's server that does not heed is ended all the same", async () => {
  const { directory, postmaster, kill } = await startRun();
  process.kill(postmaster, "SIGSTOP");
  await kill();
  await sweepRuns([dirname(directory)]);
  expect(await waitForEnd(postmaster, 30_000)).toBe(true);
});

test("a run that is going on is left alone", async () => {
  await open();
  const [directory = ""] = await ownRunDirectories();
  expect(await sweepRuns([dirname(directory)])).not.toContain(directory);
  await access(directory);
});

test("a directory whose owner's number is another process's now is removed", async () => {
  const { location, path } = await runDirectory({ pid: process.pid, start: "1", world: (await currentOwner()).world });
  expect(await sweepRuns([location])).toEqual([path]);
});

test("a process that is no postgres of that directory is not ended, whatever postmaster.pid says", async () => {
  const bystander = spawn("sleep", ["600"]);
  onTestFinished(() => void bystander.kill());
  const { location, path } = await runDirectory({ pid: 2 ** 30, start: "1", world: (await currentOwner()).world });
  await mkdir(join(path, "data"));
  await writeFile(join(path, "data", "postmaster.pid"), `${bystander.pid}\n`);
  expect(await sweepRuns([location])).toEqual([path]);
  expect(await processStart(bystander.pid ?? 0)).toBeDefined();
});

test("a directory that does not tell whose it is stays as long as it may be just being made", async () => {
  const { location, path } = await runDirectory();
  expect(await sweepRuns([location])).toEqual([]);
  await age(path);
  expect(await sweepRuns([location])).toEqual([path]);
});

test("a directory that holds something and does not tell whose it is stays for ever", async () => {
  const { location, path } = await runDirectory();
  await writeFile(join(path, "precious"), "");
  await age(path);
  expect(await sweepRuns([location])).toEqual([]);
});

test("a directory of another container stays as long as its server answers", async () => {
  const { location, path } = await runDirectory({ pid: 1, start: "1", world: "elsewhere" });
  const server = createServer().listen(join(path, "s", ".s.PGSQL.5432"));
  await once(server, "listening");
  await age(path);
  expect(await sweepRuns([location])).toEqual([]);
  server.close();
  await once(server, "close");
  expect(await sweepRuns([location])).toEqual([path]);
});

test("directories of another name are never touched", async () => {
  const { location, path } = await runDirectory({ pid: 1, start: "1", world: (await currentOwner()).world });
  await rename(path, join(location, "precious"));
  expect(await sweepRuns([location, join(location, "nowhere")])).toEqual([]);
  await access(join(location, "precious"));
});

test("what a run leaves that is killed while its files go is removed by the next one", async () => {
  const { location, path } = await runDirectory({ ...(await currentOwner()), pid: 2 ** 22 + 1 });
  await mkdir(join(path, "data"));
  const bin = await makeDirectory();
  // Whoever has files removed is killed when they are gone.
  await writeFile(join(bin, "rm"), '#!/bin/sh\n/bin/rm "$@"\nkill -9 $PPID\n', { mode: 0o755 });
  const module = pathToFileURL(join(packageRoot, "src/database/embedded/server/run-directory.ts")).href;
  const script = `import { removeRunDirectory } from "${module}"; await removeRunDirectory(${JSON.stringify(path)});`;
  const words = ["--import", import.meta.resolve("tsx"), "--input-type=module", "--eval", script];
  const env = { ...process.env, NODE_OPTIONS: "", PATH: [bin, process.env.PATH].join(delimiter) };
  const [, signal] = await once(spawn(process.execPath, words, { stdio: "inherit", env }), "exit");
  expect([signal, await readdir(path)]).toEqual(["SIGKILL", [ownerFile]]);
  expect(await sweepRuns([location])).toEqual([path]);
});

interface Run {
  readonly directory: string;
  readonly postmaster: number;
  /** Ends the program as no program can prevent. */
  kill(): Promise<void>;
}

/** Starts a program that opens a provision and keeps it. */
async function startRun(): Promise<Run> {
  const modules = ["config/schema", "database/open"].map(
    (name) => pathToFileURL(join(packageRoot, `src/${name}.ts`)).href,
  );
  const script = `
    import { configSchema } from "${modules[0]}";
    import { openProvision } from "${modules[1]}";
    const { database } = configSchema.parse({ suites: [{ name: "a", runner: "pytest", command: "a" }] });
    const request = { database, directory: "/", environment: process.env, workers: ["gw0", "gw1"], checkoutRoot: "/", projectRoot: "/", signal: new AbortController().signal };
    const provision = await openProvision(request);
    const [leased] = await provision.lease(["gw0"]);
    console.log(JSON.stringify(leased.environment));
    setInterval(() => {}, 1000);`;
  const child = spawn(
    process.execPath,
    ["--import", import.meta.resolve("tsx"), "--input-type=module", "--eval", script],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, NODE_OPTIONS: "" },
    },
  );
  await once(child.stdout, "data");
  const [directory = ""] = await ownRunDirectories(child.pid);
  const content = await readFile(join(directory, "data", "postmaster.pid"), "utf8");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return { directory, postmaster: Number.parseInt(content, 10), kill };
}
