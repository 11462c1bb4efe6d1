import { mergeLcov } from "../../coverage/lcov/merge.ts";
import type { Coverage, SourceCoverage } from "../../coverage/lcov/source-coverage.ts";
import type { TestRecord } from "../../model/run-record.ts";
import { canonicalPath, nameWithin } from "../../shared/within.ts";
import type { SuiteOutcome } from "../suite-outcome.ts";

/**
 * The first difference between what was recorded and what ran now, a clause such as "tests/test_a.py › adds passed, and
 * failed now"; null where there is none. How often a line ran may vary, and with several workers
 * which branch was taken by a function that keeps something; whether a line ran may not.
 */
export async function firstDifference(recorded: SuiteOutcome, now: SuiteOutcome, root: string): Promise<string | null> {
  const tests = testDifference(recorded.record.tests, now.record.tests);
  if (tests !== null) return tests;
  const [before, after] = await Promise.all([recorded, now].map(({ coverage }) => mergeLcov(coverage ?? [])));
  return coverageDifference(before ?? new Map(), after ?? new Map(), root);
}

/** The first test whose outcome is another one; null where there is none. */
function testDifference(recorded: readonly TestRecord[], now: readonly TestRecord[]): string | null {
  const before = outcomesOf(recorded);
  const after = outcomesOf(now);
  for (const [test, outcome] of before) {
    const found = after.get(test);
    if (found === undefined) return `${test} ${outcome}, and did not run now`;
    if (found !== outcome) return `${test} ${outcome}, and ${found} now`;
  }
  for (const test of after.keys()) if (!before.has(test)) return `${test} was not there, and ran now`;
  return null;
}

function outcomesOf(tests: readonly TestRecord[]): Map<string, string> {
  const outcomes = new Map<string, string>();
  for (const { file, name, outcome } of tests) {
    const test = `${file} › ${name}`;
    const known = outcomes.get(test);
    outcomes.set(test, known === undefined ? outcome : `${known}, ${outcome}`);
  }
  return outcomes;
}

function coverageDifference(recorded: Coverage, now: Coverage, root: string): string | null {
  const canonicalRoot = canonicalPath(root);
  const named = (file: string): string => nameWithin(canonicalRoot, file) ?? file;
  for (const file of new Set([...recorded.keys(), ...now.keys()])) {
    const [before, after] = [recorded.get(file), now.get(file)];
    if (before === undefined || after === undefined) {
      return `${named(file)} was ${before === undefined ? "not " : ""}measured, and is ${before === undefined ? "" : "not "}now`;
    }
    const what = (["lines", "functions"] as const).find((metric) => {
      const [left, right] = [before, after].map((one) => coveredText(one, metric));
      return left !== right;
    });
    if (what !== undefined) return `other ${what} of ${named(file)} are covered now`;
  }
  return null;
}

function coveredText(source: SourceCoverage, metric: "lines" | "functions"): string {
  if (metric === "lines") {
    return [...source.lines.entries()].map(([line, hits]) => `${line}${hits > 0 ? "+" : "-"}`).join();
  }
  const all = [...source.functions.entries()].map(({ line, name, hits }) => `${line}${name}${hits > 0 ? "+" : "-"}`);
  return all.sort().join();
}
