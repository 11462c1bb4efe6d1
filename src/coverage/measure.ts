import { type LcovInput, mergeLcov } from "./lcov.ts";
import { type PartedCoverage, partCoverage, type VerifiedFiles } from "./outside.ts";
import type { Coverage } from "./source-coverage.ts";

/** Where the coverage of a suite is. */
export interface SuiteInputs {
  readonly suite: string;
  readonly inputs: readonly LcovInput[];
}

/** What was measured of the verified files. */
export interface Measured extends PartedCoverage {
  /** What each suite covered by itself. */
  readonly bySuite: ReadonlyMap<string, Coverage>;
  /** The files that git knows, relative to the root. */
  readonly tracked: ReadonlySet<string>;
}

/**
 * Merges the coverage of all suites, and parts it by whose code it is about; null where there is none.
 * Throws UnavailableError where a file cannot be read, is not LCOV, or was cut off.
 */
export async function measure(suites: readonly SuiteInputs[], files: VerifiedFiles): Promise<Measured | null> {
  const inputs = suites.flatMap((suite) => suite.inputs);
  if (inputs.length === 0) return null;
  const parted = partCoverage(await mergeLcov(inputs), files);
  const bySuite = new Map<string, Coverage>();
  for (const suite of suites.filter((one) => one.inputs.length > 0)) {
    const isOnly = suites.length === 1;
    bySuite.set(suite.suite, isOnly ? parted.verified : partCoverage(await mergeLcov(suite.inputs), files).verified);
  }
  return { ...parted, bySuite, tracked: files.tracked };
}
