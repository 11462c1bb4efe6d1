import type { RunnerName } from "../config/runner-facts.ts";
import type { DatabaseConfig } from "../config/schema.ts";
import type { Count } from "./count.ts";
import type { SuiteReuse } from "./reuse.ts";
import type { SchemaUse } from "./schema-use.ts";

/**
 * The result of a verification, as written to `.verify/summary.json`. Fields of schema 1 may be added but not changed.
 * Every report is computed from this value alone.
 */
export interface Summary {
  readonly schema: 1;
  readonly verdict: Verdict;
  /** False while the run is in progress, or where it was killed. Missing where it finished. */
  readonly isOver?: false;
  /** The full object id of the commit; of HEAD in a working-tree run. */
  readonly commit: string;
  readonly tree: string;
  /** The branch's short name, or null on a detached HEAD. */
  readonly branch: string | null;
  /** When the verification began, ISO 8601 in UTC. */
  readonly startedAt: string;
  /** The whole verification's wall time. */
  readonly seconds: number;
  /** Why not verified, one sentence each; empty when verified. */
  readonly reasons: readonly string[];
  /** Notes that do not affect the verdict, one sentence each. */
  readonly notes: readonly string[];
  /** How many of the notes, counted from the first, are advice. Missing before 0.7. */
  readonly advice?: number;
  /** Where the verified files were: the clean checkout, a worktree of the commit, or the working tree. */
  readonly verifiedIn: "checkout" | "worktree" | "working tree";
  readonly suites: readonly SuiteSummary[];
  /** Null where no suite gave any coverage data. */
  readonly coverage: CoverageSummary | null;
  readonly checks: readonly CheckSummary[];
  /** What the commit changes since the merge base with `base`; null where there is nothing to compare with. */
  readonly changes: Changes | null;
  /** The branch's push destination; null where unknown. Missing before 0.5. */
  readonly destination?: PushDestination | null;
  /** Earlier runs of the same suites. Missing before 0.5. */
  readonly history?: HistorySummary;
  /** What this run skipped of the configured checks, a phrase each; empty for a complete run. */
  readonly incomplete: readonly string[];
  /** Null where the run stored no receipt. */
  readonly receipt: { readonly tree: string; readonly reused: boolean } | null;
  /** The environment class of the receipt, such as "linux x64, node 20.20.2, python 3.11.7". */
  readonly environment: string;
  /** "embedded Postgres 17.10", or null where no suite used a database. */
  readonly server: string | null;
  /** The version of pushproof. */
  readonly version: string;
  /** The command that repeats this verification, such as `npx verify 3f2c1ab --fresh`. */
  readonly repeat: string;
}

export type Verdict = "verified" | "failed" | "error" | "interrupted";

/** The judgment of a run's findings. */
export interface Judgment {
  readonly verdict: Extract<Verdict, "verified" | "failed" | "error">;
  /** Why not verified, a sentence each. */
  readonly reasons: readonly string[];
}

export interface SuiteSummary {
  readonly name: string;
  readonly runner: RunnerName;
  /** The user's own command, without our additions. */
  readonly command: string;
  readonly workers: number;
  /** The suite's wall time. */
  readonly seconds: number;
  /** The sum of the test durations. */
  readonly workSeconds: number;
  /** How many test files it has, those with reused results included. */
  readonly files: number;
  readonly tests: TestCounts;
  /** The names of the workers' databases, in the workers' order. */
  readonly databases: readonly string[];
  readonly failures: readonly Failure[];
  /** Tests that failed and passed when the runner retried them. Missing where there are none. */
  readonly flaky?: readonly FlakyTest[];
  /** Tests that were running when the suite was interrupted. Missing otherwise. */
  readonly running?: readonly RunningSummary[];
  /** How workers were isolated: see `database.isolation`. Missing without databases, and before 0.2. */
  readonly isolation?: DatabaseConfig["isolation"];
  /** How the schema was kept between tests: see `database.schema`. Missing where it was not, and before 0.8. */
  readonly schema?: SchemaUse;
  /** Rejected connections of workers. Missing before 0.2. */
  readonly rejections?: readonly RejectionSummary[];
  /** Whether the runner managed the workers, or one process per worker ran. Missing before 0.3. */
  readonly parallel?: "runner" | "processes";
  /** Missing before 0.3, and where the tests did not finish. */
  readonly schedule?: ScheduleSummary;
  /** What is of earlier runs. Missing where the whole suite ran. */
  readonly reuse?: SuiteReuse;
  /** The slowest files, slowest first, at most ten. Missing before 0.5. */
  readonly slowestFiles?: readonly FileTime[];
  /** The log with the full output, relative to the repository's root. */
  readonly log: string;
  /** The log of each process, where there are several. */
  readonly logs?: readonly string[];
}

