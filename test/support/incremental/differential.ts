import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Summary } from "../../../src/model/summary.ts";
import type { Environment } from "../../../src/shared/world.ts";
import type { Files, Repository } from "../repository.ts";
import { readSummary, runIn } from "../verify.ts";
import { type Edit, type EditSource, randomEdit } from "./edits.ts";

/** Two repositories with the same files: one reuses results, the other never does. */
export interface Pair {
  readonly incremental: Repository;
  readonly full: Repository;
  readonly environment: Environment;
  /**
   * With several workers, which branch a function takes that keeps something depends on which worker was the first, in full
   * runs as well: then branches are not compared.
   */
  readonly workers: number;
  /** Draws the sample; left out, by chance: then nothing may be expected that depends on which files it holds. */
  readonly random?: () => number;
  /** By how many shards the one that reuses results is run; left out, by none. */
  readonly shards?: number;
}

/** What a run of edits found. */
export interface Tried {
  readonly edits: number;
  /** How many edits made a test fail. */
  readonly failing: number;
  /** How many edits were verified without running everything. */
  readonly partial: number;
  /** Of these, how many files ran, and how many there were. */
  readonly ran: number;
  readonly files: number;
  /** Where the incremental run differed from the full one, a text each. */
  readonly misses: readonly string[];
}

/** Makes both repositories the same and lets each run once in full. */
export async function begin(pair: Pair): Promise<void> {
  const { incremental, full, environment } = pair;
  for (const { git } of [incremental, full]) await git("switch", "--quiet", "--create", "feature");
  await Promise.all([runIncremental(pair), runIn(full.root, ["--full"], { environment })]);
}

/**
 * Runs the repository that reuses results; by shards a second time where these say that all has to run. Gives whether there is
 * a verdict: a shard of a suite that cannot run does not reach its end.
 */
async function runIncremental({ incremental, environment, shards, random }: Pair): Promise<boolean> {
  const run = (...words: string[]) => runIn(incremental.root, words, { environment, ...(random && { random }) });
  if (shards === undefined) {
    await run("--fresh");
    return true;
  }
  for (let isAgain = false; ; isAgain = true) {
    for (let index = 1; index <= shards; index++) await run("--shard", `${index}/${shards}`);
    const { errors } = await run("merge");
    if (errors.includes("did not reach its end")) return false;
    if (errors !== "") throw new Error(errors);
    const { reasons } = await readSummary(incremental.root);
    if (isAgain || !reasons.some((reason) => reason.includes("with --full"))) return true;
  }
}

/** Tries so many random edits; `say` gets a line for each. */
export async function tryEdits(
  pair: Pair,
  source: EditSource,
  count: number,
  say: (line: string) => void = () => {},
): Promise<Tried> {
  const start = await pair.incremental.git("rev-parse", "HEAD");
  const fullStart = await pair.full.git("rev-parse", "HEAD");
  const misses: string[] = [];
  const edits: string[] = [];
  const sum = { failing: 0, partial: 0, ran: 0, files: 0 };
  for (let tried = 1; tried <= count; tried++) {
    const edit = await randomEdit(pair.incremental, source);
    edits.push(edit.what);
    const { difference, incremental } = await check(pair, edit);
    if (difference !== null) misses.push(`${edits.join(", then ")}: ${difference}`);
    const [suite] = incremental.suites;
    if (incremental.verdict !== "verified") sum.failing += 1;
    if (suite?.reuse !== undefined) {
      sum.partial += 1;
      sum.ran += suite.reuse.ran;
      sum.files += suite.files;
    }
    const how = suite?.reuse === undefined ? "all" : `${suite.reuse.ran} of ${suite.files}`;
    say(`${tried} ${edit.what}: ${incremental.verdict}, ${how}${difference === null ? "" : `, MISS: ${difference}`}`);
    // A suite that fails says little about the next edit.
    if (incremental.verdict === "verified" && source.random() < 0.6) continue;
    await pair.incremental.git("reset", "--quiet", "--hard", start);
    await pair.full.git("reset", "--quiet", "--hard", fullStart);
    for (const { git } of [pair.incremental, pair.full]) await git("clean", "-qfd");
    edits.length = 0;
  }
  return { edits: count, ...sum, misses };
}

