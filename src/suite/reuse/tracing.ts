/** What a process that traces its tests is told. */
export interface Tracing {
  /** The absolute file that says which test files are left out, and what they had covered; null where all run. */
  readonly reused: string | null;
  /** At most so many test files run; null where that is not known. */
  readonly files: number | null;
  /** Whether one process runs them by itself, without the runner's workers: see alone.ts. */
  readonly isAlone: boolean;
}

/** What a process is told that runs all test files. */
export const tracingAll: Tracing = { reused: null, files: null, isAlone: false };
