import { writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { runnerFacts } from "../../config/runner-facts.ts";
import { mayBeSource, sourceExtensions } from "../../coverage/files/file-kinds.ts";
import { canonicalPath } from "../../shared/within.ts";
import type { SuiteRun } from "./runner.ts";

type Sources = Pick<SuiteRun, "suite" | "checkoutRoot" | "trackedFiles">;

/** The tracked files, relative to the root, in the languages that a suite's runner measures. */
function measuredNames({ suite, trackedFiles }: Sources): string[] {
  const isMeasured = (file: string): boolean =>
    runnerFacts[suite.runner].language === "python"
      ? extname(file) === ".py"
      : extname(file) !== ".py" && sourceExtensions.includes(extname(file));
  return [...trackedFiles].filter(isMeasured);
}

/** The absolute paths of the tracked files in the languages that a suite's runner measures. */
export function measuredFiles(run: Sources): string[] {
  const root = canonicalPath(run.checkoutRoot);
  return measuredNames(run).map((file) => join(root, file));
}

/**
 * Writes a JSON file with the paths that an adapter asks its runner about: `files` in the languages it measures,
 * `countable` those that may be source by name, `isConfigured` whether the suite names its source. Returns the JSON
 * file's path.
 */
export async function writeSourceFiles(run: Sources & Pick<SuiteRun, "scratch">): Promise<string> {
  const root = canonicalPath(run.checkoutRoot);
  const countable = measuredNames(run)
    .filter((file) => mayBeSource(file))
    .map((file) => join(root, file));
  const path = join(run.scratch, "source-files.json");
  const isConfigured = run.suite.source.length > 0;
  await writeFile(path, JSON.stringify({ files: measuredFiles(run), countable, isConfigured }));
  return path;
}
