import { join } from "node:path";
import { type RunnerName, runnerFacts } from "../../config/runner-facts.ts";
import { canonicalPath, isWithin } from "../../shared/within.ts";
import type { Coverage } from "../lcov/source-coverage.ts";
import { isTestName, type TestDirectory, testDirectoryOf } from "./file-kinds.ts";
import type { Measuring } from "./measuring.ts";
import { sourcePlaces } from "./source-places.ts";

/** What a suite says about which files count. */
export interface MeasuringSuite {
  readonly runner: RunnerName;
  /** The absolute directory it runs in. */
  readonly directory: string;
  readonly source: readonly string[];
  readonly measuring: Measuring;
}

/** What is known of the files of a checkout. */
export interface FilesContext {
  /** The absolute root of the checkout. */
  readonly root: string;
  readonly coverage: Coverage;
  readonly suites: readonly MeasuringSuite[];
  /** The files whose tests ran, relative to the root. */
  readonly testFiles: ReadonlySet<string>;
}

/**
 * A file is source, whose lines count; a test, which ran and is named like one; or an assumed test, by its name or
 * contents only.
 */
export type FileKind = "source" | "test" | "assumed test";

/**
 * Classifies files, relative to the root, as source or tests. What `source` or the runner's configuration names is
 * source, even if it is named like a test; but real tests and helpers are often among it.
 */
export function fileKinds({ root: givenRoot, coverage, suites, testFiles }: FilesContext): (file: string) => FileKind {
  const root = canonicalPath(givenRoot);
  const places = suites.flatMap(({ directory, source }) => {
    const base = canonicalPath(directory);
    return source.flatMap((name) => sourcePlaces(base, name));
  });
  const isTestOf = (path: string, which: "tested" | "testFiles"): boolean =>
    suites.some(({ measuring }) => measuring[which].has(path));
  const ranAsTest = (file: string): boolean => {
    const path = join(root, file);
    return (testFiles.has(file) && !isTestOf(path, "tested")) || isTestOf(path, "testFiles");
  };
  // Directories that contain files that ran and are named like tests, and their parents.
  const directoriesOfTests = new Set(
    [...testFiles].filter((file) => isTestName(file) && ranAsTest(file)).flatMap(parentsOf),
  );

  /** For a file whose name does not suggest a test. */
  const plainKind = ({ path, file, isMeasured, isNamed, ran }: Facts): FileKind => {
    if (isNamed || !ran) return "source";
    // Runners do not measure their own test files.
    if (!isMeasured && isTestOf(path, "testFiles")) return "test";
    return isMeasured && measuresNoTests(suites, file) ? "source" : "assumed test";
  };

  /** For a file in a directory that is named like a test directory. */
  const kindIn = ({ name, isCertain }: TestDirectory, { path, isMeasured, isNamed, ran }: Facts): FileKind => {
    if (ran && (isCertain || !isNamed)) return "test";
    const isNamedItself = places.some((place) => isWithin(place, join(root, name)) && isWithin(path, place));
    if (isNamedItself) return "source";
    const holdsTests = directoriesOfTests.has(name);
    if (isCertain) return isNamed && isMeasured && !holdsTests ? "source" : "assumed test";
    return isNamed || (isMeasured && !holdsTests) ? "source" : "assumed test";
  };

  /** For a file that is named like a test, as some source is. */
  const kindOfCalledTest = ({ file, isMeasured, isNamed, ran }: Facts): FileKind => {
    if (ran || /(?:^|\/)conftest\.py$/.test(file)) return "test";
    const directory = testDirectoryOf(file);
    const isBesideTests = directory?.isCertain === true && directoriesOfTests.has(directory.name);
    return isNamed && isMeasured && !isBesideTests ? "source" : "assumed test";
  };

  return (file) => {
    const path = join(root, file);
    const isNamed = suites.some((suite) => namesSource(path, suite));
    const facts = { file, path, isMeasured: coverage.has(path), isNamed, ran: ranAsTest(file) };
    if (isTestName(file)) return kindOfCalledTest(facts);
    const directory = testDirectoryOf(file);
    return directory === null ? plainKind(facts) : kindIn(directory, facts);
  };
}

/** What is known of one file. */
interface Facts {
  /** Relative to the root. */
  readonly file: string;
  /** Absolute. */
  readonly path: string;
  readonly isMeasured: boolean;
  /** Whether a suite's `source`, or a runner's configuration, names it. */
  readonly isNamed: boolean;
  /** Whether it ran as a test file, or was found to be one. */
  readonly ran: boolean;
}

/** Whether a suite's `source` or its runner's configuration names a file; the runner's report takes precedence. */
export function namesSource(path: string, { directory, source, measuring }: MeasuringSuite): boolean {
  if (measuring.named !== null) return measuring.named.has(path);
  if (source.length === 0) return false;
  const base = canonicalPath(directory);
  return (
    !measuring.left.has(path) && source.some((name) => sourcePlaces(base, name).some((place) => isWithin(path, place)))
  );
}

/** Whether a runner may measure a file, by its language. */
export function speaks(runner: RunnerName, file: string): boolean {
  const { language } = runnerFacts[runner];
  return language === null || (language === "python") === file.endsWith(".py");
}

/** vitest and jest do not measure their own test files; what a command measures is up to its configuration. */
function measuresNoTests(suites: readonly MeasuringSuite[], file: string): boolean {
  const speaking = suites.filter(({ runner }) => speaks(runner, file));
  return speaking.every(({ runner }) => runnerFacts[runner].leavesOutTests !== false);
}

/** The parent directories of a file, relative to the root: "a/b/c.py" has "a/b" and "a". */
function parentsOf(file: string): string[] {
  const parts = file.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}
