/** What every test of a run did, for the page that shows it: too much for a summary. */
export interface RunRecord {
  readonly tests: readonly TestRecord[];
  readonly timeline: readonly TimelineBar[];
}

/** What all suites did. */
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
  /** Null where that is not known. */
  readonly worker: string | null;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly seconds: number;
}

/** A worker's turn at a test file. */
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
