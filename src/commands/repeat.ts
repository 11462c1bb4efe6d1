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
import { openOutput } from "../report/terminal/output.ts";
import { runStages } from "../report/terminal/run-stages.ts";
import { type ExitCode, exitCodes, RequestError } from "../shared/errors.ts";
import { plainText, plural, shortId } from "../shared/text.ts";
import type { World } from "../shared/world.ts";
import { makePlan } from "../suite/plan/plan.ts";
import { type Order, parseOrder } from "../suite/races/order.ts";
import type { SuiteOutcome } from "../suite/run.ts";
import { openRun } from "../suite/run-context.ts";
import { DurationStore } from "../suite/schedule/durations.ts";

/**
 * Runs the tests that led to a race again: those of one worker, in its order, serially, on one fresh database. Proves
 * nothing and leaves the reports as they are. The exit code is 0 where all pass, 1 where one fails, 3 where that cannot be
 * told. Throws RequestError for a file that holds no order, and what a run throws.
 */
export async function repeat(file: string, world: World): Promise<ExitCode> {
  const repository = await openRepository(world);
  const order = await readOrder(file, [world.directory, repository.root]);
  const checkout = await openFiles(repository, order, world);
  try {
    const outcome = await runOrder(order, { repository, checkout, world });
    world.output.write(`${conclusion(order, outcome)}\n`);
    if (outcome.summary.failures.length > 0) return exitCodes.notVerified;
    return doubtsAbout(order, outcome).length > 0 ? exitCodes.unavailable : exitCodes.verified;
  } finally {
    await checkout.close();
  }
}

/** The order in a file of that name; one that a run has printed is relative to the repo's root, whatever the directory. */
async function readOrder(name: string, directories: readonly string[]): Promise<Order> {
  for (const directory of directories) {
    const order = parseOrder(await readFile(resolve(directory, name), "utf8").catch(() => ""));
    if (order !== null) return order;
  }
  throw new RequestError(
    `${name} holds no order of tests: name one of the files in .verify/orders, which a run writes for each flaky test that it finds.`,
  );
}

/** The files that the order was found in: those of its commit, or, for a working tree, as they lie now. */
async function openFiles(repository: Repository, { commit }: Order, world: World): Promise<Checkout> {
  if (commit === null) return await openWorkingTree(repository);
  return await openCheckout(repository, await readRevision(repository.git, commit), world.environment);
}

interface Surroundings {
  readonly repository: Repository;
  readonly checkout: Checkout;
  readonly world: World;
}

async function runOrder(order: Order, { repository, checkout, world }: Surroundings): Promise<SuiteOutcome> {
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
    orders: { keep: async () => "" },
    startedAt: new Date(),
    options,
    world,
  });
  const results = noResults();
  try {
    await runStages(
      [...databaseStages(plan, run, results), suiteStage({ ...suite, order }, races, run, results)],
      openOutput(world.errors, world.environment),
    );
    const { suites } = await finishSuites(results, run);
    return suites[0] as SuiteOutcome;
  } finally {
    await abandonDatabases(results);
    await run.close();
  }
}

/** Why a run of an order in which no test failed says nothing, a sentence each. */
function doubtsAbout({ tests }: Order, { summary, reasons }: SuiteOutcome): readonly string[] {
  const { passed } = summary.tests;
  if (reasons.length > 0 || passed >= tests.length) return reasons;
  return [`Only ${passed} of them ran: the others are skipped, or not there under these names any more.`];
}

function conclusion(order: Order, outcome: SuiteOutcome): string {
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
  const doubts = doubtsAbout(order, outcome);
  if (doubts.length > 0) return `${what}, could not be judged. ${doubts.join(" ")}`;
  return `${what}: ${countsText(summary.tests)}. The order alone does not bring the failure back: look for what other workers did meanwhile.`;
}
