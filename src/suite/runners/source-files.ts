import { writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { runnerFacts } from "../../config/runner-facts.ts";
import { mayBeSource, sourceExtensions } from "../../coverage/files/file-kinds.ts";
import { canonicalPath } from "../../shared/within.ts";
import type { SuiteRun } from "./runner.ts";

/**
 * Writes a JSON file with the paths that an adapter asks its runner about: `files` in the languages it measures,
 * `countable` those that may be source by name, `isConfigured` whether the suite names its source. Returns the JSON
 * file's path.
 */
export async function writeSourceFiles(
  run: Pick<SuiteRun, "suite" | "checkoutRoot" | "trackedFiles" | "scratch">,
): Promise<string> {
  const root = canonicalPath(run.checkoutRoot);
  const isMeasured = (file: string): boolean =>
    runnerFacts[run.suite.runner].language === "python"
      ? extname(file) === ".py"
      : extname(file) !== ".py" && sourceExtensions.includes(extname(file));
  const measured = [...run.trackedFiles].filter(isMeasured);
  const files = measured.map((file) => join(root, file));
  const countable = measured.filter((file) => mayBeSource(file)).map((file) => join(root, file));
  const path = join(run.scratch, "source-files.json");
  await writeFile(path, JSON.stringify({ files, countable, isConfigured: run.suite.source.length > 0 }));
  return path;
}