/** "gw1 tried to reach ledger_test_gw0 (3 times)". */
export interface RejectionSummary {
  /** A worker, or "coordinator" for the process that only coordinates them. */
  readonly worker: string;
  readonly database: string;
  readonly times: number;
  /** The test files during which it happened, relative to the repository's root, where known. */
  readonly files: readonly string[];
}

export interface TestCounts {
  readonly total: number;
  readonly passed: number;
  /** Includes races. */
  readonly failed: number;
  readonly skipped: number;
  /** How many of the failed tests pass alone. Missing where none does, and before 0.3. */
  readonly races?: number;
  /** How many of the failed are files that could not be loaded. Missing where there are none, and before 0.7. */
  readonly unloaded?: number;
  /**
   * How many of the passed tests failed first and passed when the runner retried them. Missing where there are none.
   */
  readonly flaky?: number;
}

/** A test that began and did not end. */
export interface RunningSummary {
  /** Relative to the repo's root. */
  readonly file: string;
  readonly name: string;
  readonly worker?: string;
  /** How long it had been running. */
  readonly seconds: number;
}

/** A test that passed only when its runner retried it. */
export interface FlakyTest {
  /** Relative to the repo's root. */
  readonly file: string;
  readonly name: string;
}

export interface Failure {
  /** Relative to the repo's root. */
  readonly file: string;
  readonly name: string;
  /** The id by which the runner selects it. Missing before 0.3, and where it cannot be selected. */
  readonly id?: string;
  readonly message: string;
  /** Its worker, where known. */
  readonly worker?: string;
  readonly kind: FailureKind;
  /** The circumstances of a race; only for that kind. */
  readonly race?: RaceSummary;
}

/**
 * `collection`: a test file that could not be loaded; `race`: a test that failed among others and passed alone on a
 * fresh database; `timeout`: a test, or its suite, that took too long.
 */
export type FailureKind = "failure" | "race" | "crash" | "timeout" | "collection";

/** How a race came about. */
export interface RaceSummary {
  /** The test files that its worker ran before, in order, relative to the repository's root, without its own. */
  readonly filesBefore: readonly string[];
  /** How many tests its worker ran before it, including those of its own file. */
  readonly testsBefore: number;
  /** Rejected connections during its file. */
  readonly rejections: readonly RejectionSummary[];
  /** The command that replays its worker's tests in order; null where the runner cannot. */
  readonly repeat: string | null;
}

export interface FileTime {
  /** Relative to the repo's root. */
  readonly file: string;
  /** The sum of the durations of its tests. */
  readonly seconds: number;
  readonly tests: number;
}

/** How well the workers were used. */
export interface ScheduleSummary {
  /** The minimum possible wall time in seconds: max(sum of all tests / workers, longest file). */
  readonly boundSeconds: number;
  /** The suite's wall time, including startup, divided by the bound. */
  readonly ratio: number;
  /** The slowest file, relative to the repository's root; null where nothing took time. */
  readonly longest: { readonly file: string; readonly seconds: number } | null;
  /** Where that file is the limit: how many seconds splitting it would save; otherwise null. */
  readonly savedBySplitting: number | null;
}

export interface CoverageSummary {
  readonly lines: Count;
  /** Missing where unmeasured, and before 0.4. */
  readonly branches?: Count;
  /** Missing where unmeasured, and before 0.4. */
  readonly functions?: Count;
  /** The executable lines that the changes add. Missing where there is nothing to compare with, and before 0.4. */
  readonly changedLines?: Count;
  /** For lines, in percent. */
  readonly threshold: number;
  /** Whether all gates passed and the sanity checks found no problem. */
  readonly passed: boolean;
  /** By file, relative to the repo's root, sorted by name. */
  readonly files: readonly FileCoverage[];
  /** Every gate that applied, lines first. Missing before 0.4. */
  readonly gates?: readonly GateSummary[];
  /** Uncovered changed lines, sorted by file and line. Missing before 0.4. */
  readonly uncoveredChanges?: readonly LineRange[];
  /** Changed source files that no suite loads; their lines count as uncovered. Missing before 0.4. */
  readonly unloaded?: readonly string[];
  /** Exclusions from coverage that the changes add. Missing before 0.4. */
  readonly exclusions?: readonly Exclusion[];
  /** How many measured files `coverage.exclude` excludes. Missing where there are none, and before 0.5. */
  readonly excludedFiles?: number;
  /** Totals of tools that mix metrics. Missing before 0.4. */
  readonly ownTotals?: readonly OwnTotal[];
}

