import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listed, plural } from "../report/text.ts";
import { likelyCode } from "./code-lines.ts";
import { mayBeSource } from "./file-kinds.ts";
import { canonicalPath, isWithin } from "./lines.ts";
import type { Coverage } from "./source-coverage.ts";
import { type FilesContext, fileKinds, type MeasuringSuite, namesSource, speaks } from "./tests-or-source.ts";

export interface UncountedRequest extends FilesContext {
  readonly suites: readonly (MeasuringSuite & { readonly name: string })[];
  /** The files that git knows, relative to the root. */
  readonly tracked: ReadonlySet<string>;
  readonly bySuite: ReadonlyMap<string, Coverage>;
  /** Whether the configuration leaves a file out. */
  readonly isExcluded: (file: string) => boolean;
}

/**
 * What speaks against a figure that files are missing from, though a suite's `source` or its runner's configuration names them
 * as source, a sentence for each suite: as a rule, the runner could not read them. Files without a line that could run do not
 * matter; of what a command wrote it is not known what it would leave out.
 */
export function uncountedDoubts(request: UncountedRequest): string[] {
  const { root, coverage, suites, tracked, bySuite, isExcluded } = request;
  const canonicalRoot = canonicalPath(root);
  const kindOf = fileKinds(request);
  return suites.flatMap((suite) => {
    const { name, runner, directory, measuring } = suite;
    if (runner === "command" || !measuring.isTold || !bySuite.has(name)) return [];
    const base = canonicalPath(directory);
    const files = [...tracked].filter((file) => {
      const path = join(canonicalRoot, file);
      if (coverage.has(path) || isExcluded(file) || !speaks(runner, file) || !mayBeSource(file)) return false;
      if (!isWithin(path, base) || !namesSource(path, suite) || kindOf(file) !== "source") return false;
      return likelyCode(file, textOf(path)).size > 0;
    });
    if (files.length === 0) return [];
    const named = listed(files.sort(), 3, (file) => file, "file").join(", ");
    return [
      `The coverage of ${name} lacks ${plural(files.length, "file")} of its source (${named}): the runner could not read ` +
        `${files.length === 1 ? "it" : "them"}, see its log. What is not to count goes into \`coverage.exclude\`.`,
    ];
  });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
