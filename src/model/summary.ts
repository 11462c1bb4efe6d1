import type { RunnerName } from "../config/runner-facts.ts";
import type { DatabaseConfig } from "../config/schema.ts";
import type { Count } from "./count.ts";

/**
 * What a verification found, as it is written to `.verify/summary.json` (contract section 6, schema 1; additions are
 * free, changes are not). Every report is computed from this value alone.
 */
export interface Summary {
  readonly schema: 1;
  readonly verdict: Verdict;
  /** False while the run goes on, and for ever where it was killed. Missing where it came to its end. */
  readonly isOver?: false;
  /** The full object id of the commit; of HEAD in a working-tree run. */
  readonly commit: string;
  readonly tree: string;
  /** The branch's short name, or null where the commit is on none. */
  readonly branch: string | null;
  /** When the verification began, ISO 8601 in UTC. */
  readonly startedAt: string;
  /** The whole verification's wall time. */
  readonly seconds: number;
  /** Why not verified, one sentence each; empty when verified. */
  readonly reasons: readonly string[];
  /** What a reader should know though the verdict does not depend on it, one sentence each. */
  readonly notes: readonly string[];
  /** How many of the notes, from the first on, say what would help. Missing before 0.7. */
  readonly advice?: number;
  /** Where the files were: the clean checkout itself, a worktree of the commit, or the working tree as it lay. */
  readonly verifiedIn: "checkout" | "worktree" | "working tree";
  readonly suites: readonly SuiteSummary[];
  /** Null where no suite gave any coverage data. */
  readonly coverage: CoverageSummary | null;
  readonly checks: readonly CheckSummary[];
  /** What the commit changes against the merge base with `base`; null where there is no base to compare with. */
  readonly changes: Changes | null;
  /** Where the branch goes; null where that is not known. Missing before 0.5. */
  readonly destination?: Destination | null;
  /** What earlier runs of the same suites were. Missing before 0.5. */
  readonly history?: HistorySummary;
  /** What this run left out of what the configuration asks for, a phrase each; empty for a whole run. */
  readonly incomplete: readonly string[];
  /** Null where this run gave none. */
  readonly receipt: { readonly tree: string; readonly reused: boolean } | null;
  /** What ran it: the environment class of the receipt, such as "linux x64, node 20.20.2, python 3.11.7". */
  readonly environment: string;
  /** "embedded Postgres 17.10", or null where no suite used a database. */
  readonly server: string | null;
  /** The version of pushproof. */
  readonly version: string;
  /** The command that does this verification again, such as `npx verify 3f2c1ab --fresh`. */
  readonly repeat: string;
}

export type Verdict = "verified" | "failed" | "error" | "interrupted";

/** What the findings of a run come to. */
export interface Judgment {
  readonly verdict: Extract<Verdict, "verified" | "failed" | "error">;
  /** Why not verified, a sentence each. */
  readonly reasons: readonly string[];
}

export interface SuiteSummary {
  readonly name: string;
  readonly runner: RunnerName;
  /** The user's own command, without what was added. */
  readonly command: string;
  readonly workers: number;
  /** The suite's wall time. */
  readonly seconds: number;
  /** The sum of the tests' own durations. */
  readonly workSeconds: number;
  /** How many test files ran. */
  readonly files: number;
  readonly tests: TestCounts;
  /** The names of the databases the workers had, in the workers' order. */
  readonly databases: readonly string[];
  readonly failures: readonly Failure[];
  /** The tests that failed, and passed when the runner itself ran them again. Missing where there are none. */
  readonly flaky?: readonly FlakyTest[];
  /** The tests that were running when the suite was ended before its end. Missing elsewhere. */
  readonly running?: readonly RunningSummary[];
  /** How the workers were kept apart: see `database.isolation`. Missing where there were no databases, and before 0.2. */
  readonly isolation?: DatabaseConfig["isolation"];
  /** What workers tried to reach and the server refused them. Missing before 0.2. */
  readonly rejections?: readonly RejectionSummary[];
  /** Whether the runner itself ran the workers, or several processes of it did. Missing before 0.3. */
  readonly parallel?: "runner" | "processes";
  /** Missing before 0.3, and where the tests did not run to their end. */
  readonly schedule?: ScheduleSummary;
  /** The files that took longest, the longest first, at most ten. Missing before 0.5. */
  readonly slowestFiles?: readonly FileTime[];
  /** Where the full output is, relative to the repo's root. */
  readonly log: string;
  /** Where the output of each process is, where there are several. */
  readonly logs?: readonly string[];
}

