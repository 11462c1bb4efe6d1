import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { access, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheDirectory } from "../../src/shared/paths.ts";

const run = promisify(execFile);

/**
 * The absolute `node_modules` with one package of npm, installed once and kept in the user's cache directory. Not among our
 * own: the install scripts of hook managers write into the repository that they are installed in.
 */
export async function npmPackage(specification: string): Promise<string> {
  const name = specification.replaceAll(/[^\w.]+/g, "-");
  return join(
    await kept(`test-npm-${name}`, async (directory) => {
      await writeFile(join(directory, "package.json"), '{ "private": true }\n');
      const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
      // Put aside by the global setup.
      const env = { ...process.env, NODE_EXTRA_CA_CERTS: process.env.PUSHPROOF_CERTIFICATES };
      await run("npm", ["install", ...options, specification], { cwd: directory, env, timeout: 300_000 });
    }),
    "node_modules",
  );
}

/** The absolute path of pre-commit: pip's, in a directory of its own, else the machine's (Debian: `pre-commit`). */
export async function preCommit(): Promise<string> {
  try {
    const directory = await kept("test-pre-commit", async (made) => {
      // Its modules are found from where its interpreter lies, so it may be moved; what pip writes into `bin` may not.
      await run("python3", ["-m", "venv", made]);
      const options = ["--quiet", "--retries", "0", "--disable-pip-version-check"];
      await run(join(made, "bin/python"), ["-m", "pip", "install", ...options, "pre-commit"], { timeout: 300_000 });
      const program = '#!/bin/sh\nexec "$(dirname "$0")/bin/python" -m pre_commit "$@"\n';
      await writeFile(join(made, "pre-commit"), program, { mode: 0o755 });
    });
    return join(directory, "pre-commit");
  } catch {
    return (await run("/bin/sh", ["-c", "command -v pre-commit"])).stdout.trim();
  }
}

/** A directory of the cache, filled once; two processes at once, or one that is killed, leave nothing half-made there. */
async function kept(name: string, fill: (directory: string) => Promise<void>): Promise<string> {
  const directory = join(cacheDirectory(process.env), name);
  const isThere = (): Promise<boolean> =>
    access(directory).then(
      () => true,
      () => false,
    );
  if (await isThere()) return directory;
  const made = `${directory}-${randomUUID().slice(0, 8)}`;
  await mkdir(made, { recursive: true });
  try {
    await fill(made);
    await rename(made, directory);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    if (!(await isThere())) throw error;
  }
  return directory;
}
