import { randomBytes } from "node:crypto";
import { lstat, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type LineCoverage, writeLcov } from "../coverage/lcov.ts";
import { messageOf, RequestError, UnavailableError } from "../errors.ts";
import { pullRequestBody } from "./pull-request.ts";
import type { Summary } from "./summary.ts";
import { summaryJson } from "./summary-json.ts";
import { summaryMarkdown } from "./summary-markdown.ts";

/** Where the reports lie, relative to the repo's root. */
export const reportsDirectory = ".verify";

/** The coverage of all suites by line. */
export interface MergedCoverage {
  readonly lines: LineCoverage;
  /** The absolute root of what was verified, which may be a worktree: file names are written relative to it. */
  readonly root: string;
}

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

/**
 * Writes the reports of a run into `.verify/` under the root; without coverage, an earlier run's `coverage.lcov` goes.
 * A reader sees the old file or the new one, never half of one; what else lies there stays. Throws RequestError where
 * `.verify` is something else than a directory, UnavailableError where it cannot be written.
 */
export async function writeReports(root: string, summary: Summary, coverage: MergedCoverage | null): Promise<void> {
  await inReports(root, async (directory) => {
    const write = (name: string, content: string): Promise<void> =>
      replaceFile(directory, name, (path) => writeFile(path, content));
    if (coverage)
      await replaceFile(directory, "coverage.lcov", (path) => writeLcov(coverage.lines, coverage.root, path));
    else await rm(join(directory, "coverage.lcov"), { force: true });
    await write("pull-request.md", pullRequestBody(summary));
    await write("summary.md", summaryMarkdown(summary));
    await write("summary.json", summaryJson(summary));
  });
}

/** Does the work with the absolute path of `.verify/`, which is there by then and ignored by git. */
async function inReports(root: string, work: (directory: string) => Promise<unknown>): Promise<void> {
  const directory = join(root, reportsDirectory);
  await requireDirectory(directory);
  try {
    await mkdir(directory, { recursive: true });
    await replaceFile(directory, ".gitignore", (path) => writeFile(path, "*\n"));
    await work(directory);
  } catch (error) {
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

/** Writes under a temporary name of its own, then takes the file's place at once. */
async function replaceFile(directory: string, name: string, write: (path: string) => Promise<void>): Promise<void> {
  const temporary = join(directory, `.${name}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await write(temporary);
    await rename(temporary, join(directory, name));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