/** Commits an edit in both repositories and compares what their runs say. */
export async function check(
  pair: Pair,
  { what, files }: Edit,
): Promise<{ difference: string | null; incremental: Summary }> {
  const { incremental, full, environment, workers, shards } = pair;
  const run = async (
    repository: Repository,
    runs: () => Promise<unknown>,
  ): Promise<{ seen: Seen; summary: Summary }> => {
    await repository.write(files);
    await repository.commit(what);
    await runs();
    return await seenIn(repository, workers === 1 && shards === undefined);
  };
  let hasVerdict = true;
  const [one, other] = await Promise.all([
    run(incremental, async () => (hasVerdict = await runIncremental(pair))),
    run(full, () => runIn(full.root, ["--fresh", "--full"], { environment })),
  ]);
  await expectOfHead(full, other.summary);
  if (hasVerdict) await expectOfHead(incremental, one.summary);
  if (!hasVerdict) {
    const { verdict } = other.seen;
    return { difference: verdict === "error" ? null : `no verdict instead of ${verdict}`, incremental: other.summary };
  }
  return { difference: differenceOf(one.seen, other.seen), incremental: one.summary };
}

/** Throws where a summary is an earlier run's, as it is where a run ended before it found anything. */
async function expectOfHead({ git }: Repository, { commit }: Summary): Promise<void> {
  const head = await git("rev-parse", "HEAD");
  if (commit !== head) throw new Error(`The summary is of ${commit}: the run of ${head} wrote none.`);
}

type Seen = Readonly<Record<"verdict" | "failures" | "tests" | "coverage" | "lcov", string>>;

async function seenIn(repository: Repository, hasBranches: boolean): Promise<{ seen: Seen; summary: Summary }> {
  const summary = await readSummary(repository.root);
  const lcov = await readFile(join(repository.root, ".verify", "coverage.lcov"), "latin1").catch(() => "none");
  const failures = summary.suites.flatMap((suite) => suite.failures.map(({ file, name }) => `${file} ${name}`));
  const tests = summary.suites.map(({ tests, files }) => ({ ...tests, files }));
  const { lines, branches, functions } = summary.coverage ?? {};
  return {
    summary,
    seen: {
      verdict: summary.verdict,
      failures: failures.sort().join("; "),
      tests: JSON.stringify(tests),
      coverage: JSON.stringify({ lines, functions, ...(hasBranches ? { branches } : {}) }),
      // What several processes load counts for each of them.
      lcov: hasBranches ? lcov : lcov.replace(/^BR.*\n/gm, "").replace(/^(DA:\d+,|FNDA:)[1-9]\d*/gm, "$11"),
    },
  };
}

function differenceOf(one: Seen, other: Seen): string | null {
  for (const part of ["verdict", "failures", "tests", "coverage", "lcov"] as const) {
    if (one[part] === other[part]) continue;
    // How far a failed test came may depend on what ran before it.
    if (other.failures !== "" && (part === "coverage" || part === "lcov")) continue;
    if (part !== "lcov") return `${part}: ${one[part]} instead of ${other[part]}`;
    const [left, right] = [one.lcov.split("\n"), other.lcov.split("\n")];
    const line = left.findIndex((text, index) => text !== right[index]);
    const file = left.slice(0, line + 1).findLast((text) => text.startsWith("SF:"));
    return `lcov: line ${line + 1} (${file}): ${left[line]} instead of ${right[line]}`;
  }
  return null;
}

/** Files with what is left of others. */
export function withFiles(...all: readonly Files[]): Files {
  return Object.assign({}, ...all);
}
