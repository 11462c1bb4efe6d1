import { pathToFileURL } from "node:url";
import { noLeases } from "../database/leases.ts";
import { messageOf, RequestError, UnavailableError } from "../shared/errors.ts";
import { runInForeground } from "../shared/exec/foreground.ts";
import { adapterPath } from "../shared/paths.ts";
import type { World } from "../shared/world.ts";
import type { CommandDatabase } from "../suite/command-database.ts";

/**
 * Runs one command with its own database in its environment and returns its exit code. During a verification, the
 * database is leased from it. Prints nothing to standard output.
 */
export async function exec(args: readonly string[], world: World): Promise<number> {
  const [program, ...rest] = args;
  if (program === undefined) {
    throw new RequestError("`verify exec` runs the command that stands behind `--`: `verify exec -- npm test`.");
  }
  const { environment, close } = await findDatabase(world);
  try {
    const command = { program, args: rest, directory: world.directory, environment };
    const { exitCode, problem } = await runInForeground(command, world.signal);
    if (problem !== null) world.errors.write(`${problem}\n`);
    return exitCode;
  } finally {
    // The command's exit code counts; leftovers are only reported.
    await close().catch((error) => world.errors.write(`The database could not be removed: ${messageOf(error)}\n`));
  }
}

async function findDatabase(world: World): Promise<CommandDatabase> {
  const { VERIFY_LEASES: leases, VERIFY_WORKER: worker } = world.environment;
  if (leases === noLeases) {
    throw new RequestError(
      'This suite has no database for `verify exec`: its configuration says `"database": false`, or all of the repo\'s does.',
    );
  }
  if (leases) return await lease(leases, world);
  // One of our workers already has a database, which its children share.
  if (worker) return { environment: world.environment, close: async () => {} };
  // Imported lazily: a test runner may start this program for every test file.
  return await (await import("../suite/command-database.ts")).openCommandDatabase(world);
}

async function lease(socketPath: string, { environment, signal }: World): Promise<CommandDatabase> {
  const client: LeaseClient = await import(pathToFileURL(adapterPath("lease.mjs")).href);
  const database = await client.leaseDatabase(socketPath, signal).catch((error: unknown) => {
    throw new UnavailableError(messageOf(error));
  });
  // Child processes share the command's database.
  const own = { ...environment, ...database.environment, VERIFY_LEASES: undefined };
  return { environment: own, close: async () => database.end() };
}

/** `adapters/lease.mjs`, which is shipped unbundled. */
interface LeaseClient {
  leaseDatabase(
    socketPath: string,
    signal: AbortSignal,
  ): Promise<{ readonly environment: Readonly<Record<string, string>>; end(): void }>;
}
