import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { listEmbeddedRuns } from "../../src/database/embedded/server/inventory.ts";

/** What the embedded servers of this process take, in megabytes. */
export interface Footprint {
  readonly servers: number;
  /** The memory of the servers' processes, what they share counted once; NaN where the system does not tell. */
  readonly memory: number;
  /** The files of the run directories, which lie in memory too where there is room. */
  readonly files: number;
}

/** Looks at all embedded servers that this process has now. */
export async function measureFootprint(): Promise<Footprint> {
  const runs = (await listEmbeddedRuns()).filter(({ owner }) => owner.pid === process.pid);
  const [memories, files] = await Promise.all([
    Promise.all(runs.map(({ path }) => memoryOf(path))),
    Promise.all(runs.map(({ path }) => bytesBelow(path))),
  ]);
  return { servers: runs.length, memory: sum(memories) / 1e6, files: sum(files) / 1e6 };
}

async function memoryOf(runDirectory: string): Promise<number> {
  if (process.platform !== "linux") return Number.NaN;
  const content = await readFile(join(runDirectory, "data", "postmaster.pid"), "utf8");
  const postmaster = Number.parseInt(content, 10);
  const processes = [postmaster, ...(await childrenOf(postmaster))];
  return sum(await Promise.all(processes.map((pid) => proportionalBytes(pid))));
}

/** The processes that a process has started; Postgres's start none themselves. */
async function childrenOf(pid: number): Promise<number[]> {
  const content = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  return content.split(" ").filter(Boolean).map(Number);
}

/** What a process has for itself and its share of what it shares; one that has just ended has nothing. */
async function proportionalBytes(pid: number): Promise<number> {
  const content = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/^Pss:\s*(\d+) kB/m.exec(content)?.[1] ?? 0) * 1024;
}

async function bytesBelow(path: string): Promise<number> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return 0;
  const names = found.isDirectory() ? await readdir(path).catch(() => []) : [];
  return found.blocks * 512 + sum(await Promise.all(names.map((name) => bytesBelow(join(path, name)))));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
