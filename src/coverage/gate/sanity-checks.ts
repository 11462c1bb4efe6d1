import { readFileSync } from "node:fs";
import { listed, plural } from "../../shared/text.ts";
import { canonicalPath, isWithin, nameWithin } from "../../shared/within.ts";
import { fileOnlyReexports } from "../diff/code-lines.ts";
import { existingSourcePlaces } from "../files/source-places.ts";
import type { FileKind } from "../files/tests-or-source.ts";
import type { Coverage } from "../lcov/source-coverage.ts";
import type { Measured } from "../measure.ts";

/** A suite, and the source it should cover. */
export interface ExpectedSource {
  readonly suite: string;
  /** The absolute directory it runs in. */
  readonly directory: string;
  /** Directories, files or Python packages, relative to the directory. */
  readonly source: readonly string[];
  /** Whether the user's own command wrote the data, possibly in an earlier run. */
  readonly isFromCommand: boolean;
}

/** What the data is checked against. */
export interface Expectation {
  /** The absolute root of the checkout. */
  readonly root: string;
  readonly suites: readonly ExpectedSource[];
  /** The coverage that counts, by suite: without configured exclusions. */
  readonly counted: ReadonlyMap<string, Coverage>;
  /** The kind of a file, by its name relative to the root. */
  readonly kindOf: (file: string) => FileKind;
}

/**
 * Sanity checks of coverage data whose figures may look fine, one sentence per problem: files that do not exist,
 * sources without data, nothing but tests.
 */
export function coverageProblems({ missing, bySuite }: Measured, expected: Expectation): string[] {
  // Suites without any data are reported elsewhere.
  const suites = expected.suites.filter(({ suite }) => bySuite.has(suite));
  return [
    ...missingFileProblems(missing),
    ...(bySuite.size > 1 ? suites.flatMap((suite) => emptySuiteProblems(suite, expected)) : []),
    ...suites.flatMap((suite) => sourceProblems(suite, bySuite.get(suite.suite), expected)),
    ...suites.flatMap((suite) => testsOnlyProblems(suite, expected)),
    ...suites.flatMap((suite) => otherVersionProblems(suite, expected)),
  ];
}

function missingFileProblems(missing: readonly string[]): string[] {
  if (missing.length === 0) return [];
  const files = listed(missing, 3, (file) => file, "file").join(", ");
  return [
    `The coverage data speaks of ${plural(missing.length, "file")} that ${missing.length === 1 ? "is" : "are"} not there (${files}): ` +
      "it comes from another tree, or the suite removed what it measured. Remove old data files, or exclude generated code from coverage.",
  ];
}

/** A suite without measured lines must not hide behind another. */
function emptySuiteProblems({ suite, source }: ExpectedSource, { counted }: Expectation): string[] {
  if (source.length > 0 || holdsLines(counted.get(suite), () => true)) return [];
  return [
    `The coverage data of ${suite} holds no line of the verified files: where is it, and what are its paths relative to?`,
  ];
}

function sourceProblems(
  { suite, directory, source }: ExpectedSource,
  measured: Coverage | undefined,
  { root, counted }: Expectation,
): string[] {
  return source.flatMap((name) => {
    const places = existingSourcePlaces(directory, name).map(canonicalPath);
    if (holdsSome(counted.get(suite), places)) return [];
    // The runner knows the file and found no executable line.
    const known = [...(counted.get(suite)?.keys() ?? [])].filter((file) => places.some((one) => isWithin(file, one)));
    if (known.length > 0 && known.every(fileOnlyReexports)) return [];
    const where = nameWithin(canonicalPath(root), places[0] ?? "") ?? name;
    const why = holdsSome(measured, places)
      ? "`coverage.exclude` leaves nothing of it."
      : "the suite measured no file of it. Is it left out by its coverage configuration, or never loaded?";
    return [`The source "${name}" of ${suite} (${where}) yields nothing: ${why}`];
  });
}

function holdsSome(coverage: Coverage | undefined, places: readonly string[]): boolean {
  return holdsLines(coverage, (file) => places.some((place) => isWithin(file, place)));
}

function holdsLines(coverage: Coverage | undefined, isMeant: (file: string) => boolean): boolean {
  return [...(coverage ?? [])].some(([file, { lines }]) => isMeant(file) && lines.count().total > 0);
}

/**
 * Lines beyond the end of a file come from another version. Our own runners write data in this run only, so they are
 * exempt.
 */
function otherVersionProblems({ suite, isFromCommand }: ExpectedSource, { root, counted }: Expectation): string[] {
  if (!isFromCommand) return [];
  const canonicalRoot = canonicalPath(root);
  const beyond = [...(counted.get(suite) ?? [])].filter(([file, { lines }]) => lines.last() > linesIn(file));
  if (beyond.length === 0) return [];
  const names = beyond.map(([file, { lines }]) => `${nameWithin(canonicalRoot, file) ?? file}:${lines.last()}`);
  return [
    `The coverage data of ${suite} names lines that do not exist (${listed(names, 3, (name) => name, "file").join(", ")}): it is from another version.`,
  ];
}

function linesIn(file: string): number {
  try {
    return readFileSync(file, "utf8").split("\n").length;
  } catch {
    return 0;
  }
}

/** A configuration that excludes all source still measures the tests, which are nearly fully covered. */
function testsOnlyProblems({ suite, source }: ExpectedSource, { root, counted, kindOf }: Expectation): string[] {
  if (source.length > 0) return [];
  const canonicalRoot = canonicalPath(root);
  const names = [...(counted.get(suite)?.keys() ?? [])].map((file) => nameWithin(canonicalRoot, file) ?? file);
  if (names.length === 0 || names.some((name) => kindOf(name) === "source")) return [];
  return [
    `Nothing but tests is measured by ${suite} (${listed(names, 3, (file) => file, "file").join(", ")}), so its coverage says nothing of the source: ` +
      "name what counts in the suite's `source`, and see what its coverage configuration leaves out.",
  ];
}
