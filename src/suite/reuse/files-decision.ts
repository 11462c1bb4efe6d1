import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RunnerName } from "../../config/runner-facts.ts";
import type { EarlierRun } from "../../model/reuse.ts";
import type { RanTest } from "../../model/test-id.ts";
import { messageOf } from "../../shared/errors.ts";
import { groupedBy } from "../../shared/grouped-by.ts";
import { version } from "../../shared/version.ts";
import { canonicalPath } from "../../shared/within.ts";
import type { PlannedSuite } from "../plan/plan.ts";
import { projectEnvironment } from "../plan/project-environment.ts";
import type { SuiteOutcome, TracedFiles } from "../suite-outcome.ts";
import { EarlierSources } from "./earlier-sources.ts";
import { moduleReach } from "./module-reach.ts";
import { type ModulesCovered, type ModulesRecord, type ModulesTrace, nothingTraced } from "./module-trace.ts";
import type { CompiledCode } from "./ran-functions.ts";
import { askReach, type Reach } from "./reach.ts";
import { RecordStore } from "./record-store.ts";
import { drawn, type ReuseRequest } from "./reuse-request.ts";
import { isRecent } from "./run-log.ts";
import { isReusable, type StoredOutcome, storedOutcome, withoutRoot } from "./stored-outcome.ts";
import type { SuiteDecision } from "./suite-decision.ts";
import type { Surroundings } from "./surroundings.ts";
import type { FilesRecord, TracedRun } from "./test-files.ts";
import { changesOf, readTree, type Tree, type TreeChanges } from "./tree.ts";

/** One whole suite in so many is run although its record could be reused, to compare the two. */
export const auditedShare = 0.05;
/** How many records are looked at, the newest first: reading one takes time. */
const mostRecords = 6;

/** How a runner's records tell which test files a change reaches. */
type Grain = (
  question: FilesQuestion & { readonly request: ReuseRequest },
  best: readonly Candidate[],
  random: number,
) => Promise<Reach>;

const grains: Partial<Record<RunnerName, Grain>> = {
  pytest: reachByFunctions,
  vitest: reachByModules,
  node: reachByModules,
};

/** Whether a suite's test files can be told apart: its processes are traced, and one runner runs them all. */
export function isByFile({ suite, parallel, replay, shard }: PlannedSuite): boolean {
  // Only pytest's traces of several machines can be joined.
  if (shard !== undefined && suite.runner !== "pytest") return false;
  return suite.runner in grains && parallel === "runner" && replay === undefined;
}

/** What decides which test files run. */
interface FilesQuestion {
  readonly planned: PlannedSuite;
  readonly tree: Tree;
  /** The digest of the suite's surroundings. */
  readonly surroundings: string;
  readonly now: Date;
}

/** Decides which test files of a suite run. */
export async function filesDecision(request: ReuseRequest, question: FilesQuestion): Promise<SuiteDecision> {
  const { commonDirectory } = request;
  const { planned, tree, surroundings, now } = question;
  const { name, inputs, runner } = planned.suite;
  const store = new RecordStore(commonDirectory, name);
  const found: { key: string; trace: string; record: FilesRecord }[] = [];
  for (const key of await store.keys()) {
    if (!key.startsWith(prefixOf(surroundings))) continue;
    const record = (await store.read(key)) as FilesRecord | null;
    const trace = await store.soundPath(traceKeyOf(key));
    if (record !== null && trace !== null && isRecent(record.run, now)) found.push({ key, trace, record });
  }
  if (found.length === 0) {
    const told = (await store.read(untoldKeyOf(surroundings))) as { readonly why: string } | null;
    return {
      kind: "run",
      why: told?.why ?? "no run with the same packages, runtimes, settings and configuration is recorded",
    };
  }
  const best = bestRecords(found.map((one) => ({ ...one, changes: changesOf(one.record.tree, tree, inputs) })));
  const about = `${name} ${best.map(({ key }) => key).join(" ")}`;
  const random = Math.floor(drawn(request, `files of ${about}`) * 2 ** 32);
  try {
    const reach = await grains[runner]?.({ ...question, request }, best, random);
    if (reach === undefined) return { kind: "run", why: "its test files cannot be told apart" };
    if (reach.why !== undefined) return { kind: "run", why: reach.why };
    const standing = await wholeOutcome(store, best[0], reach);
    if (standing !== null) {
      return { kind: drawn(request, `all of ${about}`) < auditedShare ? "audit" : "reuse", stored: standing };
    }
    if (Object.keys(reach.reused).length === 0) return { kind: "run", why: whyNone(reach) };
    const keys = [...usedRecords(reach)].flatMap((index) => best[index]?.key ?? []);
    return {
      kind: "files",
      part: {
        reach,
        keys: keys.flatMap((key) => [key, traceKeyOf(key), coverageKeyOf(key), outcomeKeyOf(key)]),
        records: best.map(({ record }) => record),
        hasNewFiles: best.some(({ changes }) => changes.added.length > 0),
      },
    };
  } catch (error) {
    return { kind: "run", why: `what a change reaches cannot be told (${messageOf(error).split("\n")[0]})` };
  }
}

