import { RecordStore } from "./record-store.ts";
import { drawn, type ReuseRequest } from "./reuse-request.ts";
import { isRecent } from "./run-log.ts";
import type { StoredOutcome } from "./stored-outcome.ts";
import type { SuiteDecision } from "./suite-decision.ts";
import { digestSpokenOf, type SuiteKey } from "./whole-suite.ts";

/** One whole suite in so many is run although its record could be reused, to compare the two. */
export const auditedShare = 0.05;

/** What is recorded of a suite's outcome: the files it speaks of must be as they were. */
interface WholeRecord {
  readonly outcome: StoredOutcome;
  readonly spokenOf: string;
}

/** What is recorded under the key of a whole suite; `root` is the absolute root of the checkout that was verified. */
export async function wholeRecord(outcome: StoredOutcome, root: string): Promise<WholeRecord> {
  return { outcome, spokenOf: await digestSpokenOf(outcome, root) };
}

/** Decides whether a suite runs by what is recorded of it as a whole. */
export async function wholeDecision(
  request: ReuseRequest,
  suite: string,
  key: SuiteKey,
  now: Date,
): Promise<SuiteDecision> {
  const { commonDirectory, checkout } = request;
  if ("why" in key) return { kind: "run", why: key.why };
  const record = await new RecordStore(commonDirectory, suite).read(key.key);
  if (!isWholeRecord(record, suite)) return { kind: "run", why: "no run with its inputs as they are now is recorded" };
  const { outcome, spokenOf } = record;
  if ((await digestSpokenOf(outcome, checkout.root)) !== spokenOf) {
    return { kind: "run", why: 'a file that it measures changed, which its "inputs" do not name' };
  }
  if (!isRecent(outcome.run, now)) return { kind: "run", why: "what is recorded of it is too old" };
  return drawn(request, `all of ${suite} ${key.key} ${outcome.run.at}`) < auditedShare
    ? { kind: "audit", stored: outcome }
    : { kind: "reuse", stored: outcome };
}

/** Whether a value is a record that can be used. The store only returns what this version wrote. */
function isWholeRecord(value: unknown, suite: string): value is WholeRecord {
  const { outcome, spokenOf } = (value ?? {}) as Partial<WholeRecord>;
  return typeof spokenOf === "string" && typeof outcome?.lcov === "string" && outcome.summary?.name === suite;
}
