import { extname, join } from "node:path";
import { runnerFacts } from "../../config/runner-facts.ts";
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
  /** Whether the configuration excludes a file. */
  readonly isExcluded: (file: string) => boolean;
}

/**
 * Source files that are missing from the data, although `source` or the runner's configuration names them; one sentence
 * per suite. Runners count unloaded files too, so they probably could not parse these.
 */
export function uncountedProblems(request: UncountedRequest): string[] {
  const suites = request.suites.filter(
    ({ runner, measuring }) => runnerFacts[runner].isAdapted && measuring.isReported,
  );
  return uncountedFiles(request, suites).map(
    ({ name, files }) =>
      `The coverage of ${name} lacks ${plural(files.length, "file")} of its source (${some(files)}): the runner counted no line of ` +
      `${files.length === 1 ? "it" : "them"}. Its log and its configuration may say why; name what should not count in \`coverage.exclude\`.`,
  );
}

/**
 * Notes on source files that are missing from a command's data, which may contain nothing executable, and on runners
 * that did not report their exclusions.
 */
export function uncountedNotes(request: UncountedRequest): string[] {
  const suites = request.suites.filter(({ runner }) => !runnerFacts[runner].isAdapted);
  const silent = request.suites.filter(
    ({ name, runner, measuring }) =>
      runnerFacts[runner].isAdapted && !measuring.isReported && request.bySuite.has(name),
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

/** The source files of each suite without data that contain lines which look executable. */
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
      if (
        !mayBeSource(file, languages) ||
        (runnerFacts[suite.runner].language === null && !languages.has(extname(file)))
      )
        return false;
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
