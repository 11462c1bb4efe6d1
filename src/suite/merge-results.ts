import type { Failure } from "../report/summary.ts";
import type { ReportedFacts } from "./progress.ts";
import type { TestResults } from "./runner.ts";

/** The results of all processes of a suite as one. Coverage is missing where it is missing from any of them. */
export function mergeResults(parts: readonly TestResults[]): TestResults {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const sum = (value: (part: TestResults) => number): number => parts.reduce((total, part) => total + value(part), 0);
  const ran = parts.flatMap((part) => part.ran);
  const failures = oncePerFile(parts.flatMap((part) => part.failures));
  const repeated = sum((part) => part.failures.length) - failures.length;
  return {
    tests: {
      total: sum(({ tests }) => tests.total) - repeated,
      passed: sum(({ tests }) => tests.passed),
      failed: sum(({ tests }) => tests.failed) - repeated,
      skipped: sum(({ tests }) => tests.skipped),
    },
    ran,
    files: new Set(ran.map(({ file }) => file)).size,
    workSeconds: sum(({ workSeconds }) => workSeconds),
    failures,
    coverage: parts.some((part) => part.coverage === null) ? null : parts.flatMap((part) => part.coverage ?? []),
    foreign: [...new Set(parts.flatMap((part) => part.foreign))],
    reasons: [...new Set(parts.flatMap((part) => part.reasons))],
  };
}

/** Processes that find their shares by themselves all meet a file that cannot be loaded. */
function oncePerFile(failures: readonly Failure[]): Failure[] {
  const seen = new Set<string>();
  return failures.filter(({ kind, file, name }) => {
    if (kind !== "collection") return true;
    const key = JSON.stringify([file, name]);
    return !seen.has(key) && seen.add(key);
  });
}

/** Who did what when, in all processes of a suite. */
export function mergeReported(parts: readonly ReportedFacts[]): Pick<ReportedFacts, "visits" | "root"> {
  return {
    visits: parts.flatMap(({ visits }) => visits),
    root: parts.find(({ root }) => root !== null)?.root ?? null,
  };
}
