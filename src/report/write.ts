import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeLcov } from "../coverage/lcov/merge.ts";
import type { Coverage } from "../coverage/lcov/source-coverage.ts";
import type { RunRecord } from "../model/run-record.ts";
import type { Summary } from "../model/summary.ts";
import { inReports, reportsDirectory } from "../project/reports-directory.ts";
import { replaceFile } from "../shared/files.ts";
import { reportsIndex } from "./markdown/reports-index.ts";
import { summaryMarkdown } from "./markdown/summary.ts";
import { reportPage } from "./page/page.ts";
import type { PullRequestTemplate } from "./pull-request/template.ts";
import { writePullRequest } from "./pull-request/write.ts";
import { summaryJson } from "./summary-json.ts";

/** The coverage of all suites. */
export interface MergedCoverage {
  readonly coverage: Coverage;
  /** The absolute root of what was verified, which may be a worktree: file names are written relative to it. */
  readonly root: string;
}

/** What a run measured beside its summary. */
export interface RunData {
  readonly coverage: MergedCoverage | null;
  readonly record: RunRecord | null;
}

/** Of a run that came to no end, or did not have to run. */
export const nothing: RunData = { coverage: null, record: null };

/**
 * Writes the reports of a run into `.verify/` under the root. Without coverage, an earlier run's `coverage.lcov` goes,
 * unless that run is the one whose receipt is reused. A reader sees the old file or the new one, never half of one; what
 * else lies there stays, and so does what an author wrote into `pull-request.md`, which begins with the template. Gives what
 * is to be said of that, a sentence each. Throws RequestError where `.verify` is something else than a directory, UnavailableError where
 * it cannot be written.
 */
export async function writeReports(
  root: string,
  summary: Summary,
  { coverage, record }: RunData,
  template: PullRequestTemplate | null = null,
): Promise<readonly string[]> {
  return await inReports(root, async (directory) => {
    const lcov = join(directory, "coverage.lcov");
    if (coverage) await replaceFile(lcov, (path) => writeLcov(coverage.coverage, coverage.root, path));
    else if (!(await isOfLastRun(directory, summary))) await rm(lcov, { force: true });
    const notes = await writePullRequest(directory, summary, template);
    await writeSummaries(directory, summary, record);
    return notes;
  });
}

/**
 * Says in `.verify/` under the root that a run has begun, in place of what an earlier run found. `pull-request.md` stays until
 * the end, as its author may be writing in it; it names the commit that it tells of. Throws what `writeReports` throws.
 */
export async function writeBeginning(root: string, summary: Summary): Promise<void> {
  await inReports(root, async (directory) => {
    await rm(join(directory, "coverage.lcov"), { force: true });
    await writeSummaries(directory, summary, null);
  });
}

async function writeSummaries(directory: string, summary: Summary, record: RunRecord | null): Promise<void> {
  await replaceFile(join(directory, "report.html"), reportPage(summary, record));
  await replaceFile(join(directory, "summary.md"), summaryMarkdown(summary));
  await replaceFile(join(directory, "summary.json"), summaryJson(summary));
  await replaceFile(join(directory, "README.md"), reportsIndex(summary, await readdir(directory)));
}

/** Writes one file into `.verify/` under the root, and gives its absolute path. Throws what `writeReports` throws. */
export async function writeReport(root: string, name: string, text: string): Promise<string> {
  await inReports(root, (directory) => replaceFile(join(directory, name), text));
  return join(root, reportsDirectory, name);
}

/** Whether a summary repeats what the reports that lie there are about: a proof of the same tree. */
async function isOfLastRun(directory: string, { receipt }: Summary): Promise<boolean> {
  if (!receipt?.reused) return false;
  try {
    const last: Summary = JSON.parse(await readFile(join(directory, "summary.json"), "utf8"));
    return last.receipt?.tree === receipt.tree;
  } catch {
    return false;
  }
}
