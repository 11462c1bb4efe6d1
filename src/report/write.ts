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

/** The merged coverage of all suites. */
export interface MergedCoverage {
  readonly coverage: Coverage;
  /** The absolute root of the verified files, possibly a worktree; file names are relative to it. */
  readonly root: string;
}

/** What a run measured, besides its summary. */
export interface RunData {
  readonly coverage: MergedCoverage | null;
  readonly record: RunRecord | null;
}

/** For a run that failed early or was not needed. */
export const nothing: RunData = { coverage: null, record: null };

/**
 * Writes a run's reports into `.verify/` under the root. Without coverage, removes the `coverage.lcov` of an earlier
 * run, unless its receipt is reused. Files are replaced atomically; other files stay, as do the author's edits of
 * `pull-request.md`. Returns notes about those, one sentence each. Throws RequestError where `.verify` is not a
 * directory, UnavailableError where it is not writable.
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
 * Replaces the reports in `.verify/` under the root by a note that a run has begun. `pull-request.md` stays until the
 * end, as its author may be editing it. Throws what `writeReports` throws.
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

/** Writes one file into `.verify/` under the root and returns its absolute path. Throws what `writeReports` throws. */
export async function writeReport(root: string, name: string, text: string): Promise<string> {
  await inReports(root, (directory) => replaceFile(join(directory, name), text));
  return join(root, reportsDirectory, name);
}

/** Whether the existing reports are about the same tree as a summary with a reused receipt. */
async function isOfLastRun(directory: string, { receipt }: Summary): Promise<boolean> {
  if (!receipt?.reused) return false;
  try {
    const last: Summary = JSON.parse(await readFile(join(directory, "summary.json"), "utf8"));
    return last.receipt?.tree === receipt.tree;
  } catch {
    return false;
  }
}
