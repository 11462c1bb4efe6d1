import { join } from "node:path";
import { runnerFacts } from "../../config/runner-facts.ts";
import type { Config, SuiteConfig } from "../../config/schema.ts";
import { shardText } from "../../config/shard.ts";
import { joinMeasuring } from "../../coverage/files/measuring.ts";
import type { LcovInput } from "../../coverage/lcov/merge.ts";
import { sumOfUses } from "../../model/schema-use.ts";
import type { CheckSummary, Failure, SuiteSummary, TestCounts } from "../../model/summary.ts";
import { RequestError, UnavailableError } from "../../shared/errors.ts";
import { listed, plural, shortId } from "../../shared/text.ts";
import { canonicalPath } from "../../shared/within.ts";
import { collectionMismatchAdvice } from "../results/collection-mismatch.ts";
import { nothingRan } from "../results/results.ts";
import type { MergedSuite } from "../reuse/record-merged.ts";
import { withRoot } from "../reuse/stored-outcome.ts";
import type { SuiteOutcome } from "../suite-outcome.ts";
import { joinedReuse, judgedReuse, requireSameReuse } from "./join-reuse.ts";
import {
  coverageOf,
  type FoundShard,
  type ShardedRun,
  type ShardFile,
  type ShardResults,
  type ShardSuite,
} from "./shard-file.ts";

/** A shard that reached its end. */
interface EndedShard extends FoundShard {
  readonly file: ShardFile & { readonly ended: ShardResults };
}

/** All shards of one run, each once, in order. */
export interface CompleteShards {
  readonly run: ShardedRun;
  readonly shards: readonly EndedShard[];
}

/** What every shard must be of, in the words of a sentence. */
const common: readonly (readonly [keyof ShardedRun, string, (value: string) => string])[] = [
  ["version", "was run by another version of pushproof", (value) => value],
  ["commit", "is of another commit", shortId],
  ["tree", "is of another tree", shortId],
  ["configuration", "was run with another configuration", shortId],
  ["environment", "was run in another environment", (value) => value],
];

/**
 * Checks that these are all shards of one run, of the commit that is expected. Throws RequestError for one that does not
 * belong to the others, UnavailableError for one that is missing or did not reach its end.
 */
export function requireComplete(
  found: readonly FoundShard[],
  expected: Omit<ShardedRun, "environment">,
): CompleteShards {
  const [first] = found;
  if (first === undefined) throw new RequestError("There is no shard.");
  const run = { ...expected, environment: first.file.environment };
  for (const { file, path } of found) {
    for (const [key, words, show] of common) {
      if (file[key] === run[key]) continue;
      throw new RequestError(
        `Shard ${shardText(file.shard)} (${path}) ${words}: ${show(file[key])}, not ${show(run[key])}.`,
      );
    }
    if (file.shard.total === first.file.shard.total) continue;
    throw new RequestError(
      `Shard ${shardText(file.shard)} (${path}) does not belong to ${shardText(first.file.shard)}: they are of different totals.`,
    );
  }
  const { total } = first.file.shard;
  const shards = Array.from({ length: total }, (_, index) => {
    const [own, twice] = found.filter(({ file }) => file.shard.index === index + 1);
    const name = shardText({ index: index + 1, total });
    if (own === undefined)
      throw new UnavailableError(`Shard ${name} is missing: ${found.length} of ${total} are there.`);
    if (twice !== undefined) throw new RequestError(`Shard ${name} is there twice: ${own.path} and ${twice.path}.`);
    if (own.file.ended === null) {
      throw new UnavailableError(
        `Shard ${name} (${own.path}) did not reach its end: it was stopped, or its machine was.`,
      );
    }
    return own as EndedShard;
  });
  return { run, shards };
}

/**
 * The outcome of each suite over all shards; `root` is the absolute root of the checkout that is judged, `scratch` a private
 * directory. Throws UnavailableError where a test file ran nowhere or twice, where the shards found different files or reuse
 * different results, and where coverage is damaged.
 */
export async function joinSuites(
  suites: readonly SuiteConfig[],
  { shards }: CompleteShards,
  { root, scratch, log }: { root: string; scratch: string; log: (suite: string) => Promise<string> },
): Promise<MergedSuite[]> {
  const merged: MergedSuite[] = [];
  for (const suite of suites) {
    const parts = shards.flatMap((shard) =>
      shard.file.ended.suites.filter(({ summary }) => summary.name === suite.name).map((part) => ({ shard, part })),
    );
    requireSameReuse(
      suite.name,
      parts.map(({ shard, part }) => ({ name: nameOf(shard), decided: part.decided })),
    );
    requireEveryFile(suite, parts, shards.length);
    const coverage: (LcovInput | null)[] = [];
    for (const { shard, part } of parts) {
      const path = await coverageOf(shard, part);
      coverage.push(path === null ? null : { path, base: root });
    }
    const outcome = joinedOutcome(suite, parts, { root, coverage, log: await log(suite.name) });
    merged.push(await judgedReuse(outcome, parts, { root, scratch }));
  }
  return merged;
}

