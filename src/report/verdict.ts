import type { FailureKind, Summary, Verdict } from "./summary.ts";
import { shortId } from "./text.ts";

/** The verdict in words; a pass of a run that left something out never reads as a whole one. */
export function verdictInWords({ verdict, incomplete }: Summary): string {
  return verdict === "verified" && incomplete.length > 0 ? "Verified in part" : verdictWords[verdict];
}

/** The verdict as a mark, for documents. */
export function verdictMark({ verdict, incomplete }: Summary): string {
  if (verdict !== "verified") return "❌";
  return incomplete.length > 0 ? "⚠️" : "✅";
}

const verdictWords: Readonly<Record<Verdict, string>> = {
  verified: "Verified",
  failed: "Not verified",
  error: "Could not be verified",
  interrupted: "Interrupted",
};

/** How a test came to fail, in words. */
export const failureWords: Readonly<Record<FailureKind, string>> = {
  failure: "Failed",
  crash: "Its worker crashed",
  timeout: "Ran out of time",
  collection: "Could not be loaded",
};

/** What the verdict is about: "feature/ledger at 3f2c1ab". */
export function subjectOf({ branch, commit, verifiedIn }: Summary): string {
  if (verifiedIn === "working tree")
    return `working tree of ${branch ?? "a detached HEAD"}, on top of ${shortId(commit)}`;
  return branch === null ? shortId(commit) : `${branch} at ${shortId(commit)}`;
}

/** The failures of all suites, each with the suite's log. */
export function allFailures({ suites }: Summary): (Summary["suites"][number]["failures"][number] & { log: string })[] {
  return suites.flatMap(({ failures, log }) => failures.map((failure) => ({ ...failure, log })));
}
