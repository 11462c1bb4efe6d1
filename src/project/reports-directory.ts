import { lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError, messageOf, RequestError, UnavailableError } from "../shared/errors.ts";
import { replaceFile } from "../shared/files.ts";

/** Where the reports lie, relative to the repo's root. */
export const reportsDirectory = ".verify";

/** The directory of the logs. */
export interface LogsDirectory {
  /** Absolute. */
  readonly directory: string;
  /** Relative to the repo's root. */
  readonly name: string;
}

/**
 * Makes `.verify/` under the root, ignored by git, and in it the directory for the logs of the run that begins.
 * Throws RequestError where `.verify` is something else than a directory, UnavailableError where it cannot be made.
 */
export async function prepareReports(root: string): Promise<LogsDirectory> {
  const name = `${reportsDirectory}/logs`;
  await inReports(root, () => mkdir(join(root, name), { recursive: true }));
  return { directory: join(root, name), name };
}

/** Does the work with the absolute path of `.verify/`, which is there by then and ignored by git. */
export async function inReports<Result>(root: string, work: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = join(root, reportsDirectory);
  await requireDirectory(directory);
  try {
    await mkdir(directory, { recursive: true });
    await replaceFile(join(directory, ".gitignore"), "*\n");
    return await work(directory);
  } catch (error) {
    // A bug of ours keeps its stack; only what the file system refuses can be mended by the user.
    if (!isSystemError(error)) throw error;
    throw new UnavailableError(`The reports cannot be written to ${directory}: ${messageOf(error)}.`);
  }
}

/** A link might lead anywhere, and what it leads to is not ours to write to. */
async function requireDirectory(directory: string): Promise<void> {
  const found = await lstat(directory).catch(() => null);
  if (!found || found.isDirectory()) return;
  const what = found.isSymbolicLink() ? "a symbolic link" : "not a directory";
  throw new RequestError(`${directory} is ${what}, but the reports are written there; move it out of the way.`);
}
