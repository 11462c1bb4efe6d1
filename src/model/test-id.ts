/** A test's identity for its runner. */
export interface TestId {
  /** Relative to the checkout's root. */
  readonly file: string;
  /** What the runner selects it by: pytest's node id, otherwise the full name; without parts that differ by worker. */
  readonly id: string;
}

/** A test that ran. */
export interface RanTest extends TestId {
  readonly seconds: number;
  readonly outcome: "passed" | "failed" | "error" | "skipped";
  readonly worker: string | undefined;
}
