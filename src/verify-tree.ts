import type { VerifyRequest } from "./config/request.ts";
import type { Shard } from "./config/shard.ts";
import type { Summary } from "./model/summary.ts";
import { readChangeFacts } from "./pipeline/change-facts.ts";
import type { Context, OpenedTree, Prepared } from "./pipeline/context.ts";
import { decideReuse } from "./pipeline/decide-reuse.ts";
import type { JudgedRun } from "./pipeline/judge-run.ts";
import {
  asOfShards,
  mergeStage,
  ownChecks,
  recordShards,
  reportShard,
  reportShardBegun,
  type ShardEnd,
} from "./pipeline/shards.ts";
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
import { prepareReports } from "./project/reports-directory.ts";
import type { Receipt } from "./push/receipts.ts";
import type { Target } from "./push/refs.ts";
import { noRunLock, type RunLock, takeRunLock } from "./push/run-lock.ts";
import { loadStages, runStages } from "./report/terminal/run-stages.ts";
import { type Stage, sideBySide, stage } from "./report/terminal/stage.ts";
import { background } from "./shared/background.ts";
import { type ExitCode, exitCodes } from "./shared/errors.ts";
import { SpareTime } from "./shared/spare-time.ts";
import { describePlan, makePlan, type Plan } from "./suite/plan/plan.ts";
import { openReplayStore } from "./suite/races/replay-order.ts";
import { Reuse } from "./suite/reuse/reuse.ts";
import { openRun, type RunContext } from "./suite/run-context.ts";
import { DurationStore } from "./suite/schedule/durations.ts";
import { findProof, wantsProof } from "./trust/proof.ts";
import { readReceiptKey } from "./trust/receipt-key.ts";

/**
 * Plan → Run → Verdict → Reports and receipt, for the files of one tree; or its receipt, where one proves it. Of a shard's
 * part, whether it passed. Throws ExpectedError where the verification could not run.
 */
export async function verifyTree(context: Context, opened: OpenedTree): Promise<ExitCode> {
  const { request, world } = context;
  const { target, checkout, loaded } = opened;
  const { config } = loaded;
  const { options } = request;
  const plan = makePlan(config, options, checkout.root);
  const spare = new SpareTime();
  const facts = readChangeFacts(context, loaded, checkout, target, spare);
  const receiptKey = background(readReceiptKey({ config, plan, target, checkout, world, options, base: facts }));

  const find = () => findProof(context, plan, target, receiptKey, config.base);
  const proven = isPart(request) ? null : await find();
  const reportProven = async (receipt: Receipt): Promise<ExitCode> => {
    spare.begin();
    return codeOf(await (await loadReports()).reportReceipt(context, target, receipt, facts));
  };
  if (proven !== null) return await reportProven(proven);
  const turn = isPart(request) ? noRunLock : await takeTurn(context, plan, target);
  try {
    const meanwhile = turn.hasWaited ? await find() : null;
    if (meanwhile !== null) return await reportProven(meanwhile);
    return await verifyFiles(context, { ...opened, plan, receiptKey, spare, ...facts });
  } finally {
    await turn.release();
  }
}

/** What judges and reports is loaded in spare time: that takes as long as deciding what runs. */
const loadReports = () => import("./pipeline/reports.ts");
const loadJudge = () => import("./pipeline/judge-run.ts");

/** Whether this machine runs a part of the whole, or judges what others ran. */
function isPart({ options, merge }: VerifyRequest): boolean {
  return options.shard !== undefined || merge !== undefined;
}

