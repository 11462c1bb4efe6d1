import { appendFile, stat } from "node:fs/promises";
import type { Summary } from "../../model/summary.ts";
import type { Environment } from "../../shared/world.ts";
import { summaryMarkdown } from "../markdown/summary.ts";
import type { Output } from "../terminal/output.ts";
import { annotations, largestStepSummary, stepSummary } from "./annotations.ts";

/**
 * On GitHub Actions: writes the summary of the step, and annotations for failures and uncovered lines. Errors are only
 * logged, as the reports are in `.verify/` too.
 */
export async function tellGitHub(summary: Summary, output: Output, environment: Environment): Promise<void> {
  const { GITHUB_ACTIONS, GITHUB_STEP_SUMMARY } = environment;
  if (GITHUB_ACTIONS === "true") for (const line of annotations(summary)) output.command(line);
  if (!GITHUB_STEP_SUMMARY) return;
  try {
    // Other programs in the same step may have written to it.
    const before = await stat(GITHUB_STEP_SUMMARY).catch(() => null);
    await appendFile(
      GITHUB_STEP_SUMMARY,
      stepSummary(summaryMarkdown(summary), largestStepSummary - (before?.size ?? 0)),
    );
  } catch {
    output.say("  The summary could not be added to GITHUB_STEP_SUMMARY.");
  }
}
