import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf, UnavailableError } from "./errors.ts";
import { currentOwner, nameWithOwner } from "./process-owner.ts";
import type { Environment } from "./world.ts";

/** What the names of our temporary directories begin with; src/suite/scratch.ts removes those of killed processes. */
export const ownedPrefix = "pushproof-run";

/** The absolute directory for temporary files. */
export function temporaryParent(environment: Environment): string {
  return environment.TMPDIR || tmpdir();
}

/**
 * Makes a private, absolute directory that belongs to this process: if that is killed, a later run removes it. Throws
 * UnavailableError where it cannot be made.
 */
export async function makeOwnedDirectory(environment: Environment): Promise<string> {
  const parent = temporaryParent(environment);
  try {
    return await mkdtemp(join(parent, nameWithOwner(ownedPrefix, await currentOwner(), "")));
  } catch (error) {
    throw new UnavailableError(
      `No temporary directory can be made in ${parent}: ${messageOf(error)}. Set TMPDIR to a directory with room in which you may write.`,
      { cause: error },
    );
  }
}

/** Runs something with such a directory, which is removed afterwards. */
export async function withOwnedDirectory<Value>(
  environment: Environment,
  work: (directory: string) => Promise<Value>,
): Promise<Value> {
  const directory = await makeOwnedDirectory(environment);
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}
