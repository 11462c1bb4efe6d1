import type { CoverageSummary } from "../../model/summary.ts";

/**
 * What a project may set whose tests have covered less than the gate from the start, a sentence; empty where anything but the
 * gate of all lines keeps the run from passing. `file` is the configuration.
 */
export function startingGateNotes({ lines, gates = [] }: CoverageSummary, reasons: number, file: string): string[] {
  const closed = gates.filter(({ passed }) => !passed);
  const isOnlyLines = closed.every(({ metric, suite }) => metric === "lines" && suite === undefined);
  const whole = lines.total === 0 ? 0 : Math.floor((lines.covered * 100) / lines.total);
  if (closed.length !== 1 || !isOnlyLines || reasons !== 1 || whole === 0) return [];
  return [
    `Where these tests are all that the project has so far, set "lines": ${whole} in "coverage" of ${file}, and raise it as tests come.`,
  ];
}
