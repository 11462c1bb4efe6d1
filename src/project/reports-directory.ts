import { lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError, messageOf, RequestError, UnavailableError } from "../shared/errors.ts";
import { replaceFile } from "../shared/files.ts";

/** The directory of reports, relative to the repository's root. */
export const reportsDirectory = ".verify";

/** The directory of the logs. */
export interface LogsDirectory {
  /** Absolute. */
  readonly directory: string;
  /** Relative to the repo's root. */
  readonly name: string;
}

/**
 * Creates `.verify/` under the root, ignored by git, with a log directory for this run. Throws RequestError where
 * `.verify` is not a directory, UnavailableError where it cannot be created.
 */
export async function prepareReports(root: string): Promise<LogsDirectory> {
  const name = `${reportsDirectory}/logs`;
  await inReports(root, () => mkdir(join(root, name), { recursive: true }));
  return { directory: join(root, name), name };
}

/** Calls a function with the absolute path of `.verify/`, after creating it. */
export async function inReports<Result>(root: string, work: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = join(root, reportsDirectory);
  await requireDirectory(directory);
  try {
    await mkdir(directory, { recursive: true });
    await replaceFile(join(directory, ".gitignore"), "*\n");
    return await work(directory);
  } catch (error) {
    // Only file system errors can be fixed by the user; others keep their stack.
    if (!isSystemError(error)) throw error;
    throw new UnavailableError(`The reports cannot be written to ${directory}: ${messageOf(error)}.`);
  }
}

/** A link might lead anywhere, and its target is not ours. */
async function requireDirectory(directory: string): Promise<void> {
  const found = await lstat(directory).catch(() => null);
  if (!found || found.isDirectory()) return;
  const what = found.isSymbolicLink() ? "a symbolic link" : "not a directory";
  throw new RequestError(`${directory} is ${what}, but the reports are written there; move it out of the way.`);
}