/** A suite's results on one shard. */
interface Part {
  readonly shard: EndedShard;
  readonly part: ShardSuite;
}

function requireEveryFile({ name, runner }: SuiteConfig, parts: readonly Part[], total: number): void {
  if (!runnerFacts[runner].isAdapted) {
    if (parts.length === 1) return;
    const how = parts.length === 0 ? "ran on none of the shards" : `ran on ${plural(parts.length, "shard")}`;
    throw new UnavailableError(`${name} ${how}; as a command, one shard runs all of it.`);
  }
  if (parts.length !== total) throw new UnavailableError(`${name} ran on ${parts.length} of ${total} shards only.`);
  // Where a shard could not even find its files, its own reason says so.
  const dealt = parts.flatMap(({ shard, part }) => (part.dealt === null ? [] : [{ shard, ...part.dealt }]));
  const [first, ...others] = dealt;
  if (first === undefined) return;
  for (const other of others) {
    const difference = [...only(first.all, other.all, "-"), ...only(other.all, first.all, "+")];
    if (difference.length === 0) continue;
    throw new UnavailableError(
      `${name}: shards ${nameOf(first.shard)} and ${nameOf(other.shard)} found different test files: ${listed(difference, 3, (file) => file, "file").join(", ")}.`,
    );
  }
  const different = others.find(({ tests }) => tests !== first.tests);
  if (different !== undefined) {
    throw new UnavailableError(
      `${name}: shards ${nameOf(first.shard)} and ${nameOf(different.shard)} collected different tests in the same files, so some ran nowhere. ${collectionMismatchAdvice}`,
    );
  }
  const ranOn = new Map<string, EndedShard>();
  for (const { shard, own } of dealt) {
    for (const file of own) {
      const before = ranOn.get(file);
      ranOn.set(file, shard);
      if (before === undefined) continue;
      throw new UnavailableError(
        `${name}: ${file} ran on shards ${nameOf(before)} and ${nameOf(shard)}: they dealt the files out by different durations. Give all shards the same ones (\`verify history import\`), or none.`,
      );
    }
  }
  if (dealt.length < total) return;
  const nowhere = first.all.filter((file) => !ranOn.has(file));
  if (nowhere.length === 0) return;
  throw new UnavailableError(
    `${name}: ${listed(nowhere, 3, (file) => file, "file").join(", ")} ran on no shard: they dealt the files out by different durations. Give all shards the same ones (\`verify history import\`), or none.`,
  );
}

function nameOf({ file }: EndedShard): string {
  return shardText(file.shard);
}

function only(files: readonly string[], others: readonly string[], mark: string): string[] {
  const known = new Set(others);
  return files.filter((file) => !known.has(file)).map((file) => `${mark}${file}`);
}

function joinedOutcome(
  suite: SuiteConfig,
  parts: readonly Part[],
  { root, coverage, log }: { root: string; coverage: readonly (LcovInput | null)[]; log: string },
): SuiteOutcome {
  const summaries = parts.map(({ shard, part }) => ({ ...part.summary, shard: nameOf(shard) }));
  const summary = joinedSummary(suite, summaries, log);
  const empty = nothingRan(suite, summary.tests);
  const reasons = parts.flatMap(({ shard, part }) =>
    part.reasons.map((reason) => `On shard ${nameOf(shard)}: ${reason}`),
  );
  const canonicalRoot = canonicalPath(root);
  const on = (worker: string | null, shard: EndedShard): string =>
    `${nameOf(shard)}${worker === null ? "" : ` ${worker}`}`;
  return {
    summary,
    reasons: reasons.length > 0 || empty === null ? reasons : [empty],
    foreign: parts.flatMap(({ part }) =>
      part.foreign.map((file) => (file.startsWith("/") ? file : join(canonicalRoot, file))),
    ),
    coverage: coverage.includes(null) ? null : coverage.filter((input) => input !== null),
    measuring: joinMeasuring(parts.map(({ part }) => withRoot(part.measuring, root))),
    advice: [...new Set(parts.flatMap(({ part }) => part.advice))],
    notes: [...new Set(parts.flatMap(({ part }) => part.notes))],
    keepsSchema: parts.every(({ part }) => part.keepsSchema),
    dealt: null,
    record: {
      tests: parts.flatMap(({ shard, part }) =>
        part.record.tests.map((test) => ({ ...test, worker: on(test.worker, shard) })),
      ),
      timeline: parts.flatMap(({ shard, part }) =>
        part.record.timeline.map((bar) => ({ ...bar, worker: on(bar.worker, shard) })),
      ),
    },
  };
}

