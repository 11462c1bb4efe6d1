import { writeFile } from "node:fs/promises";
import { relative } from "node:path";
import { configDigest } from "../config/parse.ts";
import type { Config } from "../config/schema.ts";
import { type Shard, shardText } from "../config/shard.ts";
import { inReports } from "../project/reports-directory.ts";
import { type Stage, stage } from "../report/terminal/stage.ts";
import { background } from "../shared/background.ts";
import { UnavailableError } from "../shared/errors.ts";
import { formatSeconds, plural } from "../shared/text.ts";
import { version } from "../shared/version.ts";
import type { Plan } from "../suite/plan/plan.ts";
import { type MergedSuite, recordMerged } from "../suite/reuse/record-merged.ts";
import { travellingDirectory } from "../suite/reuse/travelling-records.ts";
import type { RunContext } from "../suite/run-context.ts";
import { isOwn } from "../suite/shards/deal.ts";
import { joinChecks, joinSuites, requireComplete } from "../suite/shards/join.ts";
import {
  beginShard,
  endShard,
  type FoundSuite,
  readShards,
  type ShardedRun,
  shardPath,
} from "../suite/shards/shard-file.ts";
import type { SuiteOutcome } from "../suite/suite-outcome.ts";
import { whyNoProof } from "../trust/proof.ts";
import type { Context, Prepared } from "./context.ts";
import { finishSuites, type RunResults } from "./stages.ts";
import { judgePart } from "./verdict.ts";

/** Marks a shard as begun, before anything runs. */
export async function reportShardBegun({ repository }: Context, prepared: Prepared, shard: Shard): Promise<void> {
  const file = { ...(await identityOf(prepared)), shard, startedAt: prepared.startedAt.toISOString() };
  await inReports(repository.root, (directory) => beginShard(directory, file));
}

async function identityOf({ target, loaded, receiptKey }: Prepared): Promise<ShardedRun> {
  const { environment } = await receiptKey;
  const { commit, tree } = target;
  return { version, commit, tree, configuration: configDigest(loaded.config), environment };
}

/** The checks that a shard runs: each runs on one of them. All, where there are no shards. */
export function ownChecks({ checks, suites }: Config, shard: Shard | undefined): Config["checks"] {
  // Their turns come after those of the suites, so that one shard does not get the first of both.
  return Object.fromEntries(Object.entries(checks).filter((_, turn) => isOwn(shard, suites.length + turn)));
}

/** The run as its receipt tells of it: of the environment that the results are from, where shards found them. */
export function asOfShards(prepared: Prepared, { shards }: RunResults): Prepared {
  if (shards === null) return prepared;
  const { environment } = shards;
  return { ...prepared, receiptKey: background(prepared.receiptKey.then((key) => ({ ...key, environment }))) };
}

/** How a shard ended: it is no verdict, which only all shards together have. */
export interface ShardEnd {
  readonly hasPassed: boolean;
}

/** Writes what a shard found, and says what comes next. */
export async function reportShard(
  context: Context,
  prepared: Prepared,
  shard: Shard,
  { results, run }: { results: RunResults; run: RunContext },
): Promise<ShardEnd> {
  const { repository, output } = context;
  const { checkout, plan, startedAt, loaded } = prepared;
  const finished = await finishSuites(results, plan, run);
  const [{ changed, added }] = await Promise.all([checkout.drift(), finished.left]);
  const file = { ...(await identityOf(prepared)), shard, startedAt: startedAt.toISOString() };
  const { suites, checks, server, outside } = finished;
  const seconds = (Date.now() - startedAt.getTime()) / 1000;
  const found = await foundSuites(suites, plan, run);
  const path = await inReports(repository.root, async (directory) => {
    await endShard(directory, file, {
      suites: found,
      root: checkout.root,
      checks,
      server,
      outside,
      changed,
      unproven: whyNoProof(checkout, plan, added),
      seconds,
    });
    return relative(repository.root, shardPath(directory, shard));
  });
  const { reasons } = judgePart({ suites, checks, outside, changed }, loaded.config.races);
  const hasPassed = reasons.length === 0;
  const ran = plural(
    suites.reduce((sum, { summary: { files: all, reuse } }) => sum + all - (reuse?.reused ?? 0), 0),
    "test file",
  );
  output.say(
    `${output.colors[hasPassed ? "green" : "red"](hasPassed ? "✔" : "✘")} Shard ${shardText(shard)}: ${ran} in ${formatSeconds(seconds)}, in ${path}`,
  );
  for (const { outcome, decided } of found) {
    if (decided !== null && decided.files > 0)
      output.say(
        `  Of ${outcome.summary.name}, ${plural(decided.files, "test file")} of earlier runs ${decided.files === 1 ? "is" : "are"} reused, and not dealt out.`,
      );
    if (decided !== null && decided.why !== null)
      output.say(`  Nothing of ${outcome.summary.name} is reused: ${decided.why}.`);
  }
  const unknown = await suitesWithoutDurations(plan, run);
  if (unknown.length > 0)
    output.say(`  The files of ${unknown.join(", ")} were dealt out by size, as no durations are recorded.`);
  for (const reason of reasons) output.say(`  ${reason}`);
  for (const { summary } of suites) {
    for (const failure of summary.failures.slice(0, mostFailures)) output.say(`  ✘ ${failure.file} › ${failure.name}`);
  }
  output.say("  A shard is no verdict: `verify merge` gives one, of all shards together.");
  return { hasPassed };
}

