import { formatPercent, reaches } from "../../model/percent.ts";
import { ageSeconds } from "../../shared/duration.ts";
import { formatAge, plainLine, shortId } from "../../shared/text.ts";
import { version } from "../../shared/version.ts";
import type { Claim, Verification } from "../attestation/statement.ts";
import type { Policy } from "./schema.ts";

/** How far the clocks of two machines may differ, in seconds. */
const clockTolerance = 300;

/** What a policy is applied to, besides the receipt. */
export interface JudgedCommit {
  /** The full id of the tree that is to be proven. */
  readonly tree: string;
  readonly now: Date;
}

/** What a receipt's configuration is compared with: the digest of the base branch's own, or why there is none, a clause. */
export type BaseConfiguration = { readonly digest: string } | { readonly why: string };

/** Why a policy does not let a verified receipt stand, a sentence each; empty where it does. */
export function whyReceiptFails(
  { tree, verification }: Claim,
  judged: JudgedCommit,
  policy: Policy,
  configuration: BaseConfiguration,
): string[] {
  const reasons = [
    tree === judged.tree ? null : `it is for the tree ${shortId(tree)}, not for ${shortId(judged.tree)}`,
    whyOtherRepository(verification, policy),
    whyWrongTime(verification, judged.now, policy),
    whyOtherVersion(verification, policy),
    whyOtherConfiguration(verification, policy, configuration),
    verification.mode === "complete" || policy.incremental
      ? null
      : "it reuses results of earlier runs, and the policy's incremental is false",
    whyTooLittleCovered(verification, policy),
    whySuiteMissing(verification, policy),
  ];
  return reasons.filter((reason) => reason !== null);
}

function whyOtherRepository({ repository }: Verification, policy: Policy): string | null {
  if (repository.root === policy.repository) return null;
  return `it is of another repository, which began with ${shortId(repository.root)}`;
}

/** The age counts from the run's start, which is the older time of the two that the receipt names. */
function whyWrongTime({ startedAt, endedAt }: Verification, now: Date, { maximumAge }: Policy): string | null {
  const [start, end] = [Date.parse(startedAt), Date.parse(endedAt)];
  if (!(start <= end)) return "it ends before it begins";
  if (!(end - now.getTime() <= clockTolerance * 1000)) return `it is from the future (${endedAt})`;
  const age = (now.getTime() - start) / 1000;
  const longest = ageSeconds(maximumAge) ?? 0;
  return age <= longest ? null : `it is ${formatAge(age)} old, and the policy's maximumAge is ${maximumAge}`;
}

function whyOtherVersion(verification: Verification, { versions }: Policy): string | null {
  const allowed = versions.length === 0 ? [version] : versions;
  if (allowed.includes(verification.version)) return null;
  return `it was made by pushproof ${plainLine(verification.version)}, and ${allowed.join(", ")} counts`;
}

/**
 * Any difference counts, not only a lower threshold: which settings weaken a run is not for a comparison of files to
 * tell.
 */
function whyOtherConfiguration(
  { configuration: { digest, file } }: Verification,
  { configuration: allowed }: Policy,
  base: BaseConfiguration,
): string | null {
  if (allowed.includes(digest.sha256)) return null;
  const own = `its configuration (${plainLine(file)}, digest ${digest.sha256})`;
  if (!allowed.includes("base")) return `${own} is none of those that the policy names`;
  if ("why" in base) return `${own} cannot be compared with the base branch's, as ${base.why}`;
  return base.digest === digest.sha256 ? null : `${own} is not the base branch's`;
}

function whyTooLittleCovered({ coverage }: Verification, { minimumCoverage }: Policy): string | null {
  const { covered, total } = coverage.lines;
  if (covered > total) return "its coverage is more than everything";
  if (minimumCoverage === undefined) return null;
  if (total > 0 && reaches(coverage.lines, minimumCoverage)) return null;
  const share = total === 0 ? "no lines" : `${formatPercent(covered, total, minimumCoverage)} of lines`;
  return `${share} are covered, and the policy's minimumCoverage is ${minimumCoverage}`;
}

function whySuiteMissing({ suites }: Verification, policy: Policy): string | null {
  const ran = suites.map(({ name }) => name);
  const missing = policy.suites.filter((name) => !ran.includes(name));
  if (missing.length > 0) return `the ${missing.length === 1 ? "suite" : "suites"} ${missing.join(", ")} did not run`;
  return new Set(ran).size === ran.length ? null : "it names a suite twice";
}
