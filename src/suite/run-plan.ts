import { rm } from "node:fs/promises";
import type { Config } from "../config.ts";
import { type Measured, measure } from "../coverage/measure.ts";
import type { Provision } from "../database/provision.ts";
import { urlSecrets } from "../database/url.ts";
import { InterruptedError, messageOf } from "../errors.ts";
import type { Checkout } from "../push/checkout.ts";
import type { Display } from "../report/display.ts";
import { countsText } from "../report/figures.ts";
import { LatestPhrase } from "../report/latest-phrase.ts";
import type { CheckSummary, SuiteSummary } from "../report/summary.ts";
import type { LogsDirectory } from "../report/write.ts";
import type { VerifyRequest } from "../request.ts";
import type { Findings } from "../verdict.ts";
import type { World } from "../world.ts";
import { runCheck } from "./checks.ts";
import type { DurationStore } from "./durations.ts";
import { type Logs, logsIn } from "./logs.ts";
import { openDatabases } from "./open-databases.ts";
import type { OrderBook } from "./order.ts";
import type { Plan } from "./plan.ts";
import type { Secret } from "./redact.ts";
import { runSuite, type SuiteOutcome, type SuiteSurroundings } from "./run.ts";
import { makeScratch } from "./scratch.ts";

/** Where and with what a plan is run. */
export interface PlanSurroundings {
  readonly config: Config;
  readonly checkout: Checkout;
  /** The absolute root of the user's own checkout. */
  readonly mainRoot: string;
  readonly logs: LogsDirectory;
  /** How long the tests took before, and where what is learned now is kept. */
  readonly durations: DurationStore;
  readonly orders: OrderBook;
  /** Gets what is known of each suite as soon as that has ended, or was interrupted. */
  readonly soFar: SuiteSummary[];
  /** When the verification began. */
  readonly startedAt: Date;
  readonly request: VerifyRequest;
  readonly display: Display;
  readonly world: World;
}

/** What came of running a plan. */
export interface PlanRun extends Pick<Findings, "suites" | "checks" | "outside"> {
  /** What the suites covered, or null where there is no data. */
  readonly measured: Measured | null;
  /** Such as "embedded Postgres 17.10", or null where no suite uses a database. */
  readonly server: string | null;
  /** What would help, a sentence each. */
  readonly advice: readonly string[];
  /** What a reader should know, a sentence each. */
  readonly notes: readonly string[];
}

/** Runs the checks and the suites of a plan, one after another, while the database server starts beside the checks. */
export async function runPlan(plan: Plan, around: PlanSurroundings): Promise<PlanRun> {
  const { display, world, config, checkout } = around;
  const scratch = await makeScratch(world.environment);
  const logs = logsIn(around.logs);
  const secrets = secretsOf(around);
  let opening: Promise<Provision> | null = null;
  let provision: Provision | null = null;
  try {
    const phrase = new LatestPhrase();
    const server = startServer(plan, around, logs, phrase);
    opening = server;
    const surroundings = {
      checkout,
      database: config.database,
      scratch,
      logs,
      durations: around.durations,
      orders: around.orders,
      soFar: around.soFar,
      startedAt: around.startedAt,
      secrets,
      arguments: around.request.options.arguments,
      gate: plan.gate,
      environment: world.environment,
      signal: world.signal,
    };
    const checks = await runChecks(plan, config, surroundings, display);
    if (server !== null)
      provision = await display.stage(
        "Database",
        (stage) => phrase.showOn(stage, server),
        (open) => open.description,
      );
    const suites = await runSuites(plan, config, { ...surroundings, provision }, display);
    if (world.signal.aborted) throw new InterruptedError();
    const [measured, left] = await Promise.all([readCoverage(suites, checkout), closeServer(provision)]);
    const notes = [...suites.flatMap((suite) => suite.notes), ...(provision?.notes ?? []), ...left];
    const advice = suites.flatMap((suite) => suite.advice);
    return { suites, checks, server: provision?.description ?? null, ...measured, advice, notes };
  } finally {
    // What went wrong before weighs more than what goes wrong here.
    await (provision ?? (await opening?.catch(() => null)))?.close().catch(() => {});
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Begins to start the server, or gives null where no suite needs one. */
function startServer(
  plan: Plan,
  { config, checkout, mainRoot, request, world }: PlanSurroundings,
  logs: Logs,
  phrase: LatestPhrase,
): Promise<Provision> | null {
  const first = plan.suites.find((suite) => suite.usesDatabase);
  if (config.database === false || first === undefined) return null;
  const opening = openDatabases({
    database: config.database,
    checkout,
    mainRoot,
    directory: first.directory,
    url: request.options.databaseUrl,
    environment: world.environment,
    timeoutSeconds: first.timeoutSeconds,
    log: logs("database-setup").path,
    workers: [...new Set(plan.suites.flatMap(({ databases }) => databases))],
    onProgress: (text) => phrase.tell(text),
    signal: world.signal,
  });
  // It is awaited later; until then its failure is nobody's.
  opening.catch(() => {});
  return opening;
}

/** Databases that could not be removed change nothing about the verdict, but somebody has to know. */
async function closeServer(provision: Provision | null): Promise<string[]> {
  try {
    await provision?.close();
    return [];
  } catch (error) {
    return [`Not all databases could be removed: ${messageOf(error)}`];
  }
}

/** The passwords that are known before anything runs, of whatever server is named, used or not. */
function secretsOf({ config, request, world: { environment } }: PlanSurroundings): Secret[] {
  const configured = config.database === false ? undefined : config.database.url;
  return urlSecrets([request.options.databaseUrl, environment.VERIFY_DATABASE_URL, configured], environment);
}

async function runChecks(
  plan: Plan,
  config: Config,
  around: Omit<SuiteSurroundings, "provision">,
  display: Display,
): Promise<CheckSummary[]> {
  const checks: CheckSummary[] = [];
  const timeout = plan.suites[0]?.timeoutSeconds ?? Number.POSITIVE_INFINITY;
  for (const [name, command] of Object.entries(config.checks)) {
    const run = (): Promise<CheckSummary> => runCheck({ name, command }, timeout, around);
    checks.push(
      await display.stage(name, run, ({ passed }) => ({ text: passed ? "passed" : "failed", isBad: !passed })),
    );
  }
  return checks;
}

async function runSuites(
  plan: Plan,
  config: Config,
  around: SuiteSurroundings,
  display: Display,
): Promise<SuiteOutcome[]> {
  const outcomes: SuiteOutcome[] = [];
  for (const planned of plan.suites) {
    outcomes.push(
      await display.stage(
        planned.suite.name,
        (stage) => runSuite(planned, around, stage),
        ({ summary: { tests }, reasons }) => ({
          text: countsText(tests),
          isBad: reasons.length > 0 || tests.failed > (config.races === "warn" ? (tests.races ?? 0) : 0),
        }),
      ),
    );
  }
  return outcomes;
}

async function readCoverage(
  suites: readonly SuiteOutcome[],
  checkout: Checkout,
): Promise<Pick<PlanRun, "measured" | "outside">> {
  const foreign = suites.flatMap((suite) => suite.foreign);
  const inputs = suites.map(({ summary, coverage }) => ({ suite: summary.name, inputs: coverage ?? [] }));
  const { root, otherRoots } = checkout;
  const measured = await measure(inputs, { root, otherRoots, tracked: await checkout.trackedFiles() });
  return { measured, outside: [...new Set([...(measured?.misled ?? []), ...foreign])] };
}
