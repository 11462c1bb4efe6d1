import type { FailureKind, Summary, Verdict } from "./summary.ts";
import { shortId } from "./text.ts";

/** The verdict in words. */
export const verdictWords: Readonly<Record<Verdict, string>> = {
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
