import { existsSync } from "node:fs";
import { listed, plural } from "../report/text.ts";
import { isTestFile } from "./file-kinds.ts";
import { canonicalPath, nameWithin } from "./lines.ts";
import type { Measured } from "./measure.ts";
import type { Coverage } from "./source-coverage.ts";
import { sourcePlaces } from "./source-places.ts";

/** A suite, and what is to count of it. */
export interface ExpectedSource {
  readonly suite: string;
  /** The absolute directory it runs in. */
  readonly directory: string;
  /** Directories, files or Python packages, relative to the directory. */
  readonly source: readonly string[];
}

/** What is held against what was expected. */
export interface Expectation {
  /** The absolute root of the checkout. */
  readonly root: string;
  readonly suites: readonly ExpectedSource[];
  /** What counts, by suite: what was measured, without what the configuration excludes. */
  readonly counted: ReadonlyMap<string, Coverage>;
}

/**
 * What speaks against figures that may well look good, a sentence each: files that are not there, a source that gave
 * nothing, nothing but tests.
 */
export function coverageDoubts({ vanished, bySuite }: Measured, expected: Expectation): string[] {
  const suites = expected.suites.filter(({ suite }) => (bySuite.get(suite)?.size ?? 0) > 0);
  return [
    ...vanishedDoubts(vanished),
    ...suites.flatMap((suite) => sourceDoubts(suite, bySuite.get(suite.suite), expected)),
    ...suites.flatMap((suite) => testsOnlyDoubts(suite, expected)),
  ];
}

function vanishedDoubts(vanished: readonly string[]): string[] {
  if (vanished.length === 0) return [];
  const files = listed(vanished, 3, (file) => file, "file").join(", ");
  return [
    `The coverage data speaks of ${plural(vanished.length, "file")} that ${vanished.length === 1 ? "is" : "are"} not there (${files}): ` +
      "it is another tree's, or the suite removed what it measured. Remove old data files, or leave generated code out of coverage.",
  ];
}

function sourceDoubts(
  { suite, directory, source }: ExpectedSource,
  measured: Coverage | undefined,
  { root, counted }: Expectation,
): string[] {
  return source.flatMap((name) => {
    const places = sourcePlaces(directory, name)
      .filter((path) => existsSync(path))
      .map(canonicalPath);
    if (holdsSome(counted.get(suite), places)) return [];
    const where = nameWithin(canonicalPath(root), places[0] ?? "") ?? name;
    const why = holdsSome(measured, places)
      ? "`coverage.exclude` leaves nothing of it."
      : "the suite measured no file of it. Is it left out by its coverage configuration, or never loaded?";
    return [`The source "${name}" of ${suite} (${where}) yields nothing: ${why}`];
  });
}

function holdsSome(coverage: Coverage | undefined, places: readonly string[]): boolean {
  return [...(coverage?.keys() ?? [])].some((file) =>
    places.some((place) => file === place || file.startsWith(`${place}/`)),
  );
}

/** A configuration that leaves the whole source out still measures the tests, which run nearly all of their lines. */
function testsOnlyDoubts({ suite, source }: ExpectedSource, { root, counted }: Expectation): string[] {
  if (source.length > 0) return [];
  const canonicalRoot = canonicalPath(root);
  const names = [...(counted.get(suite)?.keys() ?? [])].map((file) => nameWithin(canonicalRoot, file) ?? file);
  if (names.length === 0 || !names.every(isTestFile)) return [];
  return [
    `Nothing but tests is measured by ${suite} (${listed(names, 3, (file) => file, "file").join(", ")}), so its coverage says nothing of the source: ` +
      "name what counts in the suite's `source`, and see what its coverage configuration leaves out.",
  ];
}
