import type { RunnerName } from "../../config/runner-facts.ts";
import { background } from "../../shared/background.ts";
import { messageOf } from "../../shared/errors.ts";
import { compareNames } from "../../shared/text.ts";
import { version } from "../../shared/version.ts";
import { canonicalPath } from "../../shared/within.ts";
import type { PlannedSuite } from "../plan/plan.ts";
import { projectEnvironment } from "../plan/project-environment.ts";
import { speaksOfWorkers } from "./alone.ts";
import { EarlierSources } from "./earlier-sources.ts";
import { moduleReach } from "./module-reach.ts";
import { type ModulesCovered, type ModulesRecord, type ModulesTrace, nothingTraced } from "./module-trace.ts";
import { type Reach, ReachProgram } from "./reach.ts";
import { coverageKeyOf, outcomeKeyOf, prefixOf, traceKeyOf, untoldKeyOf } from "./record-keys.ts";
import { RecordStore } from "./record-store.ts";
import { drawn, type ReuseRequest } from "./reuse-request.ts";
import { isRecent } from "./run-log.ts";
import type { StoredOutcome } from "./stored-outcome.ts";
import type { Deciding, SuiteDecision } from "./suite-decision.ts";
import { type FilesRecord, secondsOf } from "./test-files.ts";
import { changesOf, type Tree, type TreeChanges } from "./tree.ts";
import { auditedShare } from "./whole-record.ts";

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
  jest: reachByModules,
  node: reachByModules,
};

/** Whether a suite's test files can be told apart: its processes are traced, and one runner runs them all. */
export function isByFile({ suite, parallel, replay, shard }: PlannedSuite): boolean {
  // Only pytest's traces of several machines can be joined.
  if (shard !== undefined && suite.runner !== "pytest") return false;
  return suite.runner in grains && parallel === "runner" && replay === undefined;
}

/** Starts the program that is asked which test files of a suite changes reach; null where none is. */
export function startReachProgram({ checkout, world }: ReuseRequest, planned: PlannedSuite): ReachProgram | null {
  if (planned.suite.runner !== "pytest" || !isByFile(planned)) return null;
  const { directory } = planned;
  return new ReachProgram(directory, projectEnvironment(checkout, [directory], world.environment));
}

/** What decides which test files run. */
interface FilesQuestion {
  readonly planned: PlannedSuite;
  readonly tree: Tree;
  /** The digest of the suite's surroundings. */
  readonly surroundings: string;
  readonly now: Date;
  /** Running already, as starting it takes a third of its time; null where the grain asks none. */
  readonly program: ReachProgram | null;
}

/** Decides which test files of a suite run. Where some do in any case, what runs them need not wait for which. */
export async function filesDecision(request: ReuseRequest, question: FilesQuestion): Promise<SuiteDecision | Deciding> {
  const { commonDirectory } = request;
  const { planned, tree, surroundings, now } = question;
  const { name, inputs } = planned.suite;
  const store = new RecordStore(commonDirectory, name);
  const keys = (await store.keys()).filter((key) => key.startsWith(prefixOf(surroundings)));
  const read = await Promise.all(
    keys.map(async (key) => {
      const [record, trace] = await Promise.all([store.read(key), store.soundPath(traceKeyOf(key))]);
      return { key, trace, record: record as FilesRecord | null };
    }),
  );
  const found = read.flatMap(({ key, trace, record }) =>
    record !== null && trace !== null && isRecent(record.run, now) ? [{ key, trace, record }] : [],
  );
  if (found.length === 0) {
    const recorded = (await store.read(untoldKeyOf(surroundings))) as { readonly why: string } | null;
    return {
      kind: "run",
      why: recorded?.why ?? "no run with the same packages, runtimes, settings and configuration is recorded",
    };
  }
  const best = bestRecords(found, (record) => changesOf(record.tree, tree, inputs));
  const decision = background(decideFiles(request, question, store, best));
  return isUnchanged(best[0]) ? await decision : { kind: "deciding", decision };
}

