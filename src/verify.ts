import type { VerifyRequest } from "./config/request.ts";
import { openRepository } from "./git/repository.ts";
import type { Summary } from "./model/summary.ts";
import { readChangeFacts } from "./pipeline/change-facts.ts";
import { describeCheckout, openFiles, readSubject, requireConfig } from "./pipeline/checkout.ts";
import type { Context, Prepared } from "./pipeline/context.ts";
import { type JudgedRun, judgeRun } from "./pipeline/judge-run.ts";
import { reportBeginning, reportError, reportReceipt, reportRun } from "./pipeline/reports.ts";
import { signRun } from "./pipeline/sign-run.ts";
import {
  abandonDatabases,
  checkStages,
  databaseStages,
  finishSuites,
  noResults,
  type RunResults,
  suiteStage,
} from "./pipeline/stages.ts";
import { sweepLeftovers } from "./pipeline/sweep.ts";
import { prepareReports } from "./project/reports-directory.ts";
import { ReceiptStore } from "./push/receipts.ts";
import type { Target } from "./push/refs.ts";
import { noRunLock, type RunLock, takeRunLock } from "./push/run-lock.ts";
import { openOutput } from "./report/terminal/output.ts";
import { runStages, showStage } from "./report/terminal/run-stages.ts";
import { sideBySide, stage } from "./report/terminal/stage.ts";
import { background } from "./shared/background.ts";
import { type ExitCode, exitCodes } from "./shared/errors.ts";
import type { World } from "./shared/world.ts";
import { describePlan, makePlan, type Plan } from "./suite/plan/plan.ts";
import { openReplayStore } from "./suite/races/replay-order.ts";
import { openRun, type RunContext } from "./suite/run-context.ts";
import { DurationStore } from "./suite/schedule/durations.ts";
import { findProof, wantsProof } from "./trust/proof.ts";
import { readReceiptKey } from "./trust/receipt-key.ts";

/**
 * Push → Checkout → Plan → Run → Verdict → Reports and receipt, for each requested tree until one is not verified.
 * Returns the exit code; throws ExpectedError where a verification could not run.
 */
export async function verify(request: VerifyRequest, world: World): Promise<ExitCode> {
  const output = openOutput(request.options.json ? world.errors : world.output, world.environment);
  const repository = await openRepository(world);
  const receipts = new ReceiptStore(repository.commonDirectory);
  const context = { request, world, repository, output, receipts };
  await receipts.prune(new Date());
  const swept = sweepLeftovers(repository, world);

  try {
    const push = await readSubject(repository, request.subject, world);
    for (const line of push.skipped) output.say(line);
    for (const target of push.targets) {
      const summary = await verifyTarget(context, target);
      if (summary.verdict !== "verified")
        return summary.verdict === "failed" ? exitCodes.notVerified : exitCodes.unavailable;
    }
    return exitCodes.verified;
  } finally {
    await swept;
  }
}

/** Verifies one tree, or uses its receipt. */
async function verifyTarget(context: Context, target: Target): Promise<Summary> {
  const { request, world, repository, output } = context;
  const startedAt = new Date();
  const checkout = await showStage("Checkout", openFiles(context, target), output, (files) =>
    describeCheckout(files, target),
  );
  for (const note of checkout.notes) output.say(`  ${note}`);
  try {
    const loaded = await requireConfig(checkout, repository, target);
    const { config } = loaded;
    const { options } = request;
    const plan = makePlan(config, options, checkout.root);
    const facts = readChangeFacts(context, loaded, checkout, target);
    const receiptKey = background(readReceiptKey({ config, plan, target, checkout, world, options, base: facts }));

    const proven = await findProof(context, plan, target, receiptKey);
    if (proven !== null) return await reportReceipt(context, target, proven, facts.changes);
    const turn = await takeTurn(context, plan, target);
    try {
      const meanwhile = turn.hasWaited ? await findProof(context, plan, target, receiptKey) : null;
      if (meanwhile !== null) return await reportReceipt(context, target, meanwhile, facts.changes);
      return await verifyFiles(context, { target, checkout, loaded, plan, receiptKey, ...facts, startedAt });
    } finally {
      await turn.release();
    }
  } finally {
    await checkout.close();
  }
}

/**
 * Lets whoever comes later wait for this run's receipt, and waits for another run's where that would do. What gives no
 * receipt is nobody's to wait for.
 */
async function takeTurn({ request, repository, output, world }: Context, plan: Plan, target: Target): Promise<RunLock> {
  if (plan.special || request.subject.kind === "working tree") return noRunLock;
  const onWait = (pid: number): void =>
    output.say(`  Process ${pid} verifies these files already: waiting for its verdict.`);
  return await takeRunLock(repository.commonDirectory, target.tree, {
    signal: world.signal,
    onWait: wantsProof(request, plan) ? onWait : undefined,
  });
}

/** Runs the plan and judges it. If that fails with an error, writes it to the reports and rethrows it. */
async function verifyFiles(context: Context, prepared: Prepared): Promise<Summary> {
  const { plan } = prepared;
  const run = await beginRun(context, prepared);
  const beginning = background(reportBeginning(context, prepared));
  const results = noResults();
  context.output.say(`  ${describePlan(plan)}`);
  try {
    return await runPlan(context, prepared, { run, results, beginning });
  } catch (error) {
    await beginning.catch(() => {});
    await abandonDatabases(results);
    await reportError(context, prepared, error, run.soFar).catch(() => {});
    throw error;
  } finally {
    await run.close();
  }
}

/** The shared context and results of a run, and its initial report. */
interface Run {
  readonly run: RunContext;
  readonly results: RunResults;
  readonly beginning: Promise<void>;
}

/** Runs the stages in order. */
async function runPlan(context: Context, prepared: Prepared, { run, results, beginning }: Run): Promise<Summary> {
  const { plan, loaded } = prepared;
  const { checks, races } = loaded.config;
  let judged: JudgedRun | undefined;
  const signing = stage("Receipt", async (show) => {
    if (judged === undefined) return undefined;
    const signed = await signRun(context, prepared, judged, results, show);
    judged = signed.judged;
    return signed.end;
  });
  await runStages(
    [
      sideBySide(checkStages(plan, checks, run, results), databaseStages(plan, run, results)),
      ...plan.suites.map((suite) => suiteStage(suite, races, run, results)),
      stage("Verdict", async () => {
        const finished = await finishSuites(results, run);
        await beginning;
        judged = await judgeRun(context, prepared, finished);
      }),
      ...(loaded.config.receipts.push ? [signing] : []),
      stage("Reports", async () => {
        if (judged !== undefined) await reportRun(context, prepared, judged, results);
      }),
    ],
    context.output,
  );
  if (judged === undefined) throw new Error("The stages ended without a verdict.");
  return judged.summary;
}

async function beginRun(context: Context, prepared: Prepared): Promise<RunContext & { close(): Promise<void> }> {
  const { repository, request, world } = context;
  const { target, checkout, loaded, plan, startedAt } = prepared;
  const { commonDirectory, root } = repository;
  return await openRun({
    config: loaded.config,
    plan,
    checkout,
    mainRoot: root,
    logs: await prepareReports(root),
    durations: new DurationStore({ commonDirectory, branch: target.branch, base: loaded.config.base }),
    replays: await openReplayStore(root, checkout.kind === "working tree" ? null : target.commit),
    startedAt,
    options: request.options,
    world,
  });
}
