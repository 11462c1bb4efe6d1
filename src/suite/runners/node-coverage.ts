import { access, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Measuring } from "../../coverage/files/measuring.ts";
import { sourceGlob } from "../../coverage/files/source-places.ts";
import type { V8Report, V8ReportRequest } from "../../coverage/v8/report.ts";
import { UnavailableError } from "../../shared/errors.ts";
import { runProgram } from "../../shared/exec/run-program.ts";
import { packageRoot } from "../../shared/paths.ts";
import { lastOutput } from "../results/results.ts";
import type { SuiteRun, TestResults } from "./runner.ts";
import { measuredFiles } from "./source-files.ts";

/**
 * Where V8 writes coverage. All shares of a suite use one directory: V8 numbers a file's branches by what ran, so
 * separate reports cannot be merged.
 */
function rawDirectory({ selection, scratch, suite }: SuiteRun): string {
  if (selection?.kind !== "share") return join(scratch, "v8");
  return join(dirname(scratch), `v8-${encodeURIComponent(suite.name)}`);
}

/** Where the report is written. */
const reportDirectory = (run: SuiteRun): string => join(run.scratch, "coverage");

/** Makes every Node process write coverage; empty when selected tests run. */
export function coverageEnvironment(run: SuiteRun): Readonly<Record<string, string>> {
  return run.selection?.kind === "tests" ? {} : { NODE_V8_COVERAGE: rawDirectory(run) };
}

/**
 * Adds line coverage to the results, source maps applied, counted by c8 with the project's own c8 configuration, for
 * all shares together. Throws UnavailableError where V8's files or the c8 configuration cannot be read.
 */
export async function withNodeCoverage(run: SuiteRun, results: TestResults): Promise<TestResults> {
  const raw = rawDirectory(run);
  // Called after all shares have ended, so the first one reports for all.
  if (run.selection?.kind === "share" && run.selection.index > 0) return { ...results, coverage: [] };
  if (!(await isThere(raw))) return { ...results, coverage: null };
  const directory = reportDirectory(run);
  const { measuring, path } = await readReport(run, { raw, directory });
  return {
    ...results,
    coverage: (await isThere(path)) ? [{ path, base: run.directory }] : null,
    measuring: { ...results.measuring, ...measuring },
  };
}

/** Has V8's files counted, in a process of its own, as they may be large. */
async function readReport(
  run: SuiteRun,
  { raw, directory }: { readonly raw: string; readonly directory: string },
): Promise<{ readonly path: string; readonly measuring: Pick<Measuring, "isReported" | "named" | "left"> }> {
  const request: V8ReportRequest = {
    directory: run.directory,
    raw,
    target: directory,
    source: run.suite.source.map((path) => {
      const include = sourceGlob(run.directory, path);
      // c8 only searches directories.
      return { include, place: resolve(run.directory, include.endsWith("/**") ? path : dirname(path)) };
    }),
    files: measuredFiles(run),
  };
  const [asked, answer] = [join(run.scratch, "v8-request.json"), join(run.scratch, "v8-report.json")];
  await writeFile(asked, JSON.stringify(request));
  const { NODE_OPTIONS: _options, ...environment } = run.environment;
  const program = join(packageRoot, "dist", "v8-report.js");
  const { exitCode, output } = await runProgram([process.execPath, program, asked, answer], {
    directory: run.directory,
    environment,
  });
  if (exitCode !== 0) {
    throw new UnavailableError(`${run.suite.name}: its coverage cannot be read:\n${lastOutput(output, 15)}`);
  }
  const { named, left } = JSON.parse(await readFile(answer, "utf8")) as V8Report;
  return {
    path: join(directory, "lcov.info"),
    measuring: { isReported: true, named: named && new Set(named), left: new Set(left) },
  };
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
