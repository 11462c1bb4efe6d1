import { runnerFacts } from "../../config/runner-facts.ts";
import type { Coverage } from "../lcov/source-coverage.ts";
import type { Measured } from "../measure.ts";
import type { MeasuringSuite } from "./tests-or-source.ts";

/**
 * Removes the test files of other suites from what was measured: vitest and jest exclude their own test files, but
 * count those of another configuration as source. Source files with tests stay, and so does what suites of other kinds
 * count.
 */
export function withoutOthersTests<Suite extends MeasuringSuite & { readonly name: string }>(
  measured: Measured,
  suites: readonly Suite[],
): { readonly measured: Measured; readonly suites: readonly Suite[] } {
  const leaving = suites.filter(({ runner }) => runnerFacts[runner].leavesOutTests);
  const staying = new Set([
    ...suites.flatMap(({ measuring }) => [...measuring.tested]),
    ...suites
      .filter((suite) => !leaving.includes(suite))
      .flatMap(({ name }) => [...(measured.bySuite.get(name)?.keys() ?? [])]),
  ]);
  const tests = leaving.flatMap(({ measuring }) => [...measuring.testFiles]).filter((file) => !staying.has(file));
  if (leaving.length < 2 || tests.length === 0) return { measured, suites };
  const left = new Set(tests);
  const kept = (coverage: Coverage): Coverage => new Map([...coverage].filter(([file]) => !left.has(file)));
  const bySuite = new Map([...measured.bySuite].map(([suite, own]) => [suite, kept(own)]));
  return {
    measured: { ...measured, verified: kept(measured.verified), bySuite },
    suites: suites.map((suite) => {
      const { named } = suite.measuring;
      if (named === null) return suite;
      return {
        ...suite,
        measuring: { ...suite.measuring, named: new Set([...named].filter((file) => !left.has(file))) },
      };
    }),
  };
}
