import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { loadConfig } from "../config-file.ts";
import { type ExitCode, exitCodes, RequestError } from "../errors.ts";
import { type Checkout, openCheckout, openWorkingTree } from "../push/checkout.ts";
import { readRevision } from "../push/refs.ts";
import { openRepository, type Repository } from "../push/repository.ts";
import { openDisplay } from "../report/display.ts";
import { countsText } from "../report/figures.ts";
import { plainText, plural, shortId } from "../report/text.ts";
import { prepareReports } from "../report/write.ts";
import { defaultOptions } from "../request.ts";
import { DurationStore } from "../suite/durations.ts";
import { type Order, parseOrder } from "../suite/order.ts";
import { makePlan } from "../suite/plan.ts";
import type { SuiteOutcome } from "../suite/run.ts";
import { runPlan } from "../suite/run-plan.ts";
import type { World } from "../world.ts";

/**
 * Runs the tests that led to a race again: those of one worker, in its order, serially, on one fresh database. Proves
 * nothing and leaves the reports as they are. The exit code is 1 where it fails. Throws RequestError for a file that holds
 * no order, and what a run throws.
 */
export async function repeat(file: string, world: World): Promise<ExitCode> {
  const repository = await openRepository(world);
  const order = await readOrder(resolve(world.directory, file), file);
  const checkout = await openFiles(repository, order, world);
  try {
    const outcome = await runOrder(order, { repository, checkout, world });
    const failed = outcome.summary.failures.length > 0 || outcome.reasons.length > 0;
    world.output.write(`${conclusion(order, outcome)}\n`);
    return failed ? exitCodes.notVerified : exitCodes.verified;
  } finally {
    await checkout.close();
  }
}

async function readOrder(path: string, name: string): Promise<Order> {
  const order = parseOrder(await readFile(path, "utf8").catch(() => ""));
  if (order !== null) return order;
  throw new RequestError(
    `${name} holds no order of tests: name one of the files in .verify/orders, which a run writes for each race that it finds.`,
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
  const { base } = loaded.config;
  const { suites } = await runPlan(
    { ...plan, suites: plan.suites.map((suite) => ({ ...suite, order })) },
    {
      config: { ...loaded.config, checks: {} },
      checkout,
      mainRoot: repository.root,
      logs: await prepareReports(repository.root),
      durations: new DurationStore({ commonDirectory: repository.commonDirectory, branch: null, base }),
      orders: { keep: async () => "" },
      request: { subject: { kind: "working tree" }, options },
      display: openDisplay(world.errors, world.environment),
      world,
    },
  );
  const [outcome] = suites;
  if (outcome === undefined) throw new RequestError(`There is no suite "${order.suite}".`);
  return outcome;
}

function conclusion({ tests, worker, commit }: Order, { summary, reasons }: SuiteOutcome): string {
  const what = `The ${plural(tests.length, "test")} of ${worker}${commit === null ? "" : ` at ${shortId(commit)}`}, in that order`;
  const [failure] = summary.failures;
  if (failure !== undefined) {
    const last = tests.at(-1);
    const same = failure.file === last?.file && failure.id === last?.id;
    const again = same ? "the same one failed again" : "another one failed";
    return `${what}: ${countsText(summary.tests)}; ${again}: ${failure.file} › ${plainText(failure.name)}\n${plainText(failure.message)}\nSee ${summary.log}`;
  }
  if (reasons.length > 0) return `${what}, could not be judged. ${reasons.join(" ")}`;
  return `${what}: ${countsText(summary.tests)}. The order alone does not bring the failure back: look for what other workers did meanwhile.`;
}
