import { compareWithHistory, History } from "../report/history.ts";
import type { RunFacts } from "../report/summarize.ts";
import type { Context, Prepared } from "./context.ts";

/** How many past runs are searched for comparable ones. */
export const searchedRuns = 500;

/** The facts in a run's summary that do not depend on its result. */
export async function readRunFacts(context: Context, prepared: Prepared): Promise<RunFacts> {
  const { request, repository } = context;
  const { target, checkout, loaded, plan, startedAt } = prepared;
  const [changes, { environment }, destination, past] = await Promise.all([
    prepared.changes,
    prepared.receiptKey,
    prepared.destination,
    new History(repository.commonDirectory).last(searchedRuns),
  ]);
  const suites = plan.suites.map(({ suite }) => suite.name);
  const history = compareWithHistory(past, { suites, base: loaded.config.base });
  const incomplete = plan.weaker;
  const { kind } = checkout;
  return { target, kind, startedAt, environment, request, changes, destination, history, incomplete };
}
