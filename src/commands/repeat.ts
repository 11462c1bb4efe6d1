import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { loadConfig } from "../config/load.ts";
import { defaultOptions } from "../config/request.ts";
import { openRepository, type Repository } from "../git/repository.ts";
import { countsText } from "../model/figures.ts";
import { abandonDatabases, databaseStages, finishSuites, noResults, suiteStage } from "../pipeline/stages.ts";
import { prepareReports } from "../project/reports-directory.ts";
import { type Checkout, openCheckout, openWorkingTree } from "../push/checkout.ts";
import { readRevision } from "../push/refs.ts";
import { openOutput } from "../report/terminal/open-output.ts";
import { runStages } from "../report/terminal/run-stages.ts";
import { type ExitCode, exitCodes, RequestError } from "../shared/errors.ts";
import { plainText, plural, shortId } from "../shared/text.ts";
import type { World } from "../shared/world.ts";
import { makePlan } from "../suite/plan/plan.ts";
import { parseReplayOrder, type ReplayOrder } from "../suite/races/replay-order.ts";
import { Reuse } from "../suite/reuse/reuse.ts";
import { openRun } from "../suite/run-context.ts";
import { DurationStore } from "../suite/schedule/durations.ts";
import type { SuiteOutcome } from "../suite/suite-outcome.ts";

/**
 * Replays the tests that led to a race: those of one worker, in order, serially, on one fresh database. Proves nothing
 * and leaves the reports unchanged. Exit code 0 where all pass, 1 where one fails, 3 where they could not be judged.
 * Throws RequestError for a file without an order, and what a run throws.
 */
export async function repeat(file: string, world: World): Promise<ExitCode> {
  const repository = await openRepository(world);
  const order = await readReplayOrder(file, [world.directory, repository.root]);
  const checkout = await openFiles(repository, order, world);
  try {
    const outcome = await replay(order, { repository, checkout, world });
    world.output.write(`${conclusion(order, outcome)}\n`);
    if (outcome.summary.failures.length > 0) return exitCodes.notVerified;
    return whyUnjudged(order, outcome).length > 0 ? exitCodes.unavailable : exitCodes.verified;
  } finally {
    await checkout.close();
  }
}

/** Reads the order file; names printed by a run are relative to the repository's root, not to the current directory. */
async function readReplayOrder(name: string, directories: readonly string[]): Promise<ReplayOrder> {
  for (const directory of directories) {
    const order = parseReplayOrder(await readFile(resolve(directory, name), "utf8").catch(() => ""));
    if (order !== null) return order;
  }
  throw new RequestError(
    `${name} holds no order of tests: name one of the files in .verify/orders, which a run writes for each flaky test that it finds.`,
  );
}

/** The files in which the order was found: its commit's, or the current ones for a working tree. */
async function openFiles(repository: Repository, { commit }: ReplayOrder, world: World): Promise<Checkout> {
  if (commit === null) return await openWorkingTree(repository);
  return await openCheckout(repository, await readRevision(repository, world.environment, commit), world.environment);
}

interface RepeatContext {
  readonly repository: Repository;
  readonly checkout: Checkout;
  readonly world: World;
}

async function replay(order: ReplayOrder, { repository, checkout, world }: RepeatContext): Promise<SuiteOutcome> {
  const loaded = await loadConfig(checkout.root);
  if (loaded === null) throw new RequestError("Its files hold no verify.config.json any more: run `npx verify` first.");
  const options = { ...defaultOptions, suites: [order.suite] };
  const plan = makePlan(loaded.config, options, checkout.root);
  const [suite] = plan.suites;
  if (suite === undefined) throw new RequestError(`There is no suite "${order.suite}".`);
  const { base, races } = loaded.config;
  const run = await openRun({
    config: loaded.config,
    plan,
    checkout,
    mainRoot: repository.root,
    logs: await prepareReports(repository.root),
    durations: new DurationStore({ commonDirectory: repository.commonDirectory, branch: null, base }),
    replays: { keep: async () => "" },
    reuse: Reuse.none,
    startedAt: new Date(),
    options,
    world,
    onStart: () => {},
  });
  const results = noResults();
  try {
    await runStages(
      [...databaseStages(plan, run, results), suiteStage({ ...suite, replay: order }, races, run, results)],
      await openOutput(world.errors, world.environment),
    );
    const { suites } = await finishSuites(results, plan, run);
    return suites[0] as SuiteOutcome;
  } finally {
    await abandonDatabases(results);
    await run.close();
  }
}

/** Why a replay without failures still proves nothing, one sentence each. */
function whyUnjudged({ tests }: ReplayOrder, { summary, reasons }: SuiteOutcome): readonly string[] {
  const { passed } = summary.tests;
  if (reasons.length > 0 || passed >= tests.length) return reasons;
  return [`Only ${passed} of them ran: the others are skipped, or not there under these names any more.`];
}

function conclusion(order: ReplayOrder, outcome: SuiteOutcome): string {
  const { tests, worker, commit } = order;
  const { summary } = outcome;
  const what = `The ${plural(tests.length, "test")} of ${worker}${commit === null ? "" : ` at ${shortId(commit)}`}, in that order`;
  const [failure] = summary.failures;
  if (failure !== undefined) {
    const last = tests.at(-1);
    const same = failure.file === last?.file && failure.id === last?.id;
    const again = same ? "the same one failed again" : "another one failed";
    return `${what}: ${countsText(summary.tests)}; ${again}: ${failure.file} › ${plainText(failure.name)}\n${plainText(failure.message)}\nSee ${summary.log}`;
  }
  const unjudged = whyUnjudged(order, outcome);
  if (unjudged.length > 0) return `${what}, could not be judged. ${unjudged.join(" ")}`;
  return `${what}: ${countsText(summary.tests)}. The order alone does not bring the failure back: look for what other workers did meanwhile.`;
}
