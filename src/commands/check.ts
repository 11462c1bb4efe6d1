import { existsSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { resolve } from "node:path";
import { openRepository } from "../git/repository.ts";
import { formatPercent } from "../model/percent.ts";
import {
  type ExitCode,
  ExpectedError,
  exitCodes,
  messageOf,
  RequestError,
  UnavailableError,
} from "../shared/errors.ts";
import { packageRoot } from "../shared/paths.ts";
import { formatAge, plainLine, plural, shortId } from "../shared/text.ts";
import { withTrustedPath } from "../shared/trusted-path.ts";
import { canonicalPath, isWithin } from "../shared/within.ts";
import type { World } from "../shared/world.ts";
import type { VerifiedReceipt } from "../trust/attestation/verifying.ts";
import { type CheckRequest, type CheckResult, checkCommit } from "../trust/check/check.ts";

export interface CheckOptions extends CheckRequest {
  /** The checkout, where it is not the current directory. */
  readonly directory?: string | undefined;
  /** Prints the answer as JSON. */
  readonly json?: boolean | undefined;
}

/**
 * Says whether a trusted receipt proves a commit's tree: one line, or JSON, and the outputs of a step on GitHub Actions.
 * Returns 0 only where it does.
 */
export async function check(
  { json = false, directory = ".", ...request }: CheckOptions,
  outer: World,
): Promise<ExitCode> {
  const checkout = resolve(outer.directory, directory);
  // No program of the checkout may answer in the place of git and ssh-keygen.
  const world = { ...outer, directory: checkout, environment: withTrustedPath(outer.environment, checkout) };
  const say = (line: string, value: object): void => {
    world.output.write(json ? `${JSON.stringify(value, null, 2)}\n` : `${line}\n`);
  };
  try {
    if (!existsSync(checkout)) throw new RequestError(`${checkout} is not there: -C names the checkout.`);
    const repository = await openRepository(world);
    warnOfOwnProgram(repository.root, world);
    const result = await checkCommit(request, repository, world);
    const { decision } = result;
    const reason = decision.verified ? describe(decision.receipt) : decision.reason;
    // Before the answer: a step whose outputs cannot be written has failed.
    await tellGitHub(decision.verified, reason, world);
    say(lineOf(result, reason), jsonOf(result, reason));
    return decision.verified ? exitCodes.verified : exitCodes.notVerified;
  } catch (error) {
    const reason = error instanceof ExpectedError ? error.message : `This is a bug in pushproof: ${messageOf(error)}`;
    await tellGitHub(false, reason, world);
    if (json) say("", { schema: 1, verified: false, reason: plainLine(reason) });
    throw error;
  }
}

/** On CI, a branch could have replaced a program that lies in its own checkout. */
function warnOfOwnProgram(root: string, { environment, errors }: World): void {
  if (!environment.CI || !isWithin(packageRoot, canonicalPath(root))) return;
  errors.write(
    "This pushproof was installed by the branch that it judges, which can name another: docs/check.md shows how CI calls its own.\n",
  );
}

function lineOf({ commit, decision }: CheckResult, reason: string): string {
  const [sign, words] = decision.verified ? ["✔", "is verified"] : ["✘", "is not verified"];
  return `${sign} ${shortId(commit.id)} ${words}. ${plainLine(reason)}`;
}

/** "By ada@example.com, 2 h ago with pushproof 0.8.0: 806 tests, 97.37 % of lines covered." */
function describe({ signer, verification }: VerifiedReceipt): string {
  const { suites, coverage, endedAt, version } = verification;
  const tests = suites.reduce((sum, suite) => sum + suite.tests.total, 0);
  const covered = formatPercent(coverage.lines.covered, coverage.lines.total);
  const age = formatAge((Date.now() - Date.parse(endedAt)) / 1000);
  return `By ${signer}, ${age} ago with pushproof ${version}: ${plural(tests, "test")}, ${covered} of lines covered.`;
}

function jsonOf({ commit, decision, bases, remote }: CheckResult, reason: string): object {
  const receipt = decision.verified ? decision.receipt : null;
  return {
    schema: 1,
    verified: decision.verified,
    reason: plainLine(reason),
    commit: commit.id,
    tree: commit.tree,
    remote,
    bases: bases.map(({ name, commit: base }) => ({ name, commit: base.id })),
    receipt: receipt && {
      signer: receipt.signer,
      fingerprint: receipt.fingerprint,
      verification: receipt.verification,
    },
  };
}

/** Throws UnavailableError where GITHUB_OUTPUT cannot be written. */
async function tellGitHub(verified: boolean, reason: string, { environment }: World): Promise<void> {
  const { GITHUB_OUTPUT } = environment;
  if (!GITHUB_OUTPUT) return;
  try {
    await appendFile(GITHUB_OUTPUT, `verified=${verified}\nreason=${harmless(reason)}\n`);
  } catch (error) {
    throw new UnavailableError(`GITHUB_OUTPUT cannot be written: ${messageOf(error)}`);
  }
}

/** One line, without what a shell would act on: some workflows paste an output into a command. */
function harmless(reason: string): string {
  return plainLine(reason).replace(/[`"'$\\;&|<>(){}]/g, "");
}