async function decideFiles(
  request: ReuseRequest,
  question: FilesQuestion,
  store: RecordStore,
  best: readonly Candidate[],
): Promise<SuiteDecision> {
  const { planned } = question;
  const { name, runner } = planned.suite;
  const about = `${name} ${best.map(({ key }) => key).join(" ")}`;
  const random = Math.floor(drawn(request, `files of ${about}`) * 2 ** 32);
  try {
    const { checkout, world } = request;
    const mayBeAlone = runner === "pytest" && planned.workers.length > 1;
    const asking = mayBeAlone ? background(speaksOfWorkers(checkout, world.environment)) : undefined;
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
        ...(asking === undefined ? {} : { speaksOfWorkers: asking }),
      },
    };
  } catch (error) {
    return { kind: "run", why: `what a change reaches cannot be told (${messageOf(error).split("\n")[0]})` };
  }
}

/** pytest's test files share their modules: pushproof_reach.py follows who imports what, and which functions ran. */
async function reachByFunctions(
  { request, program }: Parameters<Grain>[0],
  best: readonly Candidate[],
  random: number,
): Promise<Reach> {
  if (program === null) throw new Error("no program was started to be asked");
  const records = best.map(({ key, trace, record, changes }) => ({
    trace,
    key: traceKeyOf(key),
    version,
    tests: secondsOfFiles(record),
    isFull: record.isFull,
    ...changes,
  }));
  return await program.ask({ checkout: request.checkout.root, records, random });
}

/** Each test file of vitest, jest and node:test loads its own modules. */
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
        tests: trace === null || path === null ? {} : secondsOfFiles(record),
        coverage: { path: path ?? "", key: coverage, version },
        isTracked: (file) => file in record.tree,
        sources: trace !== null && tellsSources(trace) ? await sources.compare(changes, record.tree) : new Map(),
        covered: async () => (await store.read(coverage)) as ModulesCovered | null,
      };
    }),
  );
  return await moduleReach(canonicalPath(checkout.root), records, random);
}

/** The seconds that the tests of each file took. */
function secondsOfFiles({ tests }: FilesRecord): Record<string, number> {
  return Object.fromEntries(Object.entries(tests).map(([file, own]) => [file, secondsOf(own)]));
}

/** Whether the compilers of a suite make the same of a source that differs in comments and types only. */
function tellsSources({ provider, hasPlugins }: ModulesTrace): boolean {
  return provider === "jest" || provider === "node" || (provider === "v8" && !hasPlugins);
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
  if (!isUnchanged(best) || Object.keys(reach.reasons).length > 0) return null;
  const isOfBest = [...Object.values(reach.reused), ...Object.values(reach.compared)].every((index) => index === 0);
  return isOfBest ? ((await store.read(outcomeKeyOf(best.key))) as StoredOutcome | null) : null;
}

/** Whether a full run is recorded of the very files that there are: only then a whole suite may not have to run. */
function isUnchanged(best: Candidate | undefined): best is Candidate {
  return best?.record.isFull === true && changesIn(best) === 0;
}

function changesIn({ changes: { added, modified, deleted } }: Candidate): number {
  return added.length + modified.length + deleted.length;
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
function bestRecords(
  found: readonly Omit<Candidate, "changes">[],
  changesSince: (record: FilesRecord) => TreeChanges,
): Candidate[] {
  const newestFirst = found.toSorted((left, right) => compareNames(right.record.run.at, left.record.run.at));
  const withChanges = (one: Omit<Candidate, "changes">): Candidate => ({ ...one, changes: changesSince(one.record) });
  const full = newestFirst
    .filter(({ record }) => record.isFull)
    .map(withChanges)
    .sort((one, other) => changesIn(one) - changesIn(other))
    .slice(0, mostRecords / 2);
  const others = newestFirst.filter(({ record }) => !record.isFull).slice(0, mostRecords - full.length);
  return [...full, ...others.map(withChanges)];
}

function usedRecords({ reused, compared }: Reach): Set<number> {
  return new Set([...Object.values(reused), ...Object.values(compared)]);
}

function whyNone({ reasons, compared }: Reach): string {
  const all = Object.values(reasons);
  const unknown = all.find(({ kind }) => kind === "unknown");
  if (unknown !== undefined) return `${unknown.file} changed, of which no run has seen what it matters to`;
  const shared = all.find(({ kind }) => kind === "everyone");
  if (shared !== undefined) return `${shared.file} changed, which all test files rest on`;
  const [sample] = Object.keys(compared);
  if (sample !== undefined) return `only ${sample} is reached by no change, and it runs as the sample`;
  const [first] = all;
  if (first !== undefined && all.every(({ kind }) => kind === "always")) {
    return `its test files always run (${first.file})`;
  }
  return "a change reaches every test file";
}
