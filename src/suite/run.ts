import type { Provision } from "../database/provision.ts";
import type { RunRecord } from "../model/run-record.ts";
import type { Failure, SuiteSummary } from "../model/summary.ts";
import { type Redact, redactor } from "../shared/redact.ts";
import { thresholdNotes } from "./hints/own-thresholds.ts";
import { hintsFor, unusedNotes } from "./hints/suite-hints.ts";
import type { Logs } from "./logs.ts";
import { openSuiteContext, withWorkers } from "./open-suite-context.ts";
import { choiceNotes } from "./plan/narrowing.ts";
import type { PlannedSuite } from "./plan/plan.ts";
import { linkedOut } from "./plan/within-checkout.ts";
import { SuiteProcesses, type SuiteRunResult } from "./processes.ts";
import type { Progress } from "./progress/facts.ts";
import { RunningSuite, type SuiteObserver } from "./progress/running-suite.ts";
import { redactingStore } from "./races/replay-order.ts";
import { findRaces } from "./races/reruns.ts";
import { redactFailure, redactRecord, redactRejection } from "./results/redact.ts";
import { nameInFile, nothingRan, reportedFile } from "./results/results.ts";
import { recordRun } from "./results/timeline.ts";
import { unfinishedSummary } from "./results/unfinished.ts";
import { countedHere } from "./reuse/partly-reused.ts";
import { type PartOfFiles, reuseOf, withReused } from "./reuse/test-files.ts";
import type { RunContext } from "./run-context.ts";
import { runInPart } from "./run-in-part.ts";
import { runnerOf } from "./runners/all.ts";
import type { TestResults } from "./runners/runner.ts";
import { scheduleOf, slowestFiles } from "./schedule/schedule.ts";
import { distrustOnShard } from "./shards/join-reuse.ts";
import type { SuiteOutcome } from "./suite-outcome.ts";

/**
 * Runs one suite with a fresh database for each worker; `server` is null where no suite of the run uses one. The
 * observer is called before the first process starts. Throws where the suite could not run at all.
 */
