import { expect, test } from "vitest";
import { parseShard } from "../../src/config/shard.ts";
import { RequestError } from "../../src/shared/errors.ts";

test.each([
  ["1/1", { index: 1, total: 1 }],
  ["2/5", { index: 2, total: 5 }],
  ["1000/1000", { index: 1000, total: 1000 }],
])("%s is a shard", (text, shard) => expect(parseShard(text, {})).toEqual(shard));

test.each(["0/5", "6/5", "2", "2/", "a/b", "2/5/6", "-1/5", "1.5/5", "1/1001", ""])(
  "%j is none, and the sentence says what one is",
  (text) => {
    expect(() => parseShard(text, {})).toThrow(RequestError);
    expect(() => parseShard(text, {})).toThrow("such as 2/5");
  },
);

test.each([
  ["GitLab", { CI_NODE_INDEX: "1", CI_NODE_TOTAL: "5" }, 1],
  ["CircleCI", { CIRCLE_NODE_INDEX: "0", CIRCLE_NODE_TOTAL: "5" }, 1],
  ["Buildkite", { BUILDKITE_PARALLEL_JOB: "4", BUILDKITE_PARALLEL_JOB_COUNT: "5" }, 5],
  ["Semaphore", { SEMAPHORE_JOB_INDEX: "2", SEMAPHORE_JOB_COUNT: "5" }, 2],
  ["Bitbucket", { BITBUCKET_PARALLEL_STEP: "1", BITBUCKET_PARALLEL_STEP_COUNT: "5" }, 2],
  ["Azure Pipelines", { SYSTEM_JOBPOSITIONINPHASE: "3", SYSTEM_TOTALJOBSINPHASE: "5" }, 3],
  ["Kubernetes", { JOB_COMPLETION_INDEX: "0", VERIFY_SHARD_TOTAL: "5" }, 1],
  ["VERIFY_SHARD, before all others", { VERIFY_SHARD: "4/5", CI_NODE_INDEX: "1", CI_NODE_TOTAL: "9" }, 4],
])("auto reads the variables of %s", (_, environment, index) => {
  expect(parseShard("auto", environment)).toEqual({ index, total: 5 });
});

test("auto without any such variable says what to set", () => {
  expect(() => parseShard("auto", {})).toThrow("Set VERIFY_SHARD");
});

test("auto without a total names the variable that is missing", () => {
  expect(() => parseShard("auto", { JOB_COMPLETION_INDEX: "0" })).toThrow("VERIFY_SHARD_TOTAL is not set");
});

test("auto names the variables whose values make no shard", () => {
  expect(() => parseShard("auto", { CI_NODE_INDEX: "7", CI_NODE_TOTAL: "5" })).toThrow(
    "CI_NODE_INDEX and CI_NODE_TOTAL: 7/5 is no shard",
  );
});
