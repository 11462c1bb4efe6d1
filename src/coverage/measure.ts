import { type ClassifiedCoverage, classifyCoverage, type VerifiedFiles } from "./files/outside.ts";
import { type LcovInput, mergeLcov } from "./lcov/merge.ts";
import { type Coverage, SourceCoverage } from "./lcov/source-coverage.ts";

/** The coverage files of a suite. */
export interface SuiteInputs {
  readonly suite: string;
  readonly inputs: readonly LcovInput[];
}

/** The coverage of the verified files. */
export interface Measured extends ClassifiedCoverage {
  /** The coverage of each suite. */
  readonly bySuite: ReadonlyMap<string, Coverage>;
  /** The tracked files, relative to the root. */
  readonly tracked: ReadonlySet<string>;
}

/**
 * Merges the coverage of all suites and classifies it; null where there is none. Throws UnavailableError where a file
 * is unreadable, not LCOV, or truncated.
 */
export async function measure(suites: readonly SuiteInputs[], files: VerifiedFiles): Promise<Measured | null> {
  const measured = suites.filter(({ inputs }) => inputs.length > 0);
  if (measured.length === 0) return null;
  const own = new Map<string, Coverage>();
  for (const { suite, inputs } of measured) own.set(suite, await mergeLcov(inputs));
  const [first = new Map<string, SourceCoverage>()] = own.values();
  const parted = classifyCoverage(own.size === 1 ? first : joined([...own.values()]), files);
  const bySuite = new Map([...own].map(([suite, coverage]) => [suite, verifiedOf(coverage, parted.verified)]));
  return { ...parted, bySuite, tracked: files.tracked };
}

/** The coverage of all suites together. */
function joined(all: readonly Coverage[]): Coverage {
  const sum = new Map<string, SourceCoverage>();
  for (const [file, source] of all.flatMap((coverage) => [...coverage])) {
    const known = sum.get(file) ?? new SourceCoverage();
    sum.set(file, known);
    known.addAll(source);
  }
  return sum;
}

/** The verified files of one suite. */
function verifiedOf(coverage: Coverage, verified: Coverage): Coverage {
  return new Map([...coverage].filter(([file]) => verified.has(file)));
}
