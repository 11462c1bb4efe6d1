import { isForBase } from "../push/refs.ts";
import { Reuse } from "../suite/reuse/reuse.ts";
import type { Context, Prepared } from "./context.ts";

/** Decides what a run reuses of earlier ones. Throws RequestError where a suite's "inputs" are wrong. */
export async function decideReuse({ request, repository, world }: Context, prepared: Prepared): Promise<Reuse> {
  const { target, checkout, loaded, plan, receiptKey, startedAt } = prepared;
  const { config } = loaded;
  const { commit, tree } = target;
  return await Reuse.decide({
    config,
    plan,
    checkout,
    commonDirectory: repository.commonDirectory,
    run: { commit, tree, at: startedAt.toISOString() },
    isBase: isForBase(target, request.subject, config.base),
    options: request.options,
    world,
    environmentClass: async () => (await receiptKey).environment,
  });
}
