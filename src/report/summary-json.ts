import type { Summary } from "../model/summary.ts";

/** The keys of summary.json in their fixed order. */
const order = {
  summary: "schema verdict commit tree branch seconds reasons suites coverage checks receipt".split(" "),
  suite: "name runner command workers seconds workSeconds files tests databases failures".split(" "),
  failure: "file name message worker kind".split(" "),
  coverage: "lines threshold passed changedLines files".split(" "),
  check: "name passed seconds".split(" "),
};

/** The content of `.verify/summary.json`: keys in fixed order, then additions. */
export function summaryJson(summary: Summary): string {
  const ordered = {
    ...summary,
    suites: summary.suites.map((suite) =>
      inOrder({ ...suite, failures: suite.failures.map((failure) => inOrder(failure, order.failure)) }, order.suite),
    ),
    coverage: summary.coverage && inOrder(summary.coverage, order.coverage),
    checks: summary.checks.map((check) => inOrder(check, order.check)),
  };
  // Printed in CI, it is no command there: see src/shared/workflow-commands.ts.
  return `${JSON.stringify(inOrder(ordered, order.summary), null, 2).replace(/#(?=#\w*\[)/g, "\\u0023")}\n`;
}

/** The same entries with the given keys first; missing keys stay missing. */
function inOrder(value: object, keys: readonly string[]): object {
  const entries = Object.entries(value);
  const rank = (key: string): number => (keys.includes(key) ? keys.indexOf(key) : keys.length);
  return Object.fromEntries(entries.sort(([left], [right]) => rank(left) - rank(right)));
}