/** pytest's test files share their modules: pushproof_reach.py follows who imports what, and which functions ran. */
async function reachByFunctions(
  { request: { checkout, world }, planned }: Parameters<Grain>[0],
  best: readonly Candidate[],
  random: number,
): Promise<Reach> {
  const environment = projectEnvironment(checkout, [planned.directory], world.environment);
  const records = best.map(({ key, trace, record, changes }) => ({
    trace,
    key: traceKeyOf(key),
    version,
    tests: Object.keys(record.tests),
    ...changes,
  }));
  return await askReach({ checkout: checkout.root, records, random }, planned.directory, environment);
}

/** Each test file of vitest and node:test loads its own modules. */
async function reachByModules(
  { request: { checkout, commonDirectory, world }, planned }: Parameters<Grain>[0],
  best: readonly Candidate[],
  random: number,
): Promise<Reach> {
  const store = new RecordStore(commonDirectory, planned.suite.name);
  const sources = new EarlierSources(checkout.root, world.environment);
  const records = await Promise.all(
    best.map(async ({ key, record, changes }): Promise<ModulesRecord> => {
      const trace = (await store.read(traceKeyOf(key))) as ModulesTrace | null;
      const coverage = coverageKeyOf(key);
      const path = await store.soundPath(coverage);
      return {
        ...changes,
        trace: trace ?? nothingTraced,
        // A record that is not whole says nothing of any file.
        tests: trace === null || path === null ? [] : Object.keys(record.tests),
        coverage: { path: path ?? "", key: coverage, version },
        isTracked: (file) => file in record.tree,
        sources:
          trace?.provider === "v8" && !trace.hasPlugins ? await sources.compare(changes, record.tree) : new Map(),
        covered: async () => (await store.read(coverage)) as ModulesCovered | null,
      };
    }),
  );
  return await moduleReach(canonicalPath(checkout.root), records, random);
}

/**
 * The outcome of a full run that stands for the whole suite: no file differs that matters to any, and nothing that its
 * test files rest on does. Null where something may.
 */
async function wholeOutcome(
  store: RecordStore,
  best: Candidate | undefined,
  reach: Reach,
): Promise<StoredOutcome | null> {
  if (best === undefined || !best.record.isFull || Object.keys(reach.reasons).length > 0) return null;
  const { added, modified, deleted } = best.changes;
  if (added.length + modified.length + deleted.length > 0) return null;
  const isOfBest = [...Object.values(reach.reused), ...Object.values(reach.compared)].every((index) => index === 0);
  return isOfBest ? ((await store.read(outcomeKeyOf(best.key))) as StoredOutcome | null) : null;
}

/** A record, and how the files differ from those of its run. */
interface Candidate {
  readonly key: string;
  readonly trace: string;
  readonly record: FilesRecord;
  readonly changes: TreeChanges;
}

/**
 * The records to look at, the most useful first: full runs, by how little changed, before others, the newest first. What
 * files cover may depend on which others ran before them in the same process, so they are best taken from one run.
 */
function bestRecords(candidates: readonly Candidate[]): Candidate[] {
  const changesIn = ({ changes: { added, modified, deleted } }: Candidate): number =>
    added.length + modified.length + deleted.length;
  const newestFirst = candidates.toSorted((left, right) => right.record.run.at.localeCompare(left.record.run.at));
  const full = newestFirst
    .filter(({ record }) => record.isFull)
    .sort((one, other) => changesIn(one) - changesIn(other));
  const others = newestFirst.filter(({ record }) => !record.isFull);
  return [...full.slice(0, mostRecords / 2), ...others].slice(0, mostRecords);
}

function usedRecords({ reused, compared }: Reach): Set<number> {
  return new Set([...Object.values(reused), ...Object.values(compared)]);
}

function whyNone({ reasons, compared }: Reach): string {
  const all = Object.values(reasons);
  const unknown = all.find(({ kind }) => kind === "unknown");
  if (unknown !== undefined) return `${unknown.file} changed, of which no run has seen what it matters to`;
  const [sample] = Object.keys(compared);
  if (sample !== undefined) return `only ${sample} is reached by no change, and it runs as the sample`;
  const [first] = all;
  if (first !== undefined && all.every(({ kind }) => kind === "always")) {
    return `its test files always run (${first.file})`;
  }
  return "a change reaches every test file";
}

