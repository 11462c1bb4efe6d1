import { text } from "node:stream/consumers";
import { gitEnvironment } from "../git/client.ts";
import { ObjectReader } from "../git/object-reader.ts";
import { type ExitCode, ExpectedError, exitCodes, RequestError } from "../shared/errors.ts";
import { withOwnedDirectory } from "../shared/owned-directory.ts";
import { plainLine } from "../shared/text.ts";
import { withTrustedPath } from "../shared/trusted-path.ts";
import type { Environment, World } from "../shared/world.ts";
import { shortBranch } from "../trust/check/bases.ts";
import { decideUpdate, parseUpdates, type RefUpdate, type Server } from "../trust/check/receive.ts";

/** Where a push's objects lie while the hook runs: in a quarantine, beside the repository's own. */
const quarantine = [
  "GIT_DIR",
  "GIT_OBJECT_DIRECTORY",
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_QUARANTINE_PATH",
] as const;

/**
 * The command behind hooks/pre-receive: decides about the protected refs among those on standard input. One that is
 * refused refuses the push. `environment` is the one that git set for the hook.
 */
export async function preReceive(
  protectedRefs: readonly string[],
  { directory, environment: own, input, errors, signal }: World,
  environment: Environment,
): Promise<ExitCode> {
  const updates = parseUpdates(await text(input));
  const lost = protectedRefs.find((name) => !updates.some(({ ref }) => ref === name));
  if (lost !== undefined)
    throw new RequestError(`${plainLine(lost)} is protected, but is not among the refs that git named.`);
  const trusted = withTrustedPath(own, directory);
  const place = Object.fromEntries(quarantine.map((name) => [name, environment[name]]));
  const reader = new ObjectReader({ directory, environment: { ...gitEnvironment(trusted), ...place }, signal });
  return await withOwnedDirectory(environment, async (copies) => {
    const server = { reader, updates, directory: copies, environment: trusted };
    let code: ExitCode = exitCodes.verified;
    for (const update of updates.filter(({ ref }) => protectedRefs.includes(ref))) {
      const refusal = await refusalOf(server, update);
      if (refusal === null) continue;
      code = refusal.code;
      errors.write(`pushproof: ${shortBranch(update.ref)} is refused. ${plainLine(refusal.reason)}\n`);
    }
    return code;
  });
}

/** Why a ref may not be changed so; null where it may. */
async function refusalOf(
  server: Server,
  update: RefUpdate,
): Promise<{ readonly reason: string; readonly code: ExitCode } | null> {
  try {
    const decision = await decideUpdate(server, update);
    return decision.verified ? null : { reason: decision.reason, code: exitCodes.notVerified };
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return { reason: error.message, code: error.exitCode };
  }
}
