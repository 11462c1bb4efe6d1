import { createHash, randomBytes } from "node:crypto";
import { access, chown, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { privateCache } from "../../cache.ts";
import { UnavailableError } from "../../errors.ts";
import type { Environment } from "../../world.ts";
import type { Account } from "./account.ts";
import { type Binaries, postgresVersion } from "./binaries.ts";
import { runProgram } from "./program.ts";
import { initdbOptions, locales } from "./settings.ts";

/**
 * The absolute path of an archive that holds a new cluster's data directory, made by `initdb` the first time. An
 * archive, not a directory: it is read in one go, which is faster than copying a thousand files, and is whole or not there.
 */
export async function clusterArchive(
  binaries: Binaries,
  account: () => Promise<Account>,
  environment: Environment,
  signal: AbortSignal,
): Promise<string> {
  const cache = await privateCache(environment);
  const key = createHash("sha256")
    .update(JSON.stringify([initdbOptions, locales]))
    .digest("hex")
    .slice(0, 12);
  const archive = join(cache, `cluster-${process.platform}-${process.arch}-${binaries.version}-${key}.tar`);
  const isThere = await access(archive).then(
    () => true,
    () => false,
  );
  if (!isThere) await buildArchive(archive, binaries, await account(), environment, signal);
  return archive;
}

/** Fills a data directory from an archive. */
export async function extractArchive(archive: string, data: string, environment: Environment): Promise<void> {
  const command = ["tar", "--extract", "--no-same-owner", "--file", archive, "--directory", data];
  const { exitCode, output } = await runProgram(command, environment);
  if (exitCode === 0) return;
  // The next run makes it anew.
  await rm(archive, { force: true });
  throw new UnavailableError(`The database server's files cannot be unpacked into ${data}: ${output}`);
}

async function buildArchive(
  archive: string,
  binaries: Binaries,
  account: Account,
  environment: Environment,
  signal: AbortSignal,
): Promise<void> {
  const building = `${archive}.${randomBytes(6).toString("hex")}`;
  // In the temporary directory, where another user, if Postgres needs one, can get to.
  const directory = await mkdtemp(join(tmpdir(), "pushproof-initdb-"));
  try {
    if (account.user) await chown(directory, account.user.uid, account.user.gid);
    await initialize(directory, binaries, account, environment, signal);
    const command = ["tar", "--create", "--file", building, "--directory", directory, "."];
    const { exitCode, output } = await runProgram(command, environment, { signal });
    if (exitCode !== 0) throw new UnavailableError(`A new database cluster cannot be kept in ${building}: ${output}`);
    await rename(building, archive);
  } finally {
    await Promise.all([rm(directory, { recursive: true, force: true }), rm(building, { force: true })]);
  }
}

async function initialize(
  directory: string,
  binaries: Binaries,
  account: Account,
  environment: Environment,
  signal: AbortSignal,
): Promise<void> {
  let words = "";
  for (const locale of locales) {
    const options = [...initdbOptions, `--locale=${locale}`, "--auth=trust", "-D", directory];
    const command = [...account.prefix, join(account.native, "bin", "initdb"), ...options];
    const { exitCode, output } = await runProgram(command, environment, { signal, user: account.user });
    if (exitCode === 0) return;
    words = output;
    if (!output.includes("locale")) break;
  }
  throw new UnavailableError(`Postgres ${postgresVersion(binaries)} cannot make a database cluster: ${words}`);
}
