import { createHash } from "node:crypto";
import { access, chmod, chown, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { privateCache } from "../../../shared/cache.ts";
import { RequestError, UnavailableError } from "../../../shared/errors.ts";
import { withOwnedDirectory } from "../../../shared/owned-directory.ts";
import type { Environment } from "../../../shared/world.ts";
import { initdbOptions, localeOptions } from "../server/settings.ts";
import { postgresVersion } from "./find.ts";
import type { Installation } from "./installation.ts";
import { touch, unfinishedPath } from "./kept.ts";
import { runPostgresProgram } from "./program.ts";

/**
 * The absolute path of an archive with a new cluster's data directory, made by `initdb` on first use with that locale
 * (see `localeOptions`). Throws RequestError for an unknown locale. An archive is read in one go, which is faster than
 * copying a thousand files, and is complete or absent.
 */
export async function clusterArchive(installation: Installation, locale?: string): Promise<string> {
  const cache = await privateCache(installation.environment);
  const key = createHash("sha256")
    .update(JSON.stringify([initdbOptions, localeOptions(locale)]))
    .digest("hex")
    .slice(0, 12);
  const name = `cluster-${process.platform}-${process.arch}-${installation.binaries.version}-${key}.tar`;
  const archive = join(cache, name);
  if (!(await touch(archive))) await buildArchive(archive, installation, locale);
  return archive;
}

/**
 * Extracts an archive into a data directory. Throws UnavailableError where that fails, and removes a damaged archive,
 * so that it is made again.
 */
export async function extractArchive(archive: string, data: string, environment: Environment): Promise<void> {
  const command = ["tar", "--extract", "--no-same-owner", "--file", archive, "--directory", data];
  const { exitCode, output } = await runPostgresProgram(command, environment);
  // tar accepts an empty file as an archive.
  if (exitCode === 0 && (await exists(join(data, "global/pg_control")))) return;
  await rm(archive, { force: true });
  throw new UnavailableError(
    `The database server's files cannot be unpacked into ${data}: ${output || `${archive} holds no cluster`}`,
  );
}

/**
 * Packs the data directory of a cleanly stopped server. Throws UnavailableError where that fails, and removes the
 * partial archive.
 */
export async function packArchive(
  data: string,
  archive: string,
  { environment, signal }: Pick<Installation, "environment" | "signal">,
): Promise<void> {
  // The only file in it that refers to the run.
  const command = ["tar", "--create", "--exclude=./postmaster.opts", "--file", archive, "--directory", data, "."];
  try {
    const { exitCode, output } = await runPostgresProgram(command, environment, { signal });
    if (exitCode !== 0) throw new UnavailableError(`A database cluster cannot be kept in ${archive}: ${output}`);
    await flush(archive);
  } catch (error) {
    await rm(archive, { force: true });
    throw error;
  }
}

/** The content must be on disk before the name is. */
async function flush(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function buildArchive(archive: string, installation: Installation, locale: string | undefined): Promise<void> {
  const building = await unfinishedPath(archive);
  try {
    await withOwnedDirectory(installation.environment, async (directory) => {
      // Another user, if Postgres needs one, can pass through to the data, which only that user owns.
      await chmod(directory, 0o711);
      const data = join(directory, "data");
      await mkdir(data, { mode: 0o700 });
      await initialize(data, installation, locale);
      await packArchive(data, building, installation);
    });
    await rename(building, archive);
  } finally {
    await rm(building, { force: true });
  }
}

async function initialize(directory: string, installation: Installation, wanted: string | undefined): Promise<void> {
  const { environment, signal } = installation;
  const { native, prefix, user } = await installation.account();
  if (user) await chown(directory, user.uid, user.gid);
  let lastOutput = "";
  for (const locale of localeOptions(wanted)) {
    const options = [...initdbOptions, ...locale, "--auth=trust", "-D", directory];
    const command = [...prefix, join(native, "bin", "initdb"), ...options];
    const { exitCode, output } = await runPostgresProgram(command, environment, { signal, user });
    if (exitCode === 0) return;
    lastOutput = output;
    if (wanted !== undefined && /\bicu\b|provider|language/i.test(output)) {
      const why = output.trim().split("\n").at(-1) ?? "";
      throw new RequestError(
        `Postgres ${postgresVersion(installation.binaries)} does not know the locale "${wanted}" of database.locale: ${why}`,
      );
    }
    if (!output.includes("locale")) break;
  }
  throw new UnavailableError(
    `Postgres ${postgresVersion(installation.binaries)} cannot make a database cluster: ${lastOutput}`,
  );
}
