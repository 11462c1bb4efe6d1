import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import type { RunnerName } from "../config.ts";
import type { ChangedFile } from "./changed-lines.ts";
import { likelyCode } from "./code-lines.ts";
import { isSourceFile, isTestFile, sourceExtensions } from "./file-kinds.ts";
import { canonicalPath, isWithin, nameWithin } from "./lines.ts";
import type { Coverage } from "./source-coverage.ts";
import { sourcePlaces } from "./source-places.ts";

/** A suite as far as it says whose lines count. */
export interface MeasuringSuite {
  readonly runner: RunnerName;
  /** The absolute directory it runs in. */
  readonly directory: string;
  readonly source: readonly string[];
}

export interface ChangedFilesContext {
  /** The absolute root of the checkout. */
  readonly root: string;
  readonly coverage: Coverage;
  readonly suites: readonly MeasuringSuite[];
  readonly isExcluded: (file: string) => boolean;
  readonly generated: ReadonlySet<string>;
  /** The files whose tests ran, relative to the root. */
  readonly testFiles: ReadonlySet<string>;
}

/** Pathspecs of the files in languages that can be measured, and of those that were. */
export function sourcePathspecs(root: string, coverage: Coverage): string[] {
  const canonicalRoot = canonicalPath(root);
  const names = [...coverage.keys()].flatMap((path) => nameWithin(canonicalRoot, path) ?? []);
  const extensions = new Set([...sourceExtensions, ...names.map(extname).filter(Boolean)]);
  return [
    ...[...extensions].map((extension) => `:(top,glob)**/*${extension}`),
    ...names.filter((name) => extname(name) === "").map((name) => `:(top,literal)${name}`),
  ];
}

/** Tells of each changed file, relative to the root, whether its lines count, and which of them ran. */
export function changedFiles(context: ChangedFilesContext): (file: string) => ChangedFile {
  const root = canonicalPath(context.root);
  const measured = new Set([...context.coverage.keys()].map(extname));
  const out: ChangedFile = { lines: null, code: new Set(), counts: "out" };
  return (file) => {
    const path = join(root, file);
    const coverage = context.coverage.get(path);
    if (context.isExcluded(file) || context.generated.has(file) || isTest(path, file, context)) return out;
    if (coverage !== undefined) return { lines: coverage.lines, code: new Set(), counts: "yes" };
    if (!isSourceFile(file, measured)) return out;
    const code = likelyCode(file, textOf(path));
    return { lines: null, code, counts: isExpected(path, file, context) ? "yes" : "left out" };
  };
}

/** What a suite's source names, and what was measured without being run as a test, is source whatever it is called. */
function isTest(path: string, file: string, { coverage, suites, testFiles }: ChangedFilesContext): boolean {
  if (testFiles.has(file)) return true;
  return isTestFile(file) && !(coverage.has(path) && suites.some((suite) => isInSource(path, suite)));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/**
 * Whether somebody should have measured a file: a suite that names no source measures all that it loads; one that names some
 * has said that nothing else of its directory counts. What lies in no suite's directory at all is forgotten, not left out.
 */
function isExpected(path: string, file: string, { suites }: ChangedFilesContext): boolean {
  const speaking = suites.filter(({ runner }) => speaks(runner, file));
  if (speaking.length === 0) return false;
  const around = speaking.filter(({ directory }) => isWithin(path, canonicalPath(directory)));
  return around.length === 0 || around.some((suite) => suite.source.length === 0 || isInSource(path, suite));
}

function speaks(runner: RunnerName, file: string): boolean {
  return runner === "command" || (runner === "pytest") === file.endsWith(".py");
}

function isInSource(path: string, { directory, source }: MeasuringSuite): boolean {
  const base = canonicalPath(directory);
  return source.some((name) => sourcePlaces(base, name).some((place) => isWithin(path, place)));
}
