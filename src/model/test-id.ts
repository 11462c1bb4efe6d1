/** What a runner knows a test by. */
export interface TestId {
  /** Relative to the checkout's root. */
  readonly file: string;
  /** As the runner selects it: pytest's node id, elsewhere the full name; without what differs by worker. */
  readonly id: string;
}

/** A test that ran. */
export interface RanTest extends TestId {
  readonly seconds: number;
  readonly outcome: "passed" | "failed" | "error" | "skipped";
  readonly worker: string | undefined;
}
