import { expect, test } from "vitest";
import { branchInCi, runInCi } from "../../src/config/ci-run.ts";

test.each<[string, Record<string, string>, string | null]>([
  ["a push on GitHub", { GITHUB_REF: "refs/heads/main", GITHUB_HEAD_REF: "" }, "main"],
  ["a pull request on GitHub", { GITHUB_REF: "refs/pull/7/merge", GITHUB_HEAD_REF: "feature/x" }, "feature/x"],
  ["a tag on GitHub", { GITHUB_REF: "refs/tags/v1" }, null],
  ["a branch on GitLab", { CI_COMMIT_BRANCH: "main" }, "main"],
  ["a merge request on GitLab", { CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: "feature" }, "feature"],
  ["a branch on Azure", { BUILD_SOURCEBRANCH: "refs/heads/release/1" }, "release/1"],
  ["no CI service", {}, null],
])("of %s the branch is known", (_, environment, branch) => {
  expect(branchInCi(environment)).toBe(branch);
});

test("a run's number is the same on all its machines, whichever job they run", () => {
  expect(runInCi({ GITHUB_RUN_ID: "12", GITHUB_JOB: "shard" })).toBe(runInCi({ GITHUB_RUN_ID: "12", GITHUB_JOB: "x" }));
  expect(runInCi({})).toBe("");
});