/** The suites' outcomes with what was decided about reusing earlier ones. */
async function foundSuites(
  outcomes: readonly SuiteOutcome[],
  { suites }: Plan,
  { reuse }: RunContext,
): Promise<FoundSuite[]> {
  const found: FoundSuite[] = [];
  for (const outcome of outcomes) {
    const planned = suites.find(({ suite }) => suite.name === outcome.summary.name);
    const decided = planned === undefined ? null : await reuse.decidedOf(planned);
    const compared = planned === undefined ? null : reuse.comparedWith(planned);
    // A runner that could not run its workers ran everything.
    const ranWhole = decided?.kind === "files" && outcome.summary.reuse === undefined;
    found.push({
      outcome,
      decided: ranWhole ? { ...decided, kind: "run", reused: null, files: 0, keys: [] } : decided,
      compared: isOwn(planned?.shard, planned?.shard?.turn ?? 0) ? compared : null,
    });
  }
  return found;
}

const mostFailures = 10;

async function suitesWithoutDurations({ suites }: Plan, { durations }: RunContext): Promise<string[]> {
  const names = suites.filter(({ shard }) => shard !== undefined).map(({ suite }) => suite.name);
  const known = await Promise.all(names.map(async (name) => (await durations.ofSuite(name)).size > 0));
  return names.filter((_, index) => !known[index]);
}

/** Writes the log of a suite that ran elsewhere; returns its name. */
async function writeLog(run: RunContext, suite: string, shards: number): Promise<string> {
  const { path, name } = run.logs(suite);
  await writeFile(path, `Nothing of ${suite} ran here: the output is in the logs of its ${plural(shards, "shard")}.\n`);
  return name;
}

/** Why nothing of a suite was reused, a sentence; none where something was, or nothing was to be. */
function notReused({ outcome, decided }: MergedSuite): string[] {
  const why = decided.map((one) => one.why).find((one) => one !== null);
  return why === undefined ? [] : [`Nothing of ${outcome.summary.name} was reused: ${why}.`];
}

/** The stage that takes what the shards found, in place of running suites and checks. */
export function mergeStage(prepared: Prepared, places: readonly string[], run: RunContext, results: RunResults): Stage {
  return stage("Shards", async () => {
    const { loaded, checkout, target } = prepared;
    const found = await readShards(places);
    const configuration = configDigest(loaded.config);
    const complete = requireComplete(found, { version, commit: target.commit, tree: target.tree, configuration });
    const { shards } = complete;
    const changed = shards.flatMap(({ file }) =>
      file.ended.changed.map((name) => `${name} on shard ${shardText(file.shard)}`),
    );
    if (changed.length > 0) {
      throw new UnavailableError(
        `The checkout changed while a shard ran (${changed.slice(0, 3).join(", ")}): run that shard again.`,
      );
    }
    const log = (suite: string): Promise<string> => writeLog(run, suite, shards.length);
    const place = { root: checkout.root, scratch: run.scratch, log };
    const merged = await joinSuites(loaded.config.suites, complete, place);
    results.suites.push(...merged.map(({ outcome }) => outcome));
    results.checks.push(...joinChecks(loaded.config.checks, complete));
    const times = shards.map(({ file }) => file.ended.seconds);
    results.shards = {
      suites: merged,
      environment: complete.run.environment,
      outside: shards.flatMap(({ file }) =>
        file.ended.outside.map((name) => `${name} on shard ${shardText(file.shard)}`),
      ),
      server: shards.map(({ file }) => file.ended.server).find((server) => server !== null) ?? null,
      unproven: [...new Set(shards.flatMap(({ file }) => file.ended.unproven))],
      notes: [
        ...merged.flatMap(notReused),
        `Merged from ${plural(shards.length, "shard")}, which took ${formatSeconds(Math.min(...times))} to ${formatSeconds(Math.max(...times))}.`,
      ],
    };
    for (const { summary, reasons, record } of results.suites) {
      const ran = record.tests.map(({ file, name, seconds }) => ({ file, id: name, seconds }));
      if (reasons.length === 0) await run.durations.record(summary.name, ran);
    }
    return `${plural(shards.length, "shard")}, ${plural(
      results.suites.reduce((sum, { summary }) => sum + summary.tests.total, 0),
      "test",
    )}`;
  });
}

/** Records what the shards found for later ones; gives why something was not recorded, a sentence each. */
export async function recordShards(
  { repository, world }: Context,
  { target, checkout, startedAt }: Prepared,
  { shards }: RunResults,
  { scratch }: RunContext,
): Promise<string[]> {
  if (shards === null || shards.suites.every(({ decided }) => decided.length === 0)) return [];
  const { commit, tree } = target;
  return await recordMerged(shards.suites, {
    records: travellingDirectory(repository.commonDirectory),
    ...{ checkout, world, scratch, run: { commit, tree, at: startedAt.toISOString() }, server: shards.server },
  });
}
