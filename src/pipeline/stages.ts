import type { Config } from "../config/schema.ts";
import { type Measured, measure } from "../coverage/measure.ts";
import type { Provision } from "../database/provision.ts";
import { countsText } from "../model/figures.ts";
import { schemaNotes } from "../model/schema-use.ts";
import type { CheckSummary } from "../model/summary.ts";
import type { Checkout } from "../push/checkout.ts";
import { type Stage, stage } from "../report/terminal/stage.ts";
import { RunningSuiteView } from "../report/terminal/suite-view.ts";
import { background } from "../shared/background.ts";
import { InterruptedError, messageOf } from "../shared/errors.ts";
import { runCheck } from "../suite/checks.ts";
import { openPlanDatabases } from "../suite/open-databases.ts";
import type { Plan, PlannedSuite } from "../suite/plan/plan.ts";
import type { MergedSuite } from "../suite/reuse/record-merged.ts";
import { runSuite } from "../suite/run.ts";
import type { RunContext } from "../suite/run-context.ts";
import type { SuiteOutcome } from "../suite/suite-outcome.ts";

/** What the stages of a run have found; each stage adds to it. */
export interface RunResults {
  readonly checks: CheckSummary[];
  /** The databases, possibly still being opened; null where no suite uses one. */
  opening: Promise<Provision> | null;
  /** The open databases; null before, and where no suite uses one. */
  provision: Provision | null;
  readonly suites: SuiteOutcome[];
  /** What the shards had in common; null where the suites ran here. */
  shards: MergedShards | null;
}

/** What is known of the shards of a run, besides their suites and checks. */
export interface MergedShards {
  /** The suites' outcomes, and what is needed to record them. */
  readonly suites: readonly MergedSuite[];
  /** System and runtimes of the machines, and whose server it was. */
  readonly environment: string;
  readonly server: string | null;
  /** Covered files outside of the verified tree, and on which shard. */
  readonly outside: readonly string[];
  /** Why a pass does not prove the tree, a sentence each. */
  readonly unproven: readonly string[];
  readonly notes: readonly string[];
}

/** The empty results before the first stage. */
export function noResults(): RunResults {
  return { checks: [], opening: null, provision: null, suites: [], shards: null };
}

/** A stage for each check; a failed one does not stop the others. */
export function checkStages(plan: Plan, checks: Config["checks"], context: RunContext, results: RunResults): Stage[] {
  const timeout = plan.suites[0]?.timeoutSeconds ?? Number.POSITIVE_INFINITY;
  return Object.entries(checks).map(([name, command]) =>
    stage(name, async () => {
      const check = await runCheck({ name, command }, timeout, context);
      results.checks.push(check);
      return { text: check.passed ? "passed" : "failed", isBad: !check.passed };
    }),
  );
}

/** The stage that opens the databases; none where no suite that may run uses one. */
export function databaseStages(plan: Plan, context: RunContext, results: RunResults): Stage[] {
  const { database, reuse } = context;
  if (database === false || !plan.suites.some((suite) => suite.usesDatabase && reuse.mayRun(suite))) return [];
  return [
    stage("Database", async (show) => {
      let phrase = "";
      show({ phrase: () => phrase });
      const onProgress = (text: string): void => {
        phrase = text;
      };
      // If a parallel check ends the run, nobody awaits the databases here; the cleanup does.
      results.opening = background(openPlanDatabases(plan, database, context, onProgress));
      results.provision = await results.opening;
      return results.provision.description;
    }),
  ];
}

