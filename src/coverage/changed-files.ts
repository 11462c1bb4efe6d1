import { join } from "node:path";
import type { RunnerName } from "../config.ts";
import type { ChangedFile } from "./changed-lines.ts";
import { isSourceFile, isTestFile } from "./file-kinds.ts";
import { canonicalPath } from "./lines.ts";
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
}

/** Pathspecs of the files in languages that can be measured. */
export const sourcePathspecs: readonly string[] = [
  ...["py", "js", "jsx", "ts", "tsx", "cjs", "mjs", "cts", "mts", "vue", "svelte"].map(
    (extension) => `:(top,glob)**/*.${extension}`,
  ),
];

/** Tells of each changed file, relative to the root, whether its lines count, and which of them ran. */
export function changedFiles(context: ChangedFilesContext): (file: string) => ChangedFile {
  const root = canonicalPath(context.root);
  return (file) => {
    if (isTestFile(file) || context.isExcluded(file) || context.generated.has(file))
      return { lines: null, counts: "out" };
    const path = join(root, file);
    const measured = context.coverage.get(path);
    if (measured !== undefined) return { lines: measured.lines, counts: "yes" };
    if (!isSourceFile(file)) return { lines: null, counts: "out" };
    return { lines: null, counts: isExpected(path, file, context) ? "yes" : "left out" };
  };
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

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith("/") ? directory : `${directory}/`);
}
