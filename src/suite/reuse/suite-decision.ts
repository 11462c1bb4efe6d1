import type { StoredOutcome } from "./stored-outcome.ts";

/** Whether a suite runs, or its recorded outcome stands for it. */
export type SuiteDecision =
  /** It runs whole; `why` says why nothing is reused, a clause, and is null where nothing was to be. */
  | { readonly kind: "run"; readonly why: string | null }
  | { readonly kind: "reuse"; readonly stored: StoredOutcome }
  /** It runs whole, to be compared with what was recorded. */
  | { readonly kind: "audit"; readonly stored: StoredOutcome };
