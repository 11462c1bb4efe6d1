import { RequestError } from "../shared/errors.ts";
import type { Environment } from "../shared/world.ts";

/** One of several machines that share a run's test files. */
export interface Shard {
  /** Counted from 1. */
  readonly index: number;
  readonly total: number;
}

/** More than any CI service starts side by side, and few enough to be listed. */
const mostShards = 1000;

/** Variables in which CI services number the jobs of one run: the service, the index, where it begins, the total. */
const services: readonly (readonly [name: string, index: string, first: 0 | 1, total: string])[] = [
  ["GitLab", "CI_NODE_INDEX", 1, "CI_NODE_TOTAL"],
  ["CircleCI", "CIRCLE_NODE_INDEX", 0, "CIRCLE_NODE_TOTAL"],
  ["Buildkite", "BUILDKITE_PARALLEL_JOB", 0, "BUILDKITE_PARALLEL_JOB_COUNT"],
  ["Semaphore", "SEMAPHORE_JOB_INDEX", 1, "SEMAPHORE_JOB_COUNT"],
  ["Bitbucket", "BITBUCKET_PARALLEL_STEP", 0, "BITBUCKET_PARALLEL_STEP_COUNT"],
  ["Azure Pipelines", "SYSTEM_JOBPOSITIONINPHASE", 1, "SYSTEM_TOTALJOBSINPHASE"],
  // Kubernetes gives an Indexed Job's pods no total: the Job's own manifest does.
  ["Kubernetes", "JOB_COMPLETION_INDEX", 0, "VERIFY_SHARD_TOTAL"],
];

/**
 * Reads `2/5`, or for `auto` what VERIFY_SHARD or the CI service says. Throws RequestError for anything else, and where
 * no variable says which shard this is.
 */
export function parseShard(text: string, environment: Environment): Shard {
  if (text !== "auto") return readShard(text, "--shard");
  if (environment.VERIFY_SHARD) return readShard(environment.VERIFY_SHARD, "VERIFY_SHARD");
  const found = services.find(([, index]) => environment[index]);
  if (found === undefined) {
    throw new RequestError(
      "--shard auto: no variable says which shard this is. Set VERIFY_SHARD to one such as 2/5, or give --shard 2/5.",
    );
  }
  const [name, index, first, total] = found;
  if (!environment[total]) {
    throw new RequestError(
      `--shard auto: ${name} says ${index}=${environment[index]}, and ${total} is not set, so the number of shards is unknown.`,
    );
  }
  const place = Number(environment[index]) + 1 - first;
  return readShard(`${place}/${environment[total]}`, `${index} and ${total}`);
}

function readShard(text: string, source: string): Shard {
  const [, index, total] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const shard = { index: Number(index), total: Number(total) };
  if (shard.index >= 1 && shard.index <= shard.total && shard.total <= mostShards) return shard;
  throw new RequestError(
    `${source}: ${text} is no shard. Give its number and how many there are, such as 2/5, with at most ${mostShards}.`,
  );
}

/** "2/5". */
export function shardText({ index, total }: Shard): string {
  return `${index}/${total}`;
}
