import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { makeOwn } from "../../../shared/cache.ts";
import { UnavailableError } from "../../../shared/errors.ts";
import type { Environment } from "../../../shared/world.ts";
import { type Binaries, copyNative } from "./find.ts";

const run = promisify(execFile);

/** The account that runs Postgres's programs, which refuse to run as root. */
export interface Account {
  readonly native: string;
  /** The arguments to put in front of a command line. */
  readonly prefix: readonly string[];
  /** The system user to switch to, which must own the data directory. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * Decides how to run the programs. An ordinary user runs them directly. Root runs them in a user namespace, where it is
 * nobody and still owns its files; where that is forbidden, as the system user postgres or nobody.
 */
export async function chooseAccount(binaries: Binaries, environment: Environment): Promise<Account> {
  const { native } = binaries;
  if (process.getuid?.() !== 0) return { native, prefix: [], user: undefined };
  const prefix = ["unshare", "-U"];
  if (await canRun(native, prefix, environment)) return { native, prefix, user: undefined };
  // Another user cannot read root's home, nor can root without privileges read another's.
  const readable = await readableCopy(binaries);
  if (await canRun(readable, prefix, environment)) return { native: readable, prefix, user: undefined };
  return { native: readable, prefix: [], user: await ordinaryUser() };
}

async function canRun(
  native: string,
  [command = "", ...rest]: readonly string[],
  environment: Environment,
): Promise<boolean> {
  return await run(command, [...rest, join(native, "bin", "postgres"), "--version"], {
    env: { PATH: environment.PATH },
  }).then(
    () => true,
    () => false,
  );
}

async function readableCopy(binaries: Binaries): Promise<string> {
  const directory = join(tmpdir(), "pushproof-programs-0");
  if (!(await makeOwn(directory, 0o755))) {
    throw new UnavailableError(`${directory} is not root's alone, so no Postgres is run from it: remove it.`);
  }
  const copy = join(directory, `${process.arch}-${binaries.version}`);
  await copyNative(binaries.native, copy);
  return copy;
}

async function ordinaryUser(): Promise<{ uid: number; gid: number }> {
  const lines = (await readFile("/etc/passwd", "utf8").catch(() => "")).split("\n").map((line) => line.split(":"));
  for (const name of ["postgres", "nobody"]) {
    const entry = lines.find(([user]) => user === name);
    if (entry !== undefined) return { uid: Number(entry[2]), gid: Number(entry[3]) };
  }
  throw new UnavailableError(
    "Postgres refuses to run as root, user namespaces are forbidden here, and there is no user postgres or nobody: run as an ordinary user, or name a server with --database-url.",
  );
}