/** The stage that runs a suite, or takes what an earlier run recorded of it. */
export function suiteStage(
  planned: PlannedSuite,
  races: Config["races"],
  context: RunContext,
  results: RunResults,
): Stage {
  return stage(planned.suite.name, async (show) => {
    const { reuse, scratch, logs } = context;
    await reuse.settle();
    const reused = await reuse.outcomeFor(planned, { scratch, log: () => logs(planned.suite.name) });
    if (reused !== null) {
      results.suites.push(reused);
      context.soFar.push(reused.summary);
      const { tests } = reused.summary;
      // Of several shards one has the results.
      return tests.total === 0 ? "all reused" : `${countsText(tests)}, all reused`;
    }
    const outcome = await runSuite(planned, results.provision, context, (suite) => show(new RunningSuiteView(suite)));
    await reuse.compare(planned, outcome, scratch);
    results.suites.push(outcome);
    const { tests } = outcome.summary;
    const allowedFailures = races === "warn" ? (tests.races ?? 0) : 0;
    return { text: countsText(tests), isBad: outcome.reasons.length > 0 || tests.failed > allowedFailures };
  });
}

/** The results of all suites and checks, after they ended. */
export interface FinishedSuites extends Pick<RunResults, "suites" | "checks"> {
  /** The measured coverage, or null without data. */
  readonly measured: Measured | null;
  /** Names of covered files outside of the verified tree. */
  readonly outside: readonly string[];
  /** Such as "embedded Postgres 17.10", or null where no suite uses a database. */
  readonly server: string | null;
  /** Why a pass of the shards would not prove the tree, one sentence each. */
  readonly unproven: readonly string[];
  /** Advice, one sentence each. */
  readonly advice: readonly string[];
  /** Notes, one sentence each. */
  readonly notes: readonly string[];
  /** What could not be removed, one sentence each, once all databases are. */
  readonly left: Promise<readonly string[]>;
}

/** Reads the coverage, and begins to remove the databases. Throws InterruptedError where the run was interrupted. */
export async function finishSuites(
  results: RunResults,
  plan: Plan,
  { checkout, signal, reuse }: RunContext,
): Promise<FinishedSuites> {
  if (signal.aborted) throw new InterruptedError();
  const { checks, provision } = results;
  // As in the plan: reused suites came last.
  const place = (name: string): number => plan.suites.findIndex(({ suite }) => suite.name === name);
  const suites = results.suites.sort((left, right) => place(left.summary.name) - place(right.summary.name));
  const left = background(closeDatabases(provision));
  const coverage = await readCoverage(suites, checkout);
  const schema = schemaNotes(suites.map(({ summary, keepsSchema }) => ({ ...summary, keepsSchema })));
  const notes = [
    ...suites.flatMap((suite) => suite.notes),
    ...schema,
    ...(provision?.notes ?? []),
    ...reuse.notes,
    ...(results.shards?.notes ?? []),
  ];
  const advice = [...reuse.faults, ...suites.flatMap((suite) => suite.advice)];
  const unproven = results.shards?.unproven ?? [];
  const outside = [...new Set([...coverage.outside, ...(results.shards?.outside ?? [])])];
  return {
    suites,
    checks,
    unproven,
    server: provision?.description ?? results.shards?.server ?? reuse.server,
    ...coverage,
    outside,
    advice,
    notes,
    left,
  };
}

/** Closes the databases of a run that failed. Its error is kept; errors of the cleanup are ignored. */
export async function abandonDatabases({ opening }: RunResults): Promise<void> {
  await (await opening?.catch(() => null))?.close().catch(() => {});
}

async function readCoverage(
  suites: readonly SuiteOutcome[],
  checkout: Checkout,
): Promise<Pick<FinishedSuites, "measured" | "outside">> {
  const foreign = suites.flatMap((suite) => suite.foreign);
  const inputs = suites.map(({ summary, coverage }) => ({ suite: summary.name, inputs: coverage ?? [] }));
  const { root, otherRoots } = checkout;
  const measured = await measure(inputs, { root, otherRoots, tracked: await checkout.trackedFiles() });
  return { measured, outside: [...new Set([...(measured?.otherCheckout ?? []), ...foreign])] };
}

/** Failing to remove databases does not change the verdict, but is reported. */
async function closeDatabases(provision: Provision | null): Promise<string[]> {
  try {
    await provision?.close();
    return [];
  } catch (error) {
    return [`Not all databases could be removed: ${messageOf(error)}`];
  }
}
