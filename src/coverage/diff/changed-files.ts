import { extname, join } from "node:path";
import { canonicalPath, isWithin, nameWithin } from "../../shared/within.ts";
import { isInLanguage, sourceExtensions } from "../files/file-kinds.ts";
import { type FilesContext, fileKinds, type MeasuringSuite, namesSource, speaks } from "../files/tests-or-source.ts";
import type { Coverage } from "../lcov/source-coverage.ts";
import type { ChangedFile } from "./changed-lines.ts";
import { likelyCodeIn } from "./code-lines.ts";

export interface ChangedFilesContext extends FilesContext {
  readonly isExcluded: (file: string) => boolean;
  readonly generated: ReadonlySet<string>;
}

/** Pathspecs of files in measurable languages, and of measured files. */
export function sourcePathspecs(root: string, coverage: Coverage): string[] {
  const canonicalRoot = canonicalPath(root);
  const names = [...coverage.keys()].flatMap((path) => nameWithin(canonicalRoot, path) ?? []);
  const extensions = new Set([...sourceExtensions, ...names.map(extname).filter(Boolean)]);
  return [
    ...[...extensions].map((extension) => `:(top,glob)**/*${extension}`),
    ...names.filter((name) => extname(name) === "").map((name) => `:(top,literal)${name}`),
  ];
}

/** Says for each changed file, relative to the root, whether its lines count and which of them ran. */
export function changedFiles(context: ChangedFilesContext): (file: string) => ChangedFile {
  const root = canonicalPath(context.root);
  const measured = new Set([...context.coverage.keys()].map(extname));
  const kindOf = fileKinds(context);
  const out: ChangedFile = { lines: null, code: new Set(), counts: "out" };
  return (file) => {
    const path = join(root, file);
    const lines = context.coverage.get(path)?.lines ?? null;
    if (context.isExcluded(file) || context.generated.has(file)) return out;
    const kind = kindOf(file);
    if (kind === "test" || (lines === null && !isInLanguage(file, measured))) return out;
    const code = lines === null ? likelyCodeIn(path) : new Set<number>();
    if (kind === "assumed test") return { lines, code, counts: "assumed test" };
    return { lines, code, counts: lines === null ? whetherExpected(path, file, context) : "yes" };
  };
}

/**
 * Whether a file should have been measured: a suite without `source` measures all that it loads; with `source`, or with
 * a configured runner, the rest of its directory does not count. A file outside of all suites' directories was
 * forgotten, not excluded.
 */
function whetherExpected(path: string, file: string, { suites }: ChangedFilesContext): ChangedFile["counts"] {
  const speaking = suites.filter(({ runner }) => speaks(runner, file));
  if (speaking.length === 0) return "left out";
  const around = speaking.filter(({ directory }) => isWithin(path, canonicalPath(directory)));
  if (around.length === 0 || around.some((suite) => isToMeasure(path, suite))) return "yes";
  return around.some(({ measuring }) => measuring.left.has(path)) ? "omitted" : "left out";
}

function isToMeasure(path: string, suite: MeasuringSuite): boolean {
  const { named, left } = suite.measuring;
  const namesNone = suite.source.length === 0 && named === null;
  return namesNone ? !left.has(path) : namesSource(path, suite);
}
