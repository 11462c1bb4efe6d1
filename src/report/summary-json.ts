import type { Summary } from "../model/summary.ts";

/** The contract's keys, in its order. */
const order = {
  summary: "schema verdict commit tree branch seconds reasons suites coverage checks receipt".split(" "),
  suite: "name runner command workers seconds workSeconds files tests databases failures".split(" "),
  failure: "file name message worker kind".split(" "),
  coverage: "lines threshold passed changedLines files".split(" "),
  check: "name passed seconds".split(" "),
};

/** The summary as `.verify/summary.json` holds it: the contract's keys in the contract's order, then what was added. */
export function summaryJson(summary: Summary): string {
  const ordered = {
    ...summary,
    suites: summary.suites.map((suite) =>
      inOrder({ ...suite, failures: suite.failures.map((failure) => inOrder(failure, order.failure)) }, order.suite),
    ),
    coverage: summary.coverage && inOrder(summary.coverage, order.coverage),
    checks: summary.checks.map((check) => inOrder(check, order.check)),
  };
  return `${JSON.stringify(inOrder(ordered, order.summary), null, 2)}\n`;
}

/** The same entries, the named keys first; those that are missing stay missing. */
function inOrder(value: object, keys: readonly string[]): object {
  const entries = Object.entries(value);
  const rank = (key: string): number => (keys.includes(key) ? keys.indexOf(key) : keys.length);
  return Object.fromEntries(entries.sort(([left], [right]) => rank(left) - rank(right)));
}
