import type { PartlyReused } from "../model/reuse.ts";
import type { PlannedSuite } from "./plan/plan.ts";
import { SuiteProcesses } from "./processes.ts";
import { comparedHere, partlyReused } from "./reuse/partly-reused.ts";
import { outcomeDifference, type PartOfFiles, readTracedRun } from "./reuse/test-files.ts";
import { tracingAll } from "./reuse/tracing.ts";
import type { RunContext } from "./run-context.ts";
import { type ParallelRun, runInParallel } from "./run-in-parallel.ts";
import type { SuiteContext } from "./suite-context.ts";

/** A run with the part whose other files are reused, and what a shard found of it. */
export interface PartialRun extends ParallelRun {
  readonly reused: PartOfFiles | null;
  readonly partly?: PartlyReused;
}

/** What runs a suite whole. */
export interface WholeRun {
  readonly planned: PlannedSuite;
  readonly processes: SuiteProcesses;
  readonly suiteContext: SuiteContext;
  readonly onStartAgain: () => void;
}

/**
 * Runs a part of a suite's test files, and the whole suite where there is no part, or where what ran shows that the rest
 * cannot be reused. `reused` is the part whose other files are reused, else null.
 */
export async function runInPart(part: PartOfFiles | null, whole: WholeRun, { reuse }: RunContext): Promise<PartialRun> {
  const { planned, processes, suiteContext, onStartAgain } = whole;
  const run = (await runAlone(whole)) ?? (await runInParallel(planned, processes, suiteContext, onStartAgain));
  if (part === null || run.parallel !== "runner") return { ...run, reused: null };
  const { ran, trace, tests } = run.result.results;
  const traced = trace === undefined ? null : await readTracedRun(trace);
  if (planned.shard !== undefined) {
    // Only all shards together can tell whether the rest stands, and no other one would run everything.
    const own = run.result.dealt?.own ?? [];
    return { ...run, reused: part, partly: partlyReused(traced, outcomeDifference(comparedHere(part, own), ran), own) };
  }
  const difference = outcomeDifference(part, ran) ?? traced?.differences[0] ?? null;
  if (difference !== null) await reuse.distrust(planned, difference);
  // Where a test failed the verdict stands, and what it did not reach is no wonder.
  else if (traced?.why === null && (!traced.lost || tests.failed > 0)) return { ...run, reused: part };
  onStartAgain();
  const context = { ...suiteContext, tracing: tracingAll };
  const again = new SuiteProcesses({ ...processes.parts, context });
  const all = await runInParallel(planned, again, context, onStartAgain);
  const cause = traced?.lost ? `coverage (${traced.lost}) that may be another file's is missing` : null;
  const note =
    difference === null && cause !== null ? `Everything of ${planned.suite.name} ran after its part: ${cause}.` : null;
  return { ...all, why: all.why ?? note, reused: null };
}

/** Runs a part of a suite in one process, where that is to be; null where it is not, or where not everything passed there. */
async function runAlone({ processes, suiteContext, onStartAgain }: WholeRun): Promise<ParallelRun | null> {
  if (!suiteContext.tracing?.isAlone) return null;
  const alone = new SuiteProcesses({ ...processes.parts, context: suiteContext });
  try {
    const result = await alone.runWhole();
    if (result.results.tests.failed === 0 && result.results.reasons.length === 0)
      return { result, parallel: "runner", why: null };
  } catch (error) {
    if (processes.parts.signal.aborted) throw error;
  }
  onStartAgain();
  return null;
}