export interface FileCoverage extends Count {
  readonly file: string;
}

/** A gate with its figure and threshold. */
export interface GateSummary extends Count {
  readonly metric: "lines" | "branches" | "functions" | "changedLines" | "files" | "ratchet";
  /** Set for the gate of a single suite. */
  readonly suite?: string;
  /**
   * In percent; null for `ratchet`, which compares with `base`. For `files`, which must all reach their minimum, 100.
   */
  readonly threshold: number | null;
  readonly passed: boolean;
  /** Suites that do not measure it, so that it cannot be judged. */
  readonly unmeasured?: readonly string[];
  /** The files below their minimum, those with the most uncovered lines first. */
  readonly below?: readonly FileBelow[];
  /** The base branch's figure and its commit; null where none is recorded. */
  readonly base?: (Count & { readonly commit: string }) | null;
}

export interface FileBelow extends FileCoverage {
  /** In percent of lines. */
  readonly threshold: number;
}

/** A range of lines in a file, both ends included. */
export interface LineRange {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

/** A comment that excludes code from coverage. */
export interface Exclusion {
  readonly file: string;
  readonly line: number;
  /** The line, without indentation. */
  readonly text: string;
}

/** A tool's own total, which mixes lines and branches. */
export interface OwnTotal extends Count {
  readonly suite: string;
  /** Such as "coverage.py". */
  readonly tool: string;
}

export interface CheckSummary {
  readonly name: string;
  readonly command: string;
  readonly passed: boolean;
  readonly seconds: number;
  /** Relative to the repo's root. */
  readonly log: string;
}

/** The branch of a remote to which a commit is, or would be, pushed. */
export interface PushDestination {
  /** The remote's name. */
  readonly remote: string;
  readonly branch: string;
  /** The remote branch's commit, as far as known locally; null where there is none. */
  readonly before: string | null;
}

/** Earlier runs of this repository for comparison. */
export interface HistorySummary {
  /** The last verified run of the base branch; null where none is recorded. */
  readonly base: PastRun | null;
  /** The last verified run with one worker; null where none is recorded. */
  readonly serial: PastRun | null;
  /** The last runs, oldest first, at most 30, without this one. */
  readonly recent: readonly PastRun[];
  /** Tests that were races in the last 30 runs without this one, the most frequent first. */
  readonly races: readonly { readonly file: string; readonly name: string; readonly times: number }[];
}

export interface PastRun {
  /** When it began, ISO 8601 in UTC. */
  readonly at: string;
  readonly commit: string;
  readonly branch: string | null;
  readonly verdict: Verdict;
  /** The total wall time. */
  readonly seconds: number;
  /** The highest number of workers of any suite. */
  readonly workers: number;
  readonly tests: TestCounts;
  /** Null without coverage data. */
  readonly lines: Count | null;
}

export interface Changes {
  /** The base of the comparison, such as `origin/main`. */
  readonly base: string;
  /** The merge base's full object id. */
  readonly mergeBase: string;
  readonly files: readonly FileChange[];
  /** Oldest first. */
  readonly commits: readonly CommitSummary[];
  /** Coverage thresholds that became lower. Missing where unknown, and before 0.5. */
  readonly lowered?: readonly LoweredThreshold[];
}

/** A coverage threshold of any tool that the changes lower. */
export interface LoweredThreshold {
  readonly file: string;
  /** The key or the option, such as `coverage.lines`, `fail_under` or `--cov-fail-under`. */
  readonly name: string;
  readonly from: number;
  /** Null where it was removed. */
  readonly to: number | null;
}

export interface FileChange {
  readonly file: string;
  /** The name before a rename. */
  readonly from?: string;
  /** Missing before 0.5. */
  readonly created?: true;
  /** Missing before 0.5. */
  readonly deleted?: true;
  /** Null for binary files. */
  readonly added: number | null;
  readonly removed: number | null;
}

export interface CommitSummary {
  readonly commit: string;
  readonly subject: string;
  readonly body: string;
}
