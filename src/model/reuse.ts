import { compareNames, formatAge, listed, plural } from "../shared/text.ts";

/** An earlier run in which a result that is reused was found. */
export interface EarlierRun {
  /** The full object id of its commit. */
  readonly commit: string;
  readonly tree: string;
  /** When it began, ISO 8601 in UTC. */
  readonly at: string;
}

/** A changed file that made test files run. */
export interface ReachingChange {
  /** Relative to the repo's root. */
  readonly file: string;
  /** How many of its functions changed; null where more than functions did. */
  readonly functions: number | null;
}

/**
 * What a shard found of a part of a suite whose other files are reused, for all shards together to be judged by: alone it cannot
 * tell what the others cover.
 */
export interface PartlyReused {
  /** The first difference from what was recorded, a clause; null where there is none. */
  readonly difference: string | null;
  /** Why what ran and what is reused could not be joined here, a clause; null where they were. */
  readonly why: string | null;
  /** Whether what the reused files had covered is in this shard's coverage. */
  readonly isJoined: boolean;
  /** What the recorded run had covered and this shard did not, by file: arcs or lines. */
  readonly missing: Readonly<Record<string, readonly unknown[]>>;
  /** Conditions on something kept, and where they led here; null where that was not measured. */
  readonly memos: readonly { readonly file: string; readonly line: number; readonly ends: readonly number[] | null }[];
}

/** How much of a suite's results is of earlier runs. */
export interface SuiteReuse {
  /** How many test files ran, those of the audit included. */
  readonly ran: number;
  /** How many test files' results are of earlier runs. */
  readonly reused: number;
  /** How many of those that ran did so only to compare them with what was recorded. */
  readonly audited: number;
  /** The changes that made files run, those that reached the most first. */
  readonly reachedFrom: readonly ReachingChange[];
  /** The runs in which the reused results were found, the oldest first. */
  readonly runs: readonly EarlierRun[];
  /** The sum of the durations of the reused tests, in seconds. */
  readonly workSeconds: number;
}

/** The part of a run's summary that says what was reused. */
interface ReusingRun {
  readonly startedAt: string;
  readonly suites: readonly { readonly files: number; readonly reuse?: SuiteReuse }[];
}

const shownChanges = 2;

/**
 * "12 of 95 files, reached from src/money.py (4 functions); 83 reused from 3 runs, the oldest 2 days ago": all suites
 * together; null where everything ran.
 */
export function reuseText({ suites, startedAt }: ReusingRun): string | null {
  const reuses = suites.flatMap(({ reuse }) => reuse ?? []);
  if (reuses.length === 0) return null;
  const reused = reuses.reduce((sum, one) => sum + one.reused, 0);
  const total = suites.reduce((sum, { files }) => sum + files, 0);
  const audited = reuses.reduce((sum, one) => sum + one.audited, 0);
  const changes = reuses.flatMap(({ reachedFrom }) => reachedFrom);
  const from =
    changes.length === 0 ? "" : `, reached from ${listed(changes, shownChanges, changeText, "file").join(", ")}`;
  const audit = audited === 0 ? "" : `, ${audited} of them to compare`;
  return `${total - reused} of ${plural(total, "file")}${from}${audit}; ${reused} reused ${sourceText(reuses, startedAt)}`;
}

/** "src/money.py (4 functions)". */
function changeText({ file, functions }: ReachingChange): string {
  return functions === null ? file : `${file} (${plural(functions, "function")})`;
}

function sourceText(reuses: readonly SuiteReuse[], startedAt: string): string {
  const runs = earlierRuns(reuses);
  const [oldest] = runs;
  if (oldest === undefined) return "from no run";
  const age = `${formatAge((Date.parse(startedAt) - Date.parse(oldest.at)) / 1000)} ago`;
  return runs.length === 1 ? `from a run ${age}` : `from ${runs.length} runs, the oldest ${age}`;
}

/** The runs of all suites' reused results, each once, the oldest first. */
export function earlierRuns(reuses: readonly Pick<SuiteReuse, "runs">[]): EarlierRun[] {
  const byStart = new Map(reuses.flatMap(({ runs }) => runs.map((run) => [`${run.at} ${run.commit}`, run] as const)));
  return [...byStart.values()].sort((left, right) => compareNames(left.at, right.at));
}

/** Whether a run reused results of earlier ones. */
export function isIncremental({ suites }: Pick<ReusingRun, "suites">): boolean {
  return suites.some(({ reuse }) => reuse !== undefined);
}