/** "gw1 tried to reach ledger_test_gw0 (3 times)". */
export interface RejectionSummary {
  /** A worker, or "coordinator" for the process that only coordinates them. */
  readonly worker: string;
  readonly database: string;
  readonly times: number;
  /** The test files during which it happened, relative to the repo's root, as far as they are known. */
  readonly files: readonly string[];
}

export interface TestCounts {
  readonly total: number;
  readonly passed: number;
  /** Races among them. */
  readonly failed: number;
  readonly skipped: number;
  /** How many of those that failed pass alone. Missing where none does, and before 0.3. */
  readonly races?: number;
  /** How many of those that failed are files that could not be loaded. Missing where there are none, and before 0.7. */
  readonly unloaded?: number;
  /** How many of those that passed had failed before, and passed when the runner ran them again. Missing where none did. */
  readonly flaky?: number;
}

/** A test that had begun and not ended. */
export interface RunningSummary {
  /** Relative to the repo's root. */
  readonly file: string;
  readonly name: string;
  readonly worker?: string;
  /** How long it had been running. */
  readonly seconds: number;
}

/** A test that passed only when its runner ran it again. */
export interface FlakyTest {
  /** Relative to the repo's root. */
  readonly file: string;
  readonly name: string;
}

export interface Failure {
  /** Relative to the repo's root. */
  readonly file: string;
  readonly name: string;
  /** What the runner selects it by. Missing before 0.3, and where nothing can be selected. */
  readonly id?: string;
  readonly message: string;
  /** The worker it ran on, where that is known. */
  readonly worker?: string;
  readonly kind: FailureKind;
  /** What led to a race; there for that kind alone. */
  readonly race?: RaceSummary;
}

/**
 * `collection`: a test file that could not be loaded; `race`: it failed among the others and passed alone, on a fresh
 * database; `timeout`: it, or its suite, took longer than it may.
 */
export type FailureKind = "failure" | "race" | "crash" | "timeout" | "collection";

/** What is known of how a test came to fail that passes alone. */
export interface RaceSummary {
  /** The test files that its worker ran before, in that order, relative to the repo's root; its own file is not one of them. */
  readonly filesBefore: readonly string[];
  /** How many tests its worker ran before it, those of its own file included. */
  readonly testsBefore: number;
  /** What the server refused during its file. */
  readonly rejections: readonly RejectionSummary[];
  /** The command that runs its worker's tests again in the same order; null where the runner cannot be told to. */
  readonly repeat: string | null;
}

export interface FileTime {
  /** Relative to the repo's root. */
  readonly file: string;
  /** The sum of its tests' own durations. */
  readonly seconds: number;
  readonly tests: number;
}

/** How well the workers were used. */
export interface ScheduleSummary {
  /** The least wall time that is possible, in seconds: max(sum of all tests / workers, longest file). */
  readonly boundSeconds: number;
  /** The suite's wall time in units of the bound, start-up included. */
  readonly ratio: number;
  /** The file that takes longest, relative to the repo's root; null where nothing took time. */
  readonly longest: { readonly file: string; readonly seconds: number } | null;
  /** Where that file is the bound: what the bound would lose were it split, in seconds; null elsewhere. */
  readonly savedBySplitting: number | null;
}

