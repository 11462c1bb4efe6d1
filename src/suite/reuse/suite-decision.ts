import type { StoredOutcome } from "./stored-outcome.ts";
import type { PartOfFiles } from "./test-files.ts";

/** Whether a suite runs, or what is recorded stands for it or for a part of it. */
export type SuiteDecision =
  /** It runs whole; `why` says why nothing is reused, a clause, and is null where nothing was to be. */
  | { readonly kind: "run"; readonly why: string | null }
  | { readonly kind: "reuse"; readonly stored: StoredOutcome }
  /** It runs whole, to be compared with what was recorded. */
  | { readonly kind: "audit"; readonly stored: StoredOutcome }
  /** The test files run that a change reaches, and a sample of the others. */
  | { readonly kind: "files"; readonly part: PartOfFiles };

/** A decision that is still being made: the suite runs, whole or in part. */
export interface Deciding {
  readonly kind: "deciding";
  readonly decision: Promise<SuiteDecision>;
}
