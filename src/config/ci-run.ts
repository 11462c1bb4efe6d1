import type { Environment } from "../shared/world.ts";

/** Variables in which CI services name the branch that a run is for, that of a pull request before the one it is checked out as. */
const branchVariables = [
  "GITHUB_HEAD_REF",
  "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
  "SYSTEM_PULLREQUEST_SOURCEBRANCH",
  "GITHUB_REF",
  "CI_COMMIT_BRANCH",
  "CIRCLE_BRANCH",
  "BUILDKITE_BRANCH",
  "SEMAPHORE_GIT_WORKING_BRANCH",
  "SEMAPHORE_GIT_BRANCH",
  "BITBUCKET_BRANCH",
  "BUILD_SOURCEBRANCH",
];

/** Variables in which CI services number a run: the same on all its machines, and no commit chooses it. */
const runVariables = [
  "GITHUB_RUN_ID",
  "CI_PIPELINE_ID",
  "CIRCLE_WORKFLOW_ID",
  "BUILDKITE_BUILD_ID",
  "SEMAPHORE_PIPELINE_ID",
  "BITBUCKET_PIPELINE_UUID",
  "BUILD_BUILDID",
];

/** The short name of the branch that CI says it runs for; null where it says none. Many services check out a commit without one. */
export function branchInCi(environment: Environment): string | null {
  for (const name of branchVariables) {
    const value = environment[name] ?? "";
    const branch = value.replace(/^refs\/heads\//, "");
    // A tag, or the merge that GitHub makes for a pull request.
    if (branch !== "" && !branch.startsWith("refs/")) return branch;
  }
  return null;
}

/** The number that CI has given a run, with the service's variable; empty where there is none. */
export function runInCi(environment: Environment): string {
  const name = runVariables.find((variable) => environment[variable]);
  return name === undefined ? "" : `${name}=${environment[name]}`;
}
