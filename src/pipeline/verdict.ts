import type { Config } from "../config/schema.ts";
import { gateReasons } from "../coverage/gate/reasons.ts";
import type { CheckSummary, CoverageSummary, Judgment } from "../model/summary.ts";
import { plural } from "../shared/text.ts";
import type { SuiteOutcome } from "../suite/suite-outcome.ts";

/** Everything a verdict depends on. */
export interface Findings {
  readonly suites: readonly SuiteOutcome[];
  /** Null without any coverage data. */
  readonly coverage: CoverageSummary | null;
  /** Failed sanity checks of the coverage data, one sentence each. */
  readonly problems: readonly string[];
  readonly checks: readonly CheckSummary[];
  /** Names of covered files outside of the verified tree. */
  readonly outside: readonly string[];
  /** What changed in the checkout during the run. */
  readonly changed: readonly string[];
}

/** Judges the findings. Only what ran, passed and was measured is verified; every reason against it is listed. */
export function reachVerdict(findings: Findings, races: Config["races"] = "fail"): Judgment {
  const none = findings.suites.length === 0 ? ["No suite ran, so nothing is verified."] : [];
  return judged(findings, races, none, coverageReasons(findings, races));
}

/** What the verdict on a part of the whole depends on: its coverage is judged with that of the other parts. */
type PartFindings = Omit<Findings, "coverage" | "problems">;

/** Judges a part, in which no suite may have anything to run, without its coverage. */
export function judgePart(findings: PartFindings, races: Config["races"]): Judgment {
  return judged(findings, races, [], []);
}

function judged(
  findings: PartFindings,
  races: Config["races"],
  none: readonly string[],
  coverage: readonly string[],
): Judgment {
  const impossible = [...changedReasons(findings), ...outsideReasons(findings)];
  const reasons = [
    ...impossible,
    ...none,
    ...findings.suites.flatMap((suite) => suiteReasons(suite, races)),
    ...coverage,
    ...findings.checks.filter((check) => !check.passed).map(checkReason),
  ];
  if (reasons.length === 0) return { verdict: "verified", reasons };
  return { verdict: impossible.length > 0 ? "error" : "failed", reasons };
}

function changedReasons({ changed }: PartFindings): string[] {
  if (changed.length === 0) return [];
  return [
    `The checkout changed while it was verified (${some(changed)}), so the run says nothing about the commit: run it again.`,
  ];
}

function outsideReasons({ outside }: PartFindings): string[] {
  if (outside.length === 0) return [];
  return [
    `The suite ran code from outside the verified files (${some(outside)}), such as an editable install of another checkout, or what a link leads to: ` +
      "what was tested is not what was to be verified.",
  ];
}

function suiteReasons(outcome: SuiteOutcome, races: Config["races"]): string[] {
  const reasons = knownReasons(outcome, races);
  const { tests, failures, name } = outcome.summary;
  if (reasons.length > 0) return reasons;
  // Regardless of the runner's claims: without a passed test, or with a failed one, nothing is verified.
  const counted = races === "warn" ? failures.filter(({ kind }) => kind !== "race") : failures;
  if (counted.length > 0) return [`${plural(counted.length, "failure")} in ${name}.`];
  // Whether a suite has tests that pass is judged where all its shards are together.
  return tests.passed > 0 || outcome.dealt !== null ? [] : [`No test of ${name} passed, so nothing is verified.`];
}

function knownReasons({ summary, reasons }: SuiteOutcome, mode: Config["races"]): string[] {
  const { total, races = 0 } = summary.tests;
  // Runners count a file that cannot be loaded as one test; how many it contains is unknown.
  const unloaded = summary.failures.filter((failure) => failure.kind === "collection").length;
  const failed = Math.max(0, summary.tests.failed - unloaded) - (mode === "warn" ? races : 0);
  const raced = mode === "warn" || races === 0 ? "" : `, ${racesText(races, failed)}`;
  const crashed = summary.failures.filter((failure) => failure.kind === "crash");
  return [
    ...(unloaded > 0 ? [`${plural(unloaded, "test file")} of ${summary.name} could not be loaded.`] : []),
    ...(failed > 0 ? [`${failed} of ${plural(total - unloaded, "test")} failed in ${summary.name}${raced}.`] : []),
    ...(crashed.length > 0
      ? [
          `${plural(crashed.length, "worker")} of ${summary.name} crashed: what it had covered is lost, so the coverage figure is void.`,
        ]
      : []),
    ...reasons,
  ];
}

/** "1 of them a race, which passes alone". */
function racesText(races: number, failed: number): string {
  if (races === failed) return failed === 1 ? "flaky: it passes alone" : "all of them flaky: they pass alone";
  return `${races} of them flaky: ${races === 1 ? "it passes" : "they pass"} alone`;
}

function coverageReasons({ suites, coverage, problems }: Findings, races: Config["races"]): string[] {
  const silent = suites.filter((suite) => suite.coverage === null);
  // What stopped a suite also stopped its coverage, and has been reported.
  if (silent.length > 0 && silent.every((suite) => knownReasons(suite, races).length > 0)) return [];
  if (silent.length > 0 || coverage === null) {
    const from = silent.length > 0 ? ` from ${silent.map(({ summary }) => summary.name).join(", ")}` : "";
    return [
      `There is no coverage data${from}, so the gate cannot be judged. Is coverage switched off there (--no-cov)?`,
    ];
  }
  const reasons = [...gateReasons(coverage), ...problems];
  return reasons.length > 0 || coverage.passed ? reasons : ["The coverage gate failed."];
}

function checkReason(check: CheckSummary): string {
  return `The check "${check.name}" failed: \`${check.command}\`, see ${check.log}.`;
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