/** Records what was traced of the test files that ran, but for those whose result may be another one the next time. */
export async function recordFiles(
  request: ReuseRequest,
  place: {
    readonly store: RecordStore;
    readonly planned: PlannedSuite;
    readonly keys: { readonly surroundings: Surroundings; readonly tree: Tree };
    readonly server: string | null;
  },
  outcome: SuiteOutcome,
  traced: TracedFiles,
): Promise<void> {
  const { checkout, run, world } = request;
  const { surroundings, tree } = place.keys;
  if ("why" in surroundings || outcome.reasons.length > 0 || outcome.foreign.length > 0) return;
  const trace: TracedRun | null = await readFile(traced.path, "utf8").then(JSON.parse, () => null);
  if (trace === null || trace.differences.length > 0) return;
  if (trace.why !== null) {
    await place.store.write(untoldKeyOf(surroundings.digest), { why: trace.why });
    return;
  }
  // A working tree may have changed meanwhile; git looks at the others.
  const now = await readTree(checkout, world.environment);
  if (checkout.kind === "working tree" && JSON.stringify(now) !== JSON.stringify(tree)) return;
  const scratch = dirname(traced.path);
  const at = { root: checkout.root, scratch, run, server: place.server, coverage: join(scratch, "coverage.jsonl") };
  await keepFiles(place.store, { surroundings: surroundings.digest, tree, ...at }, { outcome, trace, ran: traced.ran });
}

/** Where the files of a suite are recorded, and of which run. */
interface KeptFiles {
  /** The digest of the suite's surroundings. */
  readonly surroundings: string;
  readonly tree: Tree;
  readonly root: string;
  readonly scratch: string;
  readonly run: EarlierRun;
  readonly server: string | null;
  /** The absolute file with what each test file covered, where that is apart from the trace; else null. */
  readonly coverage: string | null;
}

/** Writes the record of the test files that ran, and of the whole suite where all of them did. */
export async function keepFiles(
  store: RecordStore,
  { surroundings, tree, root, scratch, run, server, coverage }: KeptFiles,
  { outcome, trace, ran }: { outcome: SuiteOutcome; trace: TracedRun; ran: readonly RanTest[] },
): Promise<void> {
  const tests = testsToKeep(outcome, ran, Object.keys(trace.collected ?? {}));
  if (Object.keys(tests).length === 0) return;
  const isFull = outcome.summary.reuse === undefined;
  const record: FilesRecord = { run, isFull, server, tree, tests, measuring: withoutRoot(outcome.measuring, root) };
  const key = `${prefixOf(surroundings)}${run.at.replace(/\W/g, "")}-${process.pid}`;
  if (!(await store.write(traceKeyOf(key), trace))) return;
  const covered = coverage === null ? null : await readCovered(coverage, (test) => test in tests);
  if (covered !== null && !(await store.write(coverageKeyOf(key), covered))) return;
  await store.write(key, record);
  if (!isFull || !isReusable(outcome)) return;
  await store.write(outcomeKeyOf(key), await storedOutcome(outcome, { root, scratch, run, server }));
}

/** The tests by file, without files in which one did not simply pass. */
function testsToKeep(
  { summary }: SuiteOutcome,
  ran: readonly RanTest[],
  collected: readonly string[],
): Record<string, readonly RanTest[]> {
  const { flaky = [], failures, rejections = [] } = summary;
  const doubtful = new Set([
    ...[...flaky, ...failures].map(({ file }) => file),
    ...rejections.flatMap(({ files }) => files),
  ]);
  // Where it is not known during which file a connection was refused, it may have been any.
  if (rejections.some(({ files }) => files.length === 0)) return {};
  const byFile = groupedBy(ran, ({ file }) => file);
  const kept: Record<string, readonly RanTest[]> = {};
  for (const file of new Set([...collected, ...byFile.keys()])) {
    const tests = byFile.get(file) ?? [];
    const isFile = !/(?:^|\/)(?:__init__|conftest)\.py$/.test(file);
    if (isFile && !doubtful.has(file) && tests.every(({ outcome }) => outcome === "passed")) kept[file] = tests;
  }
  return kept;
}

function prefixOf(surroundings: string): string {
  return `files-${surroundings.slice(0, 32)}-`;
}

/** For why the test files of a suite cannot be told apart, which the next run says. */
function untoldKeyOf(surroundings: string): string {
  return `untold-${surroundings.slice(0, 32)}`;
}

/** What each test file covered, where that is not a part of the trace: see vitest-tracing.mjs. Null where there is none. */
async function readCovered(path: string, isKept: (test: string) => boolean): Promise<ModulesCovered | null> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return null;
  const tests: Record<string, { coverage: string }[]> = {};
  const code: Record<string, CompiledCode> = {};
  for (const line of text.split("\n").filter(Boolean)) {
    const { test, file, ...part } = JSON.parse(line);
    if (test === undefined) code[file] = part;
    else if (isKept(test)) tests[test] = [...(tests[test] ?? []), part];
  }
  return { tests, code };
}

function coverageKeyOf(key: string): string {
  return key.replace(/^files-/, "coverage-");
}

function outcomeKeyOf(key: string): string {
  return key.replace(/^files-/, "outcome-");
}

function traceKeyOf(key: string): string {
  return key.replace(/^files-/, "trace-");
}
