import { readFileSync } from "node:fs";
import { listed, plural } from "../../shared/text.ts";
import { canonicalPath, isWithin, nameWithin } from "../../shared/within.ts";
import { onlyHandsOnIn } from "../diff/code-lines.ts";
import { existingSourcePlaces } from "../files/source-places.ts";
import type { FileKind } from "../files/tests-or-source.ts";
import type { Coverage } from "../lcov/source-coverage.ts";
import type { Measured } from "../measure.ts";

/** A suite, and what is to count of it. */
export interface ExpectedSource {
  readonly suite: string;
  /** The absolute directory it runs in. */
  readonly directory: string;
  /** Directories, files or Python packages, relative to the directory. */
  readonly source: readonly string[];
  /** Whether a command of the user's own wrote the data, wherever it came from. */
  readonly isFromCommand: boolean;
}

/** What is held against what was expected. */
export interface Expectation {
  /** The absolute root of the checkout. */
  readonly root: string;
  readonly suites: readonly ExpectedSource[];
  /** What counts, by suite: what was measured, without what the configuration excludes. */
  readonly counted: ReadonlyMap<string, Coverage>;
  /** What a file is, by its name relative to the root. */
  readonly kindOf: (file: string) => FileKind;
}

/**
 * What speaks against figures that may well look good, a sentence each: files that are not there, a source that gave
 * nothing, nothing but tests.
 */
export function coverageDoubts({ vanished, bySuite }: Measured, expected: Expectation): string[] {
  // Of a suite without any data, that is said elsewhere.
  const suites = expected.suites.filter(({ suite }) => bySuite.has(suite));
  return [
    ...vanishedDoubts(vanished),
    ...(bySuite.size > 1 ? suites.flatMap((suite) => emptyDoubts(suite, expected)) : []),
    ...suites.flatMap((suite) => sourceDoubts(suite, bySuite.get(suite.suite), expected)),
    ...suites.flatMap((suite) => testsOnlyDoubts(suite, expected)),
    ...suites.flatMap((suite) => otherVersionDoubts(suite, expected)),
  ];
}

function vanishedDoubts(vanished: readonly string[]): string[] {
  if (vanished.length === 0) return [];
  const files = listed(vanished, 3, (file) => file, "file").join(", ");
  return [
    `The coverage data speaks of ${plural(vanished.length, "file")} that ${vanished.length === 1 ? "is" : "are"} not there (${files}): ` +
      "it comes from another tree, or the suite removed what it measured. Remove old data files, or exclude generated code from coverage.",
  ];
}

/** One suite that measures nothing must not hide behind another. */
function emptyDoubts({ suite, source }: ExpectedSource, { counted }: Expectation): string[] {
  if (source.length > 0 || holdsLines(counted.get(suite), () => true)) return [];
  return [
    `The coverage data of ${suite} holds no line of the verified files: where is it, and what are its paths relative to?`,
  ];
}

function sourceDoubts(
  { suite, directory, source }: ExpectedSource,
  measured: Coverage | undefined,
  { root, counted }: Expectation,
): string[] {
  return source.flatMap((name) => {
    const places = existingSourcePlaces(directory, name).map(canonicalPath);
    if (holdsSome(counted.get(suite), places)) return [];
    // The runner knows of it, and found no line that could run.
    const known = [...(counted.get(suite)?.keys() ?? [])].filter((file) => places.some((one) => isWithin(file, one)));
    if (known.length > 0 && known.every(onlyHandsOnIn)) return [];
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

/** Lines that a file does not have are another version's. A runner of ours wrote its data in this run. */
function otherVersionDoubts({ suite, isFromCommand }: ExpectedSource, { root, counted }: Expectation): string[] {
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

/** A configuration that leaves the whole source out still measures the tests, which run nearly all of their lines. */
function testsOnlyDoubts({ suite, source }: ExpectedSource, { root, counted, kindOf }: Expectation): string[] {
  if (source.length > 0) return [];
  const canonicalRoot = canonicalPath(root);
  const names = [...(counted.get(suite)?.keys() ?? [])].map((file) => nameWithin(canonicalRoot, file) ?? file);
  if (names.length === 0 || names.some((name) => kindOf(name) === "source")) return [];
  return [
    `Nothing but tests is measured by ${suite} (${listed(names, 3, (file) => file, "file").join(", ")}), so its coverage says nothing of the source: ` +
      "name what counts in the suite's `source`, and see what its coverage configuration leaves out.",
  ];
}
