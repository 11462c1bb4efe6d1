import type { VerifyRequest } from "./config/request.ts";
import { openRepository } from "./git/repository.ts";
import { describeCheckout, openFiles, readSubject, requireConfig } from "./pipeline/checkout.ts";
import type { Context } from "./pipeline/context.ts";
import { sweepLeftovers } from "./pipeline/sweep.ts";
import { ReceiptStore } from "./push/receipts.ts";
import type { Target } from "./push/refs.ts";
import { openOutput } from "./report/terminal/open-output.ts";
import { showStage } from "./report/terminal/run-stages.ts";
import { type ExitCode, exitCodes } from "./shared/errors.ts";
import type { World } from "./shared/world.ts";

/**
 * Push → Checkout, and then what verify-tree.ts says, for each requested tree until one is not verified.
 * Returns the exit code; throws ExpectedError where a verification could not run.
 */
export async function verify(request: VerifyRequest, world: World): Promise<ExitCode> {
  const output = await openOutput(request.options.json ? world.errors : world.output, world.environment);
  const repository = await openRepository(world);
  const receipts = new ReceiptStore(repository.commonDirectory);
  const context = { request, world, repository, output, receipts };
  await receipts.prune(new Date());
  const swept = sweepLeftovers(repository, world);

  try {
    const push = await readSubject(repository, request, world);
    for (const line of push.skipped) output.say(line);
    for (const target of push.targets) {
      const code = await verifyTarget(context, target);
      if (code !== exitCodes.verified) return code;
    }
    return exitCodes.verified;
  } finally {
    await swept;
  }
}

/** Opens the files of one tree, and verifies them. */
async function verifyTarget(context: Context, target: Target): Promise<ExitCode> {
  const { repository, output } = context;
  const startedAt = new Date();
  const checkout = await showStage("Checkout", openFiles(context, target), output, (files) =>
    describeCheckout(files, target),
  );
  for (const note of checkout.notes) output.say(`  ${note}`);
  try {
    const loaded = await requireConfig(checkout, repository, target);
    // Imported lazily: loading all that runs and judges takes longer than the stages up to here.
    const { verifyTree } = await import("./verify-tree.ts");
    return await verifyTree(context, { target, checkout, loaded, startedAt });
  } finally {
    await checkout.close();
  }
}