export interface CoverageSummary {
  readonly lines: Count;
  /** Missing where nobody looked at them, and before 0.4. */
  readonly branches?: Count;
  /** Missing where nobody looked at them, and before 0.4. */
  readonly functions?: Count;
  /** Of the lines that the changes add, those that can run. Missing where there is nothing to compare with, and before 0.4. */
  readonly changedLines?: Count;
  /** Of lines, in percent. */
  readonly threshold: number;
  /** Whether all gates are open, and nothing speaks against the figures. */
  readonly passed: boolean;
  /** By file, relative to the repo's root, sorted by name. */
  readonly files: readonly FileCoverage[];
  /** Every gate that the figures were held against, lines first. Missing before 0.4. */
  readonly gates?: readonly GateSummary[];
  /** What of the changed lines is not covered, sorted by file and line. Missing before 0.4. */
  readonly uncoveredChanges?: readonly LineRange[];
  /** Source files that were changed and that no suite loads: their lines count as not covered. Missing before 0.4. */
  readonly unloaded?: readonly string[];
  /** What the changes themselves exclude from coverage. Missing before 0.4. */
  readonly exclusions?: readonly Exclusion[];
  /** How many measured files `coverage.exclude` leaves out. Missing where it leaves out none, and before 0.5. */
  readonly excludedFiles?: number;
  /** The figures as a tool counts that mixes metrics. Missing before 0.4. */
  readonly ownTotals?: readonly OwnTotal[];
}

export interface FileCoverage extends Count {
  readonly file: string;
}

/** A figure that was held against a threshold. */
export interface GateSummary extends Count {
  readonly metric: "lines" | "branches" | "functions" | "changedLines" | "files" | "ratchet";
  /** Where it is a suite's own. */
  readonly suite?: string;
  /** In percent; null for `ratchet`, which is held against `base`. Of `files`, all of which must reach their floor, 100. */
  readonly threshold: number | null;
  readonly passed: boolean;
  /** The suites that do not measure it, so that it cannot be judged. */
  readonly unmeasured?: readonly string[];
  /** The files below their floor, those that miss the most first. */
  readonly below?: readonly FileBelow[];
  /** What the base branch had, and the commit it was recorded for; null where no figure of it is recorded. */
  readonly base?: (Count & { readonly commit: string }) | null;
}

export interface FileBelow extends FileCoverage {
  /** In percent of lines. */
  readonly threshold: number;
}

/** Lines of a file, both ends included. */
export interface LineRange {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

/** A comment that excludes code from coverage. */
export interface Exclusion {
  readonly file: string;
  readonly line: number;
  /** The line as it stands there, without its indentation. */
  readonly text: string;
}

/** What a tool calls its total, where that mixes lines with branches. */
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

/** The branch of a remote that a commit is, or would be, pushed to. */
export interface Destination {
  /** Its name. */
  readonly remote: string;
  readonly branch: string;
  /** The commit that the remote has there, as far as is known here; null where it has none. */
  readonly before: string | null;
}

/** What earlier runs in this repository say beside this one. */
export interface HistorySummary {
  /** The last verified run of the base branch; null where none is recorded. */
  readonly base: PastRun | null;
  /** The last verified run with one worker; null where none is recorded. */
  readonly serial: PastRun | null;
  /** The last runs, oldest first, at most 30; this one is not among them. */
  readonly recent: readonly PastRun[];
  /** The tests that were races in the last 30 runs, this one not among them, the most frequent first. */
  readonly races: readonly { readonly file: string; readonly name: string; readonly times: number }[];
}

export interface PastRun {
  /** When it began, ISO 8601 in UTC. */
  readonly at: string;
  readonly commit: string;
  readonly branch: string | null;
  readonly verdict: Verdict;
  /** The wall time of all of it. */
  readonly seconds: number;
  /** Of the suite that had most. */
  readonly workers: number;
  readonly tests: TestCounts;
  /** Null where there was no coverage data. */
  readonly lines: Count | null;
}

export interface Changes {
  /** What it is compared with, such as `origin/main`. */
  readonly base: string;
  /** The merge base's full object id. */
  readonly mergeBase: string;
  readonly files: readonly FileChange[];
  /** Oldest first. */
  readonly commits: readonly CommitSummary[];
  /** The coverage thresholds that are lower than before. Missing where nobody looked at them, and before 0.5. */
  readonly lowered?: readonly LoweredThreshold[];
}

/** A coverage threshold that the changes lower, in whatever file of whatever tool. */
export interface LoweredThreshold {
  readonly file: string;
  /** The key or the option, such as `coverage.lines`, `fail_under` or `--cov-fail-under`. */
  readonly name: string;
  readonly from: number;
  /** Null where nothing is asked for any longer. */
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
