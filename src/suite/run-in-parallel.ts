import { runnerFacts } from "../config/runner-facts.ts";
import { coordinator } from "../model/rejections.ts";
import { UnavailableError } from "../shared/errors.ts";
import type { PlannedSuite } from "./plan/plan.ts";
import type { SuiteProcesses } from "./processes.ts";
import { CollectionMismatchError, NoWorkersError } from "./results/collection-mismatch.ts";
import { workersPackage } from "./runners/pytest-files.ts";
import type { SuiteContext } from "./suite-context.ts";
import type { SuiteRunResult } from "./suite-run-result.ts";

/** A suite's run, and how it differed from the plan. */
export interface ParallelRun {
  readonly result: SuiteRunResult;
  readonly parallel: PlannedSuite["parallel"];
  readonly why: string | null;
}

/**
 * Runs the suite as planned. Where the runner cannot run its workers side by side, because they collect different tests
 * or the coordinating process opens the database, runs one process per share instead, and calls `onStartAgain` first.
 */
export async function runInParallel(
  planned: PlannedSuite,
  processes: SuiteProcesses,
  { coordinatorEnvironment }: SuiteContext,
  onStartAgain: () => void,
): Promise<ParallelRun> {
  const { suite, parallel, replay } = planned;
  if (replay !== undefined) {
    return {
      result: await processes.runTests(replay.tests, { worker: replay.worker }),
      parallel: "runner",
      why: null,
    };
  }
  if (parallel === "processes") {
    const why = planned.whyProcesses && processesNote(suite.name, planned.whyProcesses);
    return { result: await processes.runShares(), parallel, why };
  }
  const mayFallBack = suite.parallel === "auto" && runnerFacts[suite.runner].isAdapted && planned.workers.length > 1;
  let result: SuiteRunResult | null = null;
  let reason: string | null;
  try {
    result = await processes.runWhole();
    reason = mayFallBack ? whyCoordinatorFailed(result) : null;
  } catch (error) {
    reason = mayFallBack ? whyNoneRan(error, coordinatorEnvironment.PGDATABASE) : null;
    if (reason === null) throw error;
  }
  if (result !== null && reason === null) return { result, parallel, why: null };
  onStartAgain();
  return {
    result: await processes.runShares(),
    parallel: "processes",
    why: processesNote(suite.name, reason ?? ""),
  };
}

const noWorkers = `${workersPackage} is not installed`;
const coordinatorOpens = "the process that coordinates its workers opens the database itself";

/**
 * Why a suite failed because its coordinating process has no database: a phrase after "because"; null for other causes.
 */
function whyCoordinatorFailed({ results, rejections }: SuiteRunResult): string | null {
  const hasFailed = results.tests.failed > 0 || results.reasons.length > 0 || results.tests.total === 0;
  return hasFailed && rejections.some(({ worker }) => worker === coordinator) ? coordinatorOpens : null;
}

/** The same for a suite that could not run; `database` is the name that the coordinating process was given. */
function whyNoneRan(error: unknown, database: string | undefined): string | null {
  if (error instanceof CollectionMismatchError) return "its workers name the same tests differently";
  if (error instanceof NoWorkersError) return noWorkers;
  const looksForIt = error instanceof UnavailableError && database !== undefined && error.message.includes(database);
  return looksForIt ? coordinatorOpens : null;
}

function processesNote(name: string, why: string): string {
  return `${name} ran as several processes, each over a share of the files, because ${why}.`;
}
