import { extname, join } from "node:path";
import { listed, plural } from "../../shared/text.ts";
import { canonicalPath, isWithin } from "../../shared/within.ts";
import { likelyCodeIn } from "../diff/code-lines.ts";
import { mayBeSource } from "../files/file-kinds.ts";
import { type FilesContext, fileKinds, type MeasuringSuite, namesSource, speaks } from "../files/tests-or-source.ts";
import type { Coverage } from "../lcov/source-coverage.ts";

type NamedSuite = MeasuringSuite & { readonly name: string };

export interface UncountedRequest extends FilesContext {
  readonly suites: readonly NamedSuite[];
  /** The files that git knows, relative to the root. */
  readonly tracked: ReadonlySet<string>;
  readonly bySuite: ReadonlyMap<string, Coverage>;
  /** Whether the configuration leaves a file out. */
  readonly isExcluded: (file: string) => boolean;
}

/**
 * What speaks against a figure that files are missing from, though a suite's `source` or its runner's configuration names them
 * as source, a sentence for each suite. Every runner counts what nothing loads; as a rule, it could not read these.
 */
export function uncountedDoubts(request: UncountedRequest): string[] {
  const suites = request.suites.filter(({ runner, measuring }) => runner !== "command" && measuring.isTold);
  return uncountedFiles(request, suites).map(
    ({ name, files }) =>
      `The coverage of ${name} lacks ${plural(files.length, "file")} of its source (${some(files)}): the runner counted no line of ` +
      `${files.length === 1 ? "it" : "them"}. Its log and its configuration may say why; name what should not count in \`coverage.exclude\`.`,
  );
}

/**
 * What a reader should know: the files of the source that are missing from what a command wrote, which may hold nothing that
 * could run; and which runner did not say what it leaves out.
 */
export function uncountedNotes(request: UncountedRequest): string[] {
  const suites = request.suites.filter(({ runner }) => runner === "command");
  const silent = request.suites.filter(
    ({ name, runner, measuring }) => runner !== "command" && !measuring.isTold && request.bySuite.has(name),
  );
  return [
    ...silent.map(
      ({ name }) =>
        `The runner of ${name} did not say which files its coverage leaves out, so that some of the source may be missing from the figure.`,
    ),
    ...commandNotes(request, suites),
  ];
}

function commandNotes(request: UncountedRequest, suites: readonly NamedSuite[]): string[] {
  return uncountedFiles(request, suites).map(
    ({ name, files }) =>
      `The coverage data of ${name} leaves out ${plural(files.length, "file")} of its source (${some(files)}), so the figure says nothing of ${files.length === 1 ? "it" : "them"}.`,
  );
}

/** The files of each suite's source that nobody measured, and that hold lines which look as if they could run. */
function uncountedFiles(
  request: UncountedRequest,
  suites: readonly NamedSuite[],
): { readonly name: string; readonly files: readonly string[] }[] {
  const { coverage, tracked, bySuite, isExcluded } = request;
  const root = canonicalPath(request.root);
  const kindOf = fileKinds(request);
  const languages = new Set([...coverage.keys()].map(extname));
  return suites.flatMap((suite) => {
    if (!bySuite.has(suite.name)) return [];
    const base = canonicalPath(suite.directory);
    const isUncounted = (file: string): boolean => {
      const path = join(root, file);
      if (coverage.has(path) || isExcluded(file) || !speaks(suite.runner, file)) return false;
      // A command may measure one language of several.
      if (!mayBeSource(file, languages) || (suite.runner === "command" && !languages.has(extname(file)))) return false;
      if (!isWithin(path, base) || !namesSource(path, suite) || kindOf(file) !== "source") return false;
      return likelyCodeIn(path).size > 0;
    };
    const files = [...tracked].filter(isUncounted).sort();
    return files.length === 0 ? [] : [{ name: suite.name, files }];
  });
}

function some(files: readonly string[]): string {
  return listed(files, 3, (file) => file, "file").join(", ");
}
