import { joinMeasuring } from "../../coverage/files/measuring.ts";
import { sumOfUses } from "../../model/schema-use.ts";
import type { Failure } from "../../model/summary.ts";
import type { RanTest } from "../../model/test-id.ts";
import { plural } from "../../shared/text.ts";
import { strictest } from "../hints/own-thresholds.ts";
import type { ReportedFacts } from "../progress/facts.ts";
import type { TestResults } from "../runners/runner.ts";

/** Merges the results of a suite's processes. Coverage is null where any process has none. */
export function mergeResults(parts: readonly TestResults[]): TestResults {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const sum = (value: (part: TestResults) => number): number => parts.reduce((total, part) => total + value(part), 0);
  const { ran, skippedAgain } = skippedOnce(parts.flatMap((part) => part.ran));
  const failures = oncePerFile(parts.flatMap((part) => part.failures));
  const repeated = sum((part) => part.failures.length) - failures.length;
  return {
    tests: {
      total: sum(({ tests }) => tests.total) - repeated - skippedAgain,
      passed: sum(({ tests }) => tests.passed),
      failed: sum(({ tests }) => tests.failed) - repeated,
      skipped: sum(({ tests }) => tests.skipped) - skippedAgain,
    },
    ran,
    files: new Set(ran.map(({ file }) => file)).size,
    workSeconds: sum(({ workSeconds }) => workSeconds),
    failures,
    coverage: parts.some((part) => part.coverage === null) ? null : parts.flatMap((part) => part.coverage ?? []),
    leftOut: parts.find(({ leftOut }) => leftOut !== null)?.leftOut ?? null,
    measuring: joinMeasuring(parts.map(({ measuring }) => measuring)),
    foreign: [...new Set(parts.flatMap((part) => part.foreign))],
    reasons: [...new Set(parts.flatMap((part) => part.reasons)), ...sharingReasons(parts, failures.length > 0)],
  };
}

/** Problems with shared-out tests: each test must run in exactly one process. */
function sharingReasons(parts: readonly TestResults[], hasFailed: boolean): string[] {
  const runs = parts.map(({ ran }) => new Set(ran.filter(isRun).map(keyOf)));
  const seen = new Set<string>();
  const twice = runs.flatMap((ids) => [...ids].filter((id) => seen.has(id) || !seen.add(id)));
  if (twice.length > 0 && !hasFailed) {
    return [
      `${plural(twice.length, "test was", "tests were")} run by two processes, such as ${twice[0]}: the shares overlap.`,
    ];
  }
  const foundIds = new Set(parts.flatMap(({ ran }) => ran.map(({ id }) => id)));
  const missing = [...new Set(parts.flatMap((part) => part.collected ?? []))].filter((id) => !foundIds.has(id));
  if (missing.length === 0 || hasFailed) return [];
  return [
    `${plural(missing.length, "test was", "tests were")} run by none of the processes, such as ${missing[0]}: the shares leave them out.`,
  ];
}

function isRun({ outcome }: RanTest): boolean {
  return outcome !== "skipped";
}

function keyOf({ file, id }: RanTest): string {
  return JSON.stringify([file, id]);
}

/** A file that skips itself on load is reported by every process that chooses its own share. */
function skippedOnce(all: readonly RanTest[]): { readonly ran: RanTest[]; readonly skippedAgain: number } {
  const seen = new Set<string>();
  const ran = all.filter((test) => isRun(test) || (!seen.has(keyOf(test)) && seen.add(keyOf(test))));
  return { ran, skippedAgain: all.length - ran.length };
}

/** Processes that choose their own shares all report a file that cannot be loaded. */
function oncePerFile(failures: readonly Failure[]): Failure[] {
  const seen = new Set<string>();
  return failures.filter(({ kind, file, name }) => {
    if (kind !== "collection") return true;
    const key = JSON.stringify([file, name]);
    return !seen.has(key) && seen.add(key);
  });
}

/** Merges what a suite's processes reported: visits, narrowings and flaky tests. */
export function mergeReported(
  parts: readonly ReportedFacts[],
): Pick<
  ReportedFacts,
  "visits" | "root" | "narrowings" | "flaky" | "thresholds" | "schema" | "sqlAlchemyWithoutDriver"
> {
  return {
    sqlAlchemyWithoutDriver:
      parts.find((part) => part.sqlAlchemyWithoutDriver !== null)?.sqlAlchemyWithoutDriver ?? null,
    schema: sumOfUses(parts.map(({ schema }) => schema)),
    thresholds: strictest(parts.map(({ thresholds }) => thresholds)),
    flaky: parts.flatMap(({ flaky }) => flaky),
    visits: parts.flatMap(({ visits }) => visits),
    root: parts.find(({ root }) => root !== null)?.root ?? null,
    narrowings: [
      ...new Map(parts.flatMap(({ narrowings }) => narrowings.map((one) => [one.word, one] as const))).values(),
    ],
  };
}
