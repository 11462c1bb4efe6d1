import { countOf, type SuiteFindings } from "./findings.ts";
import { nothingRan } from "./results/results.ts";
import { distrustOnShard } from "./shards/join-reuse.ts";

/** Why a suite does not count, besides its failures; one sentence each, not redacted. */
export function reasonsOf({ planned, run, results, failures }: SuiteFindings): string[] {
  const ofRun = reasonsOfRun({ planned, run, results });
  // A race may be accepted, but then the tests that did not run after it remain open.
  const isOpen = ofRun.length === 0 && failures.length === countOf(failures, "race") && results.leftOut !== null;
  return [
    ...(isOpen ? [results.leftOut] : ofRun),
    ...(run.partly === undefined ? [] : distrustOnShard(planned.suite.name, run.partly)),
  ];
}

function reasonsOfRun({
  planned,
  run,
  results,
}: Pick<SuiteFindings, "planned" | "run" | "results">): readonly string[] {
  // What stopped the runner is a better reason than "no tests".
  if (results.reasons.length > 0) return results.reasons;
  const { dealt } = run.result;
  // Whether a suite has tests is judged where all shards are together.
  const empty = dealt !== null && dealt.all.length > 0 ? null : nothingRan(planned.suite, results.tests);
  return empty === null ? [] : [empty];
}
