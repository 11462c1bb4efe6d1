import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EarlierRun, PartlyReused, ReachingChange, SuiteReuse } from "../../model/reuse.ts";
import type { RanTest } from "../../model/test-id.ts";
import { compareNames } from "../../shared/text.ts";
import { canonicalPath } from "../../shared/within.ts";
import type { TestResults } from "../runners/runner.ts";
import type { Reach, ReachReason } from "./reach.ts";
import type { StoredMeasuring } from "./stored-outcome.ts";
import type { Tree } from "./tree.ts";

/** What is recorded of the test files that ran in one run; what they rest on is in a record of its own. */
export interface FilesRecord {
  readonly run: EarlierRun;
  /** Whether all files ran in it. */
  readonly isFull: boolean;
  readonly server: string | null;
  readonly tree: Tree;
  /** The tests of each file whose result would come again, by the file's name relative to the root. */
  readonly tests: Readonly<Record<string, readonly RanTest[]>>;
  readonly measuring: StoredMeasuring;
}

/** A run of a part of a suite's files, with what stands for the others. */
export interface PartOfFiles {
  readonly reach: Reach;
  /** The keys of the records that stand for files, to keep them longer. */
  readonly keys: readonly string[];
  readonly records: readonly FilesRecord[];
  /** Whether files came that no record knows: some may be test files. */
  readonly hasNewFiles: boolean;
  /** Whether a text of the checkout speaks of xdist's workers, where that was asked already. */
  readonly speaksOfWorkers?: Promise<boolean>;
}

/** What a traced run wrote about itself; null where it wrote nothing. */
export interface TracedRun {
  /** Why nothing can be recorded of it, a clause; null where it can. */
  readonly why: string | null;
  /** What was found other than recorded, a clause each. */
  readonly differences: readonly string[];
  /** What is not covered any more although its code is there, such as "line 3 of src/a.py"; null where nothing is. */
  readonly lost?: string | null;
  /** Of a shard, in place of `lost`: see `PartlyReused`. */
  readonly missing?: PartlyReused["missing"];
  readonly memos?: PartlyReused["memos"];
  /** How often each test file's tests ran, by the file's name relative to the root. */
  readonly collected?: Readonly<Record<string, number>>;
}

/** Reads what a traced run wrote. */
export async function readTracedRun(path: string): Promise<TracedRun | null> {
  return await readFile(path, "utf8").then(
    (text) => JSON.parse(text),
    () => null,
  );
}

/** The results of a part that ran, joined with those of the files that did not. */
export function withReused(results: TestResults, { reach, records }: PartOfFiles, root: string): TestResults {
  const reused = Object.entries(reach.reused).flatMap(([file, index]) => records[index]?.tests[file] ?? []);
  const canonicalRoot = canonicalPath(root);
  const isReused = (name: string): boolean => name in reach.reused;
  const added = (key: "tested" | "testFiles"): string[] =>
    records.flatMap(({ measuring }) => measuring[key].filter(isReused).map((name) => join(canonicalRoot, name)));
  const files = new Set([...results.ran, ...reused].map(({ file }) => file));
  return {
    ...results,
    tests: {
      ...results.tests,
      total: results.tests.total + reused.length,
      passed: results.tests.passed + reused.length,
    },
    ran: [...results.ran, ...reused],
    files: files.size,
    workSeconds: results.workSeconds + secondsOf(reused),
    measuring: {
      ...results.measuring,
      tested: new Set([...results.measuring.tested, ...added("tested")]),
      testFiles: new Set([...results.measuring.testFiles, ...added("testFiles")]),
    },
  };
}

/** What the summary says about a part. */
export function reuseOf({ reach, records }: PartOfFiles, ran: readonly RanTest[]): SuiteReuse {
  const reused = Object.entries(reach.reused);
  const runs = [...new Set(reused.map(([, index]) => index))].flatMap((index) => records[index]?.run ?? []);
  // Files without a test of this run's choice are no test files to readers.
  const hasTests = reused.filter(([file, index]) => (records[index]?.tests[file]?.length ?? 0) > 0);
  return {
    ran: new Set(ran.map(({ file }) => file)).size,
    reused: hasTests.length,
    audited: Object.keys(reach.compared).length,
    reachedFrom: reachingChanges(Object.values(reach.reasons)),
    runs: runs.sort((left, right) => compareNames(left.at, right.at)),
    workSeconds: secondsOf(reused.flatMap(([file, index]) => records[index]?.tests[file] ?? [])),
  };
}

/** The changed files, those that reached the most test files first. */
function reachingChanges(reasons: readonly ReachReason[]): ReachingChange[] {
  const changes = new Map<string, { times: number; functions: Set<string> | null }>();
  for (const { kind, file, functions } of reasons) {
    if (kind === "always" || kind === "new") continue;
    const known = changes.get(file) ?? { times: 0, functions: new Set<string>() };
    changes.set(file, {
      times: known.times + 1,
      functions: kind === "function" && known.functions ? new Set([...known.functions, ...functions]) : null,
    });
  }
  return [...changes]
    .sort(([, left], [, right]) => right.times - left.times)
    .map(([file, { functions }]) => ({ file, functions: functions?.size ?? null }));
}

/** The first test of a compared file with another outcome than recorded, a clause; null where there is none. */
export function outcomeDifference({ reach, records }: PartOfFiles, ran: readonly RanTest[]): string | null {
  for (const [file, index] of Object.entries(reach.compared)) {
    const before = new Map((records[index]?.tests[file] ?? []).map(({ id, outcome }) => [id, outcome]));
    const after = new Map(ran.filter((test) => test.file === file).map(({ id, outcome }) => [id, outcome]));
    for (const id of new Set([...before.keys(), ...after.keys()])) {
      const [then, now] = [before.get(id), after.get(id)];
      if (then !== now) return `${id} ${then ?? "was not there"}, and ${now ?? "did not run"} now`;
    }
  }
  return null;
}

/** The seconds that tests took together. */
export function secondsOf(tests: readonly RanTest[]): number {
  return tests.reduce((sum, { seconds }) => sum + seconds, 0);
}
