import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { EarlierRun } from "../../model/reuse.ts";
import type { RanTest } from "../../model/test-id.ts";
import { groupedBy } from "../../shared/grouped-by.ts";
import type { PlannedSuite } from "../plan/plan.ts";
import type { SuiteOutcome, TracedFiles } from "../suite-outcome.ts";
import type { ModulesCovered } from "./module-trace.ts";
import type { CompiledCode } from "./ran-functions.ts";
import { coverageKeyOf, outcomeKeyOf, prefixOf, traceKeyOf, untoldKeyOf } from "./record-keys.ts";
import type { RecordStore } from "./record-store.ts";
import type { ReuseRequest } from "./reuse-request.ts";
import { isReusable, storedOutcome, withoutRoot } from "./stored-outcome.ts";
import type { Surroundings } from "./surroundings.ts";
import type { FilesRecord, TracedRun } from "./test-files.ts";
import { readTree, type Tree } from "./tree.ts";

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
  if (checkout.kind === "working tree") {
    const now = await readTree(checkout, world.environment);
    if (JSON.stringify(now) !== JSON.stringify(tree)) return;
  }
  const scratch = dirname(traced.path);
  const at = { root: checkout.root, scratch, run, server: place.server, coverage: join(scratch, "coverage.jsonl") };
  await keepFiles(place.store, { surroundings: surroundings.digest, tree, ...at }, { outcome, trace, ran: traced.ran });
}

/** Records why nothing is known of a suite's test files whose runner went as several processes. */
export async function recordShares(store: RecordStore, surroundings: Surroundings): Promise<void> {
  if ("why" in surroundings) return;
  const why = "it runs as several processes, each over a share of its files";
  await store.write(untoldKeyOf(surroundings.digest), { why });
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

/** What each test file covered, where that is not a part of the trace: see adapters/vitest/tracing.mjs. Null where there is none. */
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
