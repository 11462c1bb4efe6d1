import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Measuring } from "../../coverage/files/measuring.ts";
import { mergeLcov, writeLcov } from "../../coverage/lcov/merge.ts";
import type { EarlierRun } from "../../model/reuse.ts";
import type { RunRecord } from "../../model/run-record.ts";
import type { SuiteSummary } from "../../model/summary.ts";
import { canonicalPath, nameWithin } from "../../shared/within.ts";
import type { SuiteOutcome } from "../suite-outcome.ts";

/** A suite's outcome as it is recorded: without paths of the checkout, which may be another one the next time. */
export interface StoredOutcome {
  /** The run that had it. */
  readonly run: EarlierRun;
  readonly summary: SuiteSummary;
  readonly advice: readonly string[];
  readonly notes: readonly string[];
  readonly keepsSchema: boolean;
  readonly record: RunRecord;
  readonly measuring: StoredMeasuring;
  /** The bytes of its merged coverage, one character each. */
  readonly lcov: string;
  /** Such as "embedded Postgres 17.10"; null where it used no database. */
  readonly server: string | null;
}

/** `Measuring` with lists; files of the checkout are relative to its root. */
export interface StoredMeasuring {
  readonly isReported: boolean;
  readonly named: readonly string[] | null;
  readonly left: readonly string[];
  readonly tested: readonly string[];
  readonly testFiles: readonly string[];
}

/** Whether an outcome is one that would come again: every test passed, none by luck, and nothing was left open. */
export function isReusable({ summary, reasons, foreign, coverage }: SuiteOutcome): boolean {
  const { tests, failures, flaky = [], rejections = [] } = summary;
  const isClean = reasons.length + foreign.length + failures.length + flaky.length + rejections.length === 0;
  // What is skipped may pass the next time, and what passed only when run again may fail.
  return isClean && coverage !== null && tests.passed > 0 && tests.passed === tests.total;
}

/** The outcome to record; `scratch` is a private directory for a file on the way. */
export async function storedOutcome(
  outcome: SuiteOutcome,
  { root, scratch, run, server }: { root: string; scratch: string; run: EarlierRun; server: string | null },
): Promise<StoredOutcome> {
  const { summary, advice, notes, keepsSchema, record, measuring } = outcome;
  const lcov = await lcovOf(outcome, root, join(scratch, `record-${process.pid}.lcov`));
  const own = { ...summary, databases: [...summary.databases] };
  return {
    run,
    summary: own,
    advice,
    notes,
    keepsSchema,
    record,
    measuring: withoutRoot(measuring, root),
    lcov,
    server,
  };
}

/** A recorded outcome as this run's; `root` is the checkout's, `scratch` gets its coverage file. */
export async function restoredOutcome(
  stored: StoredOutcome,
  { root, scratch, log }: { root: string; scratch: string; log: { readonly path: string; readonly name: string } },
): Promise<SuiteOutcome> {
  const { run, summary, advice, notes, keepsSchema, record, measuring, lcov } = stored;
  const path = join(scratch, `reused-${summary.name.replace(/\W/g, "-")}.lcov`);
  await writeFile(path, Buffer.from(lcov, "latin1"));
  await writeFile(log.path, `Nothing ran: the results are of the run of ${run.commit}, which began at ${run.at}.\n`);
  const { schedule: _schedule, logs: _logs, ...own } = summary;
  return {
    summary: {
      ...own,
      seconds: 0,
      log: log.name,
      reuse: {
        ran: 0,
        reused: summary.files,
        audited: 0,
        reachedFrom: [],
        runs: [run],
        workSeconds: summary.workSeconds,
      },
    },
    reasons: [],
    foreign: [],
    coverage: [{ path, base: root }],
    measuring: withRoot(measuring, root),
    advice,
    notes,
    keepsSchema,
    dealt: null,
    record: { tests: record.tests.map((test) => ({ ...test, reused: true as const })), timeline: [] },
  };
}

/** A reused outcome as one shard tells of it: one of them has all of it, the others nothing, so that they add up to it. */
export function reusedOnShard(outcome: SuiteOutcome, hasAll: boolean): SuiteOutcome {
  const dealt = { all: [], own: [] };
  if (hasAll) return { ...outcome, dealt };
  const { schema: _schema, ...summary } = outcome.summary;
  const tests = { total: 0, passed: 0, failed: 0, skipped: 0 };
  const reuse = { ran: 0, reused: 0, audited: 0, reachedFrom: [], runs: [], workSeconds: 0 };
  return {
    ...outcome,
    dealt,
    summary: { ...summary, tests, files: 0, workSeconds: 0, databases: [], slowestFiles: [], reuse },
    coverage: [],
    record: { tests: [], timeline: [] },
  };
}

/** The merged coverage of a suite as LCOV, names relative to the root: one character for each byte. */
async function lcovOf({ coverage }: Pick<SuiteOutcome, "coverage">, root: string, path: string): Promise<string> {
  await writeLcov(await mergeLcov(coverage ?? []), root, path);
  return await readFile(path, "latin1");
}

/** What a runner reports about coverage, without the absolute root of its checkout. */
export function withoutRoot(measuring: Measuring, root: string): StoredMeasuring {
  const canonicalRoot = canonicalPath(root);
  return withFiles(measuring, (files) => [...files].map((file) => nameWithin(canonicalRoot, file) ?? file));
}

/** The same for a checkout with that absolute root. */
export function withRoot(measuring: StoredMeasuring, root: string): Measuring {
  const canonicalRoot = canonicalPath(root);
  // Absolute names stay: they lie outside.
  const path = (file: string): string => (file.startsWith("/") ? file : join(canonicalRoot, file));
  return withFiles(measuring, (files) => new Set([...files].map(path)));
}

function withFiles<Files>(
  { isReported, named, left, tested, testFiles }: Measuring | StoredMeasuring,
  to: (files: Iterable<string>) => Files,
) {
  return {
    isReported,
    named: named && to(named),
    left: to(left),
    tested: to(tested),
    testFiles: to(testFiles),
  };
}
