/** What a process that traces its tests is told. */
export interface Tracing {
  /** The absolute file that says which test files are left out, and what they had covered; null where all run. */
  readonly reused: string | null;
  /** At most so many test files run; null where that is not known. */
  readonly files: number | null;
}