export async function runSuite(
  planned: PlannedSuite,
  server: Provision | null,
  context: RunContext,
  observe: SuiteObserver,
): Promise<SuiteOutcome> {
  const { suite } = planned;
  const part = context.reuse.partOf(planned);
  const provision = planned.usesDatabase ? server : null;
  const secrets = [...context.secrets, ...(server?.secrets ?? [])];
  const redact = redactor(secrets);
  const suiteContext = await openSuiteContext(planned, server, context, secrets);
  const running = new RunningSuite({
    checkoutRoot: context.checkout.root,
    workers: planned.workers.length,
    // Recorded durations describe a full run, so they do not apply to a part.
    durations: planned.replay === undefined && context.arguments.length === 0 ? suiteContext.durations : new Map(),
    redact,
  });
  observe(running);
  const { signal } = context;
  const logNames: string[] = [];
  const logs: Logs = (name) => {
    const log = context.logs(name);
    logNames.push(log.name);
    return log;
  };
  const onProgress = (progress: Progress): void => running.follow(progress);
  const runner = runnerOf(suite);
  const byWorkers = withWorkers(suiteContext);
  const processes = new SuiteProcesses({ planned, runner, context: byWorkers, provision, logs, signal, onProgress });
  try {
    const whole = { planned, processes, suiteContext, onStartAgain: () => running.startAgain() };
    const { result, parallel, why, reused: standing, partly } = await runInPart(part, whole, context);
    const reused = standing && countedHere(standing, planned.shard);
    const { databases, audit, seconds } = result;
    const results = reused === null ? result.results : withReused(result.results, reused, context.checkout.root);
    const rejections = result.rejections.map((rejection) => redactRejection(rejection, redact));
    const onProgress = (phrase: string): void => running.rerun(phrase);
    const reruns =
      planned.replay === undefined
        ? await findRaces({
            suiteRun: result,
            rejections,
            processes,
            replays: redactingStore(context.replays, redact),
            onProgress,
          })
        : { failures: results.failures, notes: [] };
    const { failures } = reruns;
    const races = failures.filter(({ kind }) => kind === "race").length;
    const unloaded = failures.filter(({ kind }) => kind === "collection").length;
    const flaky = result.reported.flaky.map(({ file, name }) => ({
      file: redact(reportedFile(context.checkout.root, result.reported.root, file)),
      name: redact(nameInFile(file, name)),
    }));
    const { dealt } = result;
    // Whether a suite has tests is judged where all shards are together.
    const empty = dealt !== null && dealt.all.length > 0 ? null : nothingRan(suite, results.tests);
    // What stopped the runner is a better reason than "no tests".
    const reasonsOfRun = results.reasons.length > 0 || empty === null ? results.reasons : [empty];
    // A race may be accepted, but then the tests that did not run after it remain open.
    const isOpen = reasonsOfRun.length === 0 && failures.length === races && results.leftOut !== null;
    const reasons = [
      ...(isOpen ? [results.leftOut] : reasonsOfRun),
      ...(partly === undefined ? [] : distrustOnShard(suite.name, partly)),
    ];
    const isWhole = reasons.length === 0 && planned.replay === undefined && planned.shard === undefined;
    if (isWhole) await context.durations.record(suite.name, results.ran);
    const schedule = isWhole && reused === null ? scheduleOf(results.ran, planned.workers.length, seconds) : null;
    const [log = "", ...others] = result.logs;
    const summary: SuiteSummary = {
      name: suite.name,
      runner: suite.runner,
      command: redact(suite.command),
      workers: planned.workers.length,
      seconds,
      workSeconds: results.workSeconds,
      files: results.files,
      tests: {
        ...results.tests,
        ...(races > 0 ? { races } : {}),
        ...(unloaded > 0 ? { unloaded } : {}),
        ...(flaky.length > 0 ? { flaky: flaky.length } : {}),
      },
      databases: databases.map((database) => database.name),
      ...(provision && context.database ? { isolation: context.database.isolation } : {}),
      ...(result.reported.schema === null ? {} : { schema: result.reported.schema }),
      failures: failures.map((failure) => redactFailure(failure, redact)),
      ...(flaky.length > 0 ? { flaky } : {}),
      rejections,
      ...(reused === null ? {} : { reuse: reuseOf(reused, result.results.ran) }),
      parallel,
      ...(schedule === null ? {} : { schedule }),
      slowestFiles: slowestFiles(results.ran).map((time) => ({ ...time, file: redact(time.file) })),
      log,
      ...(others.length === 0 ? {} : { logs: [log, ...others] }),
    };
    context.soFar.push(summary);
    return {
      summary,
      reasons: reasons.map(redact),
      foreign: [
        ...results.foreign,
        ...linkedOut(
          context.checkout.root,
          results.ran.map(({ file }) => file),
        ),
      ],
      coverage: dealt?.own.length === 0 ? (results.coverage ?? []) : results.coverage,
      measuring: results.measuring,
      advice: [
        ...(await hintsFor(planned, failures, context)).map(redact),
        ...(audit.connected === false && reused === null
          ? await unusedNotes(planned, results.tests, rejections.length > 0, context)
          : []),
        ...thresholdNotes(suite.name, result.reported.thresholds, context.gate),
      ],
      keepsSchema: suiteContext.keepsSchema && isWhole && context.arguments.length === 0,
      notes: [
        ...reruns.notes.map(redact),
        ...(planned.replay === undefined ? choiceNotes(suite.name, result.reported.narrowings).map(redact) : []),
        ...(why === null ? [] : [redact(why)]),
      ],
      dealt,
      record: redactRecord(recordOf(planned, { ...result, results }, failures, context, reused), redact),
      ...tracedIn(result.results, planned, redact),
      ...(partly === undefined ? {} : { partly }),
    };
  } catch (error) {
    // After other errors, such as a dead server, partial counts are meaningless.
    if (signal.aborted) context.soFar.push(unfinishedSummary(planned, running.soFar(), { redact, logs: logNames }));
    throw error;
  }
}

/** What was traced; of a shard, whose trace leaves the machine, only where no test's name holds a secret. */
function tracedIn(
  { trace, ran }: TestResults,
  { shard }: PlannedSuite,
  redact: Redact,
): Pick<SuiteOutcome, "traced"> | undefined {
  if (trace === undefined || (shard !== undefined && ran.some(({ id }) => redact(id) !== id))) return undefined;
  return { traced: { path: trace, ran } };
}

function recordOf(
  { suite }: PlannedSuite,
  { results, reported }: SuiteRunResult,
  failures: readonly Failure[],
  { checkout, startedAt }: RunContext,
  part: PartOfFiles | null,
): RunRecord {
  const ran = { suite: suite.name, reported, ran: results.ran, failures, checkoutRoot: checkout.root, startedAt };
  const { tests, timeline } = recordRun(ran);
  if (part === null) return { tests, timeline };
  return {
    tests: tests.map((test) => (test.file in part.reach.reused ? { ...test, reused: true } : test)),
    timeline,
  };
}
