import { runInCi } from "../config/ci-run.ts";
import { isForBase } from "../push/refs.ts";
import { Reuse } from "../suite/reuse/reuse.ts";
import { travellingDirectory } from "../suite/reuse/travelling-records.ts";
import type { Context, Prepared } from "./context.ts";

/**
 * Decides what a run reuses of earlier ones: a shard by the records that travel, so that all shards which have the same ones decide
 * the same. Throws RequestError where a suite's "inputs" are wrong.
 */
export async function decideReuse({ request, repository, world }: Context, prepared: Prepared): Promise<Reuse> {
  const { target, checkout, loaded, plan, receiptKey, startedAt } = prepared;
  const { config } = loaded;
  const { commit, tree } = target;
  const isShard = request.options.shard !== undefined;
  const reuse = await Reuse.decide({
    config,
    plan,
    checkout,
    commonDirectory: isShard ? travellingDirectory(repository.commonDirectory) : repository.commonDirectory,
    run: { commit, tree, at: startedAt.toISOString() },
    isBase: isForBase(target, request.subject, config.base),
    whyAll: isShard && target.branch === null ? `nothing says whether this commit is for ${config.base}` : null,
    ...(isShard ? { shards: { seed: [commit, tree, runInCi(world.environment)].join(" ") } } : {}),
    options: request.options,
    world,
    environmentClass: async () => (await receiptKey).environment,
  });
  // The project's own commands may write what files are compared by; our own database server does not.
  const runsCommands =
    Object.keys(config.checks).length > 0 || (config.database && config.database.setup !== undefined);
  if (isShard || runsCommands) await reuse.settle();
  return reuse;
}