function codeOf({ verdict }: Pick<Summary, "verdict">): ExitCode {
  if (verdict === "verified") return exitCodes.verified;
  return verdict === "failed" ? exitCodes.notVerified : exitCodes.unavailable;
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
async function verifyFiles(context: Context, prepared: Prepared): Promise<ExitCode> {
  const { plan, spare } = prepared;
  const { shard } = context.request.options;
  // While other programs tell what may be reused.
  background(loadStages(context.output));
  const run = await beginRun(context, prepared);
  const beginning = background(
    shard === undefined ? beginReports(context, prepared) : reportShardBegun(context, prepared, shard),
  );
  const results = noResults();
  if (context.request.merge === undefined) context.output.say(`  ${describePlan(plan)}`);
  try {
    const parts = { run, results, beginning };
    return shard === undefined
      ? codeOf(await runPlan(context, prepared, parts))
      : await runShard(context, prepared, shard, parts);
  } catch (error) {
    spare.begin();
    await beginning.catch(() => {});
    await abandonDatabases(results);
    const { reportError } = await loadReports();
    await reportError(context, prepared, error, run.soFar).catch(() => {});
    throw error;
  } finally {
    await run.close();
  }
}

/** Marks the reports as in progress, and loads meanwhile what judges the run. */
async function beginReports(context: Context, prepared: Prepared): Promise<void> {
  await prepared.spare.begun;
  const [{ reportBeginning }] = await Promise.all([loadReports(), loadJudge()]);
  await reportBeginning(context, prepared);
}

/** The shared context and results of a run, and its initial report. */
interface Run {
  readonly run: RunContext;
  readonly results: RunResults;
  readonly beginning: Promise<void>;
}

/** The stages that find results: checks and databases, then the suites; or what shards have found of them. */
function findingStages({ request }: Context, prepared: Prepared, { run, results }: Run): Stage[] {
  const { plan, loaded } = prepared;
  const { races } = loaded.config;
  if (request.merge !== undefined) return [mergeStage(prepared, request.merge, run, results)];
  return [
    sideBySide(
      checkStages(plan, ownChecks(loaded.config, request.options.shard), run, results),
      databaseStages(plan, run, results),
    ),
    ...run.reuse.inOrder(plan.suites).map((suite) => suiteStage(suite, races, run, results)),
  ];
}

/** Runs the stages in order. */
async function runPlan(context: Context, given: Prepared, parts: Run): Promise<Summary> {
  const { run, results, beginning } = parts;
  const { plan, loaded } = given;
  let prepared = given;
  let judged: JudgedRun | undefined;
  const signing = stage("Receipt", async (show) => {
    if (judged === undefined) return undefined;
    const signed = await signRun(context, prepared, judged, results, show);
    judged = signed.judged;
    return signed.end;
  });
  await runStages(
    [
      ...findingStages(context, prepared, parts),
      stage("Verdict", async () => {
        given.spare.begin();
        const drift = background(given.checkout.drift());
        const finished = await finishSuites(results, plan, run);
        await beginning;
        prepared = asOfShards(given, results);
        const { judgeRun } = await loadJudge();
        judged = await judgeRun(context, prepared, finished, await drift);
      }),
      ...(loaded.config.receipts.push ? [signing] : []),
      stage("Reports", async () => {
        if (judged === undefined) return;
        const { verdict, server } = judged.summary;
        // What happened in a checkout that changed meanwhile says nothing of either state.
        const recording =
          verdict === "error" ? null : background(run.reuse.record(results.suites, { scratch: run.scratch, server }));
        try {
          const { reportRun } = await loadReports();
          await reportRun(context, prepared, judged, results);
        } finally {
          // It reads files that go when the run closes, also where no report can be written.
          await recording;
        }
      }),
    ],
    context.output,
  );
  if (judged === undefined) throw new Error("The stages ended without a verdict.");
  if (judged.summary.verdict !== "error") {
    for (const note of await recordShards(context, prepared, results, run)) context.output.say(`  ${note}`);
  }
  return judged.summary;
}

/** Runs one shard's part of the plan, which is no verdict: its results are for `verify merge`. */
async function runShard(context: Context, prepared: Prepared, shard: Shard, parts: Run): Promise<ExitCode> {
  let end: ShardEnd | undefined;
  await runStages(
    [
      ...findingStages(context, prepared, parts),
      stage("Results", async () => {
        await parts.beginning;
        end = await reportShard(context, prepared, shard, parts);
      }),
    ],
    context.output,
  );
  return end?.hasPassed ? exitCodes.verified : exitCodes.notVerified;
}

async function beginRun(context: Context, prepared: Prepared): Promise<RunContext & { close(): Promise<void> }> {
  const { repository, request, world } = context;
  const { target, checkout, loaded, plan, startedAt, spare } = prepared;
  const { commonDirectory, root } = repository;
  const [reuse, logs, replays] = await Promise.all([
    // A merge runs nothing.
    request.merge !== undefined ? Reuse.none : decideReuse(context, prepared),
    prepareReports(root),
    openReplayStore(root, checkout.kind === "working tree" ? null : target.commit),
  ]);
  return await openRun({
    config: loaded.config,
    plan,
    checkout,
    mainRoot: root,
    logs,
    durations: new DurationStore({ commonDirectory, branch: target.branch, base: loaded.config.base }),
    replays,
    reuse,
    startedAt,
    options: request.options,
    world,
    onStart: () => spare.begin(),
  });
}
