import { joinedRecords } from "../model/run-record.ts";
import type { SuiteSummary, Summary } from "../model/summary.ts";
import type { Receipt } from "../push/receipts.ts";
import type { Target } from "../push/refs.ts";
import { tellGitHub } from "../report/github/tell.ts";
import { summaryOfBeginning, summaryOfError, summaryOfReceipt } from "../report/summarize.ts";
import { summaryJson } from "../report/summary-json.ts";
import { verdictText } from "../report/terminal/verdict-text.ts";
import { nothing, type RunData, writeBeginning, writeReports } from "../report/write.ts";
import { InterruptedError, messageOf } from "../shared/errors.ts";
import type { ChangeFacts } from "./change-facts.ts";
import type { Context, Prepared } from "./context.ts";
import type { JudgedRun } from "./judge-run.ts";
import { readRunFacts } from "./run-facts.ts";
import type { RunResults } from "./stages.ts";

/** Marks the reports as in progress, so that none of an earlier run is taken for this one's. */
export async function reportBeginning(context: Context, prepared: Prepared): Promise<void> {
  await writeBeginning(context.repository.root, summaryOfBeginning(await readRunFacts(context, prepared)));
}

/** Writes the reports and prints the verdict, without the notes that were already `shown`. */
async function reportSummary(
  context: Context,
  summary: Summary,
  { template, ...data }: RunData & Pick<ChangeFacts, "template">,
  shown: readonly string[] = [],
): Promise<Summary> {
  const { output, repository, request, world } = context;
  const written = await writeReports(repository.root, summary, data, await template);
  const notes = summary.notes.filter((note) => !shown.includes(note));
  output.print(verdictText({ ...summary, notes }, output.colors, output.screen));
  for (const note of written) output.say(`  ${note}`);
  await tellGitHub(summary, output, world.environment);
  if (request.options.json) world.output.write(summaryJson(summary));
  return summary;
}

/** Reports a finished run. */
export async function reportRun(
  context: Context,
  { checkout, template }: Prepared,
  { summary, assessment }: JudgedRun,
  { suites }: RunResults,
): Promise<void> {
  const coverage = assessment && { coverage: assessment.coverage, root: checkout.root };
  await reportSummary(context, summary, { coverage, record: joinedRecords(suites), template }, checkout.notes);
}

/** Reports a tree that a receipt proves, without a run. */
export async function reportReceipt(
  context: Context,
  target: Target,
  receipt: Receipt,
  { changes, destination, template }: Pick<ChangeFacts, "changes" | "destination" | "template">,
): Promise<Summary> {
  const facts = { changes: await changes, destination: await destination };
  return await reportSummary(context, summaryOfReceipt(receipt, target, facts), { ...nothing, template });
}

/** Writes reports for a run that failed with an error; the caller prints the error itself. */
export async function reportError(
  context: Context,
  prepared: Prepared,
  error: unknown,
  suites: readonly SuiteSummary[],
): Promise<void> {
  const { output, repository, request, world } = context;
  const verdict = error instanceof InterruptedError ? "interrupted" : "error";
  const summary = summaryOfError(await readRunFacts(context, prepared), verdict, messageOf(error), suites);
  for (const note of await writeReports(repository.root, summary, nothing, await prepared.template))
    output.say(`  ${note}`);
  await tellGitHub(summary, output, world.environment);
  if (request.options.json) world.output.write(summaryJson(summary));
}