const mostSlowFiles = 10;

function joinedSummary(
  suite: SuiteConfig,
  parts: readonly (SuiteSummary & { readonly shard: string })[],
  log: string,
): SuiteSummary {
  const sum = (value: (part: SuiteSummary) => number): number => parts.reduce((total, part) => total + value(part), 0);
  const flaky = parts.flatMap((part) => part.flaky ?? []);
  const schema = sumOfUses(parts.map((part) => part.schema ?? null));
  const reuse = joinedReuse(parts);
  const isolation = parts.find((part) => part.isolation !== undefined)?.isolation;
  const parallel = parts.find((part) => part.parallel !== undefined)?.parallel;
  const on = <Item extends { readonly worker?: string | undefined }>(items: readonly Item[], shard: string): Item[] =>
    items.map((item) => ({ ...item, worker: [shard, item.worker].filter(Boolean).join(" ") }));
  const all = parts.flatMap(({ failures, shard }) => on(failures, shard));
  const failures = withoutRepeatedLoads(all);
  const repeated = all.length - failures.length;
  return {
    name: suite.name,
    runner: suite.runner,
    command: parts[0]?.command ?? suite.command,
    workers: sum(({ workers, tests }) => (tests.total === 0 ? 0 : workers)),
    // The shards ran side by side.
    seconds: Math.max(0, ...parts.map(({ seconds }) => seconds)),
    workSeconds: sum(({ workSeconds }) => workSeconds),
    files: sum(({ files }) => files) - repeated,
    tests: joinedCounts(
      parts.map(({ tests }) => tests),
      repeated,
    ),
    databases: [...new Set(parts.flatMap(({ databases }) => databases))],
    ...(isolation === undefined ? {} : { isolation }),
    ...(schema === null ? {} : { schema }),
    failures,
    ...(flaky.length === 0 ? {} : { flaky }),
    rejections: parts.flatMap(({ rejections = [], shard }) => on(rejections, shard)),
    ...(reuse === undefined ? {} : { reuse }),
    ...(parallel === undefined ? {} : { parallel }),
    slowestFiles: parts
      .flatMap(({ slowestFiles = [] }) => slowestFiles)
      .toSorted((left, right) => right.seconds - left.seconds)
      .slice(0, mostSlowFiles),
    log,
  };
}

/** Each file that cannot be loaded once: pytest loads all files on every shard, to find their tests. */
function withoutRepeatedLoads(failures: readonly Failure[]): Failure[] {
  const seen = new Set<string>();
  return failures.filter(({ kind, file, name }) => {
    const key = `${file}\n${name}`;
    if (kind !== "collection") return true;
    return !seen.has(key) && seen.add(key);
  });
}

/** `repeated` are files that several shards could not load. */
function joinedCounts(parts: readonly TestCounts[], repeated: number): TestCounts {
  const sum = (value: (counts: TestCounts) => number | undefined): number =>
    parts.reduce((total, counts) => total + (value(counts) ?? 0), 0);
  const optional = {
    races: sum(({ races }) => races),
    unloaded: sum(({ unloaded }) => unloaded) - repeated,
    flaky: sum(({ flaky }) => flaky),
  };
  return {
    total: sum(({ total }) => total) - repeated,
    passed: sum(({ passed }) => passed),
    failed: sum(({ failed }) => failed) - repeated,
    skipped: sum(({ skipped }) => skipped),
    ...Object.fromEntries(Object.entries(optional).filter(([, count]) => count > 0)),
  };
}

/** The configured checks. Throws UnavailableError where one ran on no shard, or on several. */
export function joinChecks(checks: Config["checks"], { shards }: CompleteShards): CheckSummary[] {
  const ran = shards.flatMap(({ file }) => file.ended.checks);
  return Object.keys(checks).map((name) => {
    const [own, ...others] = ran.filter((check) => check.name === name);
    if (own !== undefined && others.length === 0) return own;
    throw new UnavailableError(
      `The check "${name}" ran on ${own === undefined ? "none" : others.length + 1} of the shards, not on one.`,
    );
  });
}
