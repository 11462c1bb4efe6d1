import type { DatabaseConfig, RunnerName } from "../config.ts";

/**
 * What a verification found, as it is written to `.verify/summary.json` (contract section 6, schema 1; additions are
 * free, changes are not). Every report is computed from this value alone.
 */
export interface Summary {
  readonly schema: 1;
  readonly verdict: Verdict;
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
  /** Where the files were: the clean checkout itself, a worktree of the commit, or the working tree as it lay. */
  readonly verifiedIn: "checkout" | "worktree" | "working tree";
  readonly suites: readonly SuiteSummary[];
  /** Null where no suite gave any coverage data. */
  readonly coverage: CoverageSummary | null;
  readonly checks: readonly CheckSummary[];
  /** What the commit changes against the merge base with `base`; null where there is no base to compare with. */
  readonly changes: Changes | null;
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
  /** How the workers were kept apart: see `database.isolation`. Missing where there were no databases, and before 0.2. */
  readonly isolation?: DatabaseConfig["isolation"];
  /** What workers tried to reach and the server refused them. Missing before 0.2. */
  readonly rejections?: readonly RejectionSummary[];
  /** Where the full output is, relative to the repo's root. */
  readonly log: string;
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
  readonly failed: number;
  readonly skipped: number;
}

export interface Failure {
  /** Relative to the repo's root. */
  readonly file: string;
  readonly name: string;
  readonly message: string;
  /** The worker it ran on, where that is known. */
  readonly worker?: string;
  readonly kind: FailureKind;
}

/** `collection`: a test file that could not be loaded. */
export type FailureKind = "failure" | "crash" | "timeout" | "collection";

export interface LineCount {
  readonly covered: number;
  readonly total: number;
}

export interface CoverageSummary {
  readonly lines: LineCount;
  /** In percent. */
  readonly threshold: number;
  readonly passed: boolean;
  /** By file, relative to the repo's root, sorted by name. */
  readonly files: readonly FileCoverage[];
}

export interface FileCoverage extends LineCount {
  readonly file: string;
}

export interface CheckSummary {
  readonly name: string;
  readonly command: string;
  readonly passed: boolean;
  readonly seconds: number;
  /** Relative to the repo's root. */
  readonly log: string;
}

export interface Changes {
  /** What it is compared with, such as `origin/main`. */
  readonly base: string;
  /** The merge base's full object id. */
  readonly mergeBase: string;
  readonly files: readonly FileChange[];
  /** Oldest first. */
  readonly commits: readonly CommitSummary[];
}

export interface FileChange {
  readonly file: string;
  /** The name before a rename. */
  readonly from?: string;
  /** Null for binary files. */
  readonly added: number | null;
  readonly removed: number | null;
}

export interface CommitSummary {
  readonly commit: string;
  readonly subject: string;
  readonly body: string;
}
