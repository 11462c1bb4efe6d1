import type { Destination } from "../model/summary.ts";
import { findDestination } from "../push/destination.ts";
import type { Target } from "../push/refs.ts";
import { compareWithHistory, History } from "../report/history.ts";
import type { RunFacts } from "../report/summarize.ts";
import type { Context, Prepared } from "./context.ts";

/** How many runs are looked at for those that a new one is compared with. */
export const searchedRuns = 500;

/** What the summary of a run says whatever came of it. */
export async function readRunFacts(context: Context, prepared: Prepared): Promise<RunFacts> {
  const { request, repository } = context;
  const { target, checkout, loaded, plan, startedAt } = prepared;
  const [changes, { environment }, destination, past] = await Promise.all([
    prepared.changes,
    prepared.conditions,
    destinationOf(context, target),
    new History(repository.commonDirectory).last(searchedRuns),
  ]);
  const suites = plan.suites.map(({ suite }) => suite.name);
  const history = compareWithHistory(past, { suites, base: loaded.config.base });
  const incomplete = plan.weaker;
  const { kind } = checkout;
  return { target, kind, startedAt, environment, request, changes, destination, history, incomplete };
}

/** Where the branch is pushed to; null where nothing tells. */
export async function destinationOf({ request, repository }: Context, { branch }: Target): Promise<Destination | null> {
  const remote = request.subject.kind === "push" ? request.subject.remote : undefined;
  return await findDestination(repository.git, branch, remote);
}
