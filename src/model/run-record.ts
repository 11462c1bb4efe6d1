/** The result of every test of a run, for the HTML page; too large for a summary. */
export interface RunRecord {
  readonly tests: readonly TestRecord[];
  readonly timeline: readonly TimelineBar[];
}

/** Joins the records of all suites. */
export function joinedRecords(suites: readonly { readonly record: RunRecord }[]): RunRecord {
  return {
    tests: suites.flatMap(({ record }) => record.tests),
    timeline: suites.flatMap(({ record }) => record.timeline),
  };
}

export interface TestRecord {
  readonly suite: string;
  /** Relative to the repo's root. */
  readonly file: string;
  readonly name: string;
  /** Null where unknown. */
  readonly worker: string | null;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly seconds: number;
  /** Set where it did not run now: its result is of an earlier run. */
  readonly reused?: true;
}

/** A worker's visit to a test file. */
export interface TimelineBar {
  readonly suite: string;
  readonly worker: string;
  /** Relative to the repo's root. */
  readonly file: string;
  /** When it began, in seconds since the run began. */
  readonly start: number;
  readonly seconds: number;
  readonly failed: number;
}
