import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { freeBytes } from "../../src/database/embedded/server/run-directory.ts";

/**
 * Where the machine names certificates of its own, every process of Node reads them as it starts, which takes longer than
 * all else that it does: the tests start thousands. Only `npmPackage` fetches anything, and takes them back.
 */
export function putCertificatesAside(): void {
  const { NODE_EXTRA_CA_CERTS: certificates } = process.env;
  if (certificates === undefined) return;
  process.env.PUSHPROOF_CERTIFICATES = certificates;
  delete process.env.NODE_EXTRA_CA_CERTS;
}

/** pyenv's `python3` is a script that starts a dozen programs before Python: what it leads to is found first on PATH. */
export function putShimsAside(): void {
  try {
    const program = execFileSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).trim();
    const isFirst = execFileSync("sh", ["-c", "command -v python3"], { encoding: "utf8" }).trim() === program;
    if (!isFirst) process.env.PATH = [dirname(program), process.env.PATH].join(delimiter);
  } catch {
    // pythonEnvironment says what is wrong.
  }
}

/** What all tests have in temporary directories at once takes less. */
const leastFreeMemory = 6e9;

/**
 * Has temporary files in memory, where there is room and programs may be started there: the tests write and remove a
 * million small files. Gives what removes them.
 */
export async function useMemory(): Promise<() => void> {
  const directory = await memoryDirectory();
  if (directory === null) return () => {};
  process.env.TMPDIR = directory;
  return () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

async function memoryDirectory(): Promise<string | null> {
  const parent = "/dev/shm";
  try {
    if ((await freeBytes(parent)) < leastFreeMemory) return null;
    // A short name, as sockets lie below it.
    const directory = mkdtempSync(join(parent, "pp"));
    // Servers of other users have their files in it.
    chmodSync(directory, 0o1777);
    const program = join(directory, "program");
    writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
    execFileSync(program);
    rmSync(program);
    return directory;
  } catch {
    return null;
  }
}
