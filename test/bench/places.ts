import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freeBytes } from "../../src/database/embedded/server/run-directory.ts";
import { packageRoot } from "../../src/shared/paths.ts";

/** A new directory for a benchmark; not in the temporary directory, which may be in memory: a stock server belongs on disk. */
export async function makeWorkspace(): Promise<string> {
  const cache = join(packageRoot, "node_modules", ".cache");
  await mkdir(cache, { recursive: true });
  return await mkdtemp(join(cache, "bench-"));
}

/** Where files lie in memory, if there is room for a server's data. */
export async function memoryDirectory(): Promise<string> {
  const free = await freeBytes("/dev/shm").catch(() => 0);
  return free > 1e9 ? "/dev/shm" : tmpdir();
}
