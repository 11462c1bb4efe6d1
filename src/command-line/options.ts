import { InvalidArgumentError, Option } from "commander";
import {
  mostWorkers,
  type Subject,
  type VerifyOptions,
  type WorkerCount,
  workersPercentage,
} from "../config/request.ts";
import { parseShard } from "../config/shard.ts";
import { durationSeconds } from "../shared/duration.ts";
import { RequestError } from "../shared/errors.ts";
import type { Environment } from "../shared/world.ts";

/** The options as commander parses them. */
export interface ParsedOptions {
  readonly workingTree?: true;
  readonly workers?: number | "auto";
  readonly suite?: readonly string[];
  readonly coverage?: number;
  readonly fresh?: true;
  readonly full?: true;
  readonly json?: true;
  readonly databaseUrl?: string;
  readonly timeout?: number;
  readonly serial?: true;
  readonly shard?: string;
}

/**
 * The options of a run; `rest` are the arguments for the suite's command. Throws RequestError for a shard that is none, and
 * for options that would have a shard run something else than the others.
 */
export function verifyOptions(parsed: ParsedOptions, rest: readonly string[], environment: Environment): VerifyOptions {
  const shard = parsed.shard === undefined ? undefined : parseShard(parsed.shard, environment);
  if (shard !== undefined) refuseBesideShard(parsed, rest);
  return {
    shard,
    workers: parsed.workers,
    suites: parsed.suite ?? [],
    coverage: parsed.coverage,
    fresh: parsed.fresh ?? false,
    full: parsed.full ?? false,
    json: parsed.json ?? false,
    databaseUrl: parsed.databaseUrl,
    timeoutSeconds: parsed.timeout,
    serial: parsed.serial ?? false,
    arguments: rest,
  };
}

/** All shards together must be the whole run. */
function refuseBesideShard({ workingTree, suite, coverage }: ParsedOptions, rest: readonly string[]): void {
  const given = [
    ...(workingTree ? ["--working-tree"] : []),
    ...(suite === undefined ? [] : ["--suite"]),
    ...(coverage === undefined ? [] : ["--coverage"]),
    ...(rest.length === 0 ? [] : [`-- ${rest.join(" ")}`]),
  ];
  if (given.length === 0) return;
  throw new RequestError(
    `--shard runs a part of the whole that the configuration describes: leave ${given.join(" and ")} out.`,
  );
}

/** Reads `--workers`. */
export function workersOption(text: string): WorkerCount {
  if (text === "auto") return text;
  if (workersPercentage.test(text)) return text as WorkerCount;
  if (!/^[1-9]\d{0,3}$/.test(text) || Number(text) > mostWorkers)
    throw new InvalidArgumentError(
      `Expected a whole number from 1 to ${mostWorkers}, a percentage of the cores from 1% to 400%, or auto.`,
    );
  return Number(text);
}

/** Reads how many machines share the suites. */
export function shardsOption(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) < 2)
    throw new InvalidArgumentError("Expected a whole number from 2 to 999.");
  return Number(text);
}

/** Reads a percentage. */
export function percentOption(text: string): number {
  const percent = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || percent > 100)
    throw new InvalidArgumentError("Expected a percentage from 0 to 100.");
  return percent;
}

/** Reads a duration, in seconds. */
export function durationOption(text: string): number {
  const seconds = durationSeconds(text);
  if (seconds === null || seconds === 0) throw new InvalidArgumentError("Expected a duration such as 90s, 30m or 2h.");
  return seconds;
}

/** What to verify. Throws RequestError for a revision beside `--working-tree`. */
export function subjectOf(revision: string | undefined, { workingTree }: ParsedOptions): Subject {
  if (!workingTree) return { kind: "revision", revision: revision ?? "HEAD" };
  if (revision === undefined) return { kind: "working tree" };
  throw new RequestError(`--working-tree verifies the working tree, not ${revision}: leave one of the two out.`);
}

/** The option that several commands have in common. */
export function databaseUrlOption(): Option {
  return new Option("--database-url <url>", "use this Postgres server instead of the embedded one");
}
