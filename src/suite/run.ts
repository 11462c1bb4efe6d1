import type { Provision } from "../database/provision.ts";
import type { RunRecord } from "../model/run-record.ts";
import { redactor } from "../shared/redact.ts";
import { findingsOf, type SuiteFindings } from "./findings.ts";
import { thresholdNotes } from "./hints/own-thresholds.ts";
import { hintsFor, unusedNotes } from "./hints/suite-hints.ts";
import { reasonsOf } from "./judge-suite.ts";
import type { Logs } from "./logs.ts";
import { openSuiteContext, withWorkers } from "./open-suite-context.ts";
import { choiceNotes } from "./plan/narrowing.ts";
import type { PlannedSuite } from "./plan/plan.ts";
import { linkedOut } from "./plan/within-checkout.ts";
import { SuiteProcesses } from "./processes.ts";
import { RunningSuite, type SuiteObserver } from "./progress/running-suite.ts";
import { redactRecord } from "./results/redact.ts";
import { recordRun } from "./results/timeline.ts";
import { unfinishedSummary } from "./results/unfinished.ts";
import type { RunContext } from "./run-context.ts";
import { runInPart } from "./run-in-part.ts";
import { runnerOf } from "./runners/all.ts";
import { scheduleOf } from "./schedule/schedule.ts";
import type { SuiteContext } from "./suite-context.ts";
import type { SuiteOutcome } from "./suite-outcome.ts";
import { summarizeSuite } from "./summarize-suite.ts";

/**
 * Runs one suite with a fresh database for each worker, and judges it; `server` is null where no suite of the run uses one.
 * The observer is called before the first process starts. Throws where the suite could not run at all.
 */
export async function runSuite(
  planned: PlannedSuite,
  server: Provision | null,
  context: RunContext,
  observe: SuiteObserver,
): Promise<SuiteOutcome> {
  const { signal } = context;
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
  const logNames: string[] = [];
  const logs: Logs = (name) => {
    const log = context.logs(name);
    logNames.push(log.name);
    return log;
  };
  const processes = new SuiteProcesses({
    planned,
    runner: runnerOf(planned.suite),
    context: withWorkers(suiteContext),
    provision,
    logs,
    signal,
    onProgress: (progress) => running.follow(progress),
  });
  try {
    const whole = { planned, processes, suiteContext, onStartAgain: () => running.startAgain() };
    const run = await runInPart(part, whole, context);
    const onProgress = (phrase: string): void => running.rerun(phrase);
    const findings = await findingsOf({ planned, run, provision, redact, processes, context, onProgress });
    return await outcomeOf(findings, suiteContext, context);
  } catch (error) {
    // After other errors, such as a dead server, partial counts are meaningless.
    if (signal.aborted) context.soFar.push(unfinishedSummary(planned, running.soFar(), { redact, logs: logNames }));
    throw error;
  }
}

/** Judges and summarizes what a suite has found, and records how long its tests took. */
async function outcomeOf(
  findings: SuiteFindings,
  { keepsSchema }: SuiteContext,
  context: RunContext,
): Promise<SuiteOutcome> {
  const { planned, run, results, reused, redact } = findings;
  const { dealt, seconds } = run.result;
  const { root } = context.checkout;
  const reasons = reasonsOf(findings);
  const isWhole = reasons.length === 0 && planned.replay === undefined && planned.shard === undefined;
  if (isWhole) await context.durations.record(planned.suite.name, results.ran);
  const schedule = isWhole && reused === null ? scheduleOf(results.ran, planned.workers.length, seconds) : null;
  const summary = summarizeSuite(findings, schedule, context);
  context.soFar.push(summary);
  const files = results.ran.map(({ file }) => file);
  return {
    summary,
    reasons: reasons.map(redact),
    foreign: [...results.foreign, ...linkedOut(root, files)],
    coverage: dealt?.own.length === 0 ? (results.coverage ?? []) : results.coverage,
    measuring: results.measuring,
    advice: await adviceOn(findings, context),
    keepsSchema: keepsSchema && isWhole && context.arguments.length === 0,
    notes: notesOn(findings),
    dealt,
    record: redactRecord(recordOf(findings, context), redact),
    ...tracedIn(findings),
    ...(run.partly === undefined ? {} : { partly: run.partly }),
  };
}

/** Suggestions, one sentence each, the most likely first. */
async function adviceOn(
  { planned, run, results, reused, failures, rejections, redact }: SuiteFindings,
  context: RunContext,
): Promise<string[]> {
  const { audit, reported } = run.result;
  const isUnused = audit.connected === false && reused === null;
  return [
    ...(await hintsFor(planned, failures, reported, context)).map(redact),
    ...(isUnused ? await unusedNotes(planned, results.tests, rejections.length > 0, context) : []),
    ...thresholdNotes(planned.suite.name, reported.thresholds, context.gate),
  ];
}

/** Notes that do not affect the verdict, one sentence each. */
function notesOn({ planned, run, notes, redact }: SuiteFindings): string[] {
  const choices = planned.replay === undefined ? choiceNotes(planned.suite.name, run.result.reported.narrowings) : [];
  return [...notes, ...choices, ...(run.why === null ? [] : [run.why])].map(redact);
}

/** What was traced; of a shard, whose trace leaves the machine, only where no test's name holds a secret. */
function tracedIn({ planned, run, redact }: SuiteFindings): Pick<SuiteOutcome, "traced"> | undefined {
  const { trace, ran } = run.result.results;
  if (trace === undefined || (planned.shard !== undefined && ran.some(({ id }) => redact(id) !== id))) return undefined;
  return { traced: { path: trace, ran } };
}

function recordOf(
  { planned, run, results, failures, reused }: SuiteFindings,
  { checkout, startedAt }: RunContext,
): RunRecord {
  const { reported } = run.result;
  const { tests, timeline } = recordRun({
    ...{ suite: planned.suite.name, reported, ran: results.ran, failures },
    ...{ checkoutRoot: checkout.root, startedAt },
  });
  if (reused === null) return { tests, timeline };
  return {
    tests: tests.map((test) => (test.file in reused.reach.reused ? { ...test, reused: true } : test)),
    timeline,
  };
}
