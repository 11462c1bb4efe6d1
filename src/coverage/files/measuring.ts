/** What a runner says of what it measures, by its own configuration; all files are absolute, their links resolved. */
export interface Measuring {
  /** Whether the runner spoke of it. */
  readonly isReported: boolean;
  /** The files that the configuration names as source, loaded or not; null where it names none, and what is loaded counts. */
  readonly named: ReadonlySet<string> | null;
  /** The files that the configuration leaves out, such as by coverage.py's `omit`. */
  readonly left: ReadonlySet<string>;
  /** Files that hold tests and are no test files: with doctests, vitest's in-source tests, or checked by a linter as a test. */
  readonly tested: ReadonlySet<string>;
  /** The test files that it found, though none of their tests was to run; empty where the runner tells only what ran. */
  readonly testFiles: ReadonlySet<string>;
}

/** Of a runner that says nothing. */
export const nothingReported: Measuring = {
  isReported: false,
  named: null,
  left: new Set(),
  tested: new Set(),
  testFiles: new Set(),
};

/** What several processes of one suite say, which have one configuration. */
export function joinMeasuring(parts: readonly Measuring[]): Measuring {
  const reported = parts.find(({ isReported }) => isReported) ?? parts[0] ?? nothingReported;
  const all = (files: (part: Measuring) => ReadonlySet<string>): Set<string> =>
    new Set(parts.flatMap((part) => [...files(part)]));
  return { ...reported, tested: all(({ tested }) => tested), testFiles: all(({ testFiles }) => testFiles) };
}
