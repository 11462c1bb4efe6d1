/** What a runner reports about its coverage configuration. All files are absolute real paths. */
export interface Measuring {
  /** Whether the runner reported anything. */
  readonly isReported: boolean;
  /** The files that the configuration includes, loaded or not; null where it includes whatever is loaded. */
  readonly named: ReadonlySet<string> | null;
  /** The files that the configuration excludes, for example with coverage.py's `omit`. */
  readonly left: ReadonlySet<string>;
  /** Files with tests that are not test files: doctests, vitest's in-source tests, files that a lint runner checks. */
  readonly tested: ReadonlySet<string>;
  /** The test files it found, run or not; empty where the runner only reports what ran. */
  readonly testFiles: ReadonlySet<string>;
}

/** For a runner that reports nothing. */
export const nothingReported: Measuring = {
  isReported: false,
  named: null,
  left: new Set(),
  tested: new Set(),
  testFiles: new Set(),
};

/** Merges the reports of a suite's processes, which share one configuration. */
export function joinMeasuring(parts: readonly Measuring[]): Measuring {
  const reported = parts.find(({ isReported }) => isReported) ?? parts[0] ?? nothingReported;
  const all = (files: (part: Measuring) => ReadonlySet<string>): Set<string> =>
    new Set(parts.flatMap((part) => [...files(part)]));
  return { ...reported, tested: all(({ tested }) => tested), testFiles: all(({ testFiles }) => testFiles) };
}
