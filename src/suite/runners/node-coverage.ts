import { access } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Measuring } from "../../coverage/files/measuring.ts";
import { sourceGlob } from "../../coverage/files/source-places.ts";
import { adapterPath } from "../../shared/paths.ts";
import { quote } from "../../shared/shell.ts";
import { listingOutput } from "./listing.ts";
import type { SuiteRun, TestResults } from "./runner.ts";
import { writeSourceFiles } from "./source-files.ts";

/**
 * Where V8 writes coverage. All shares of a suite use one directory: V8 numbers a file's branches by what ran, so
 * separate reports cannot be merged.
 */
function rawDirectory({ selection, scratch, suite }: SuiteRun): string {
  if (selection?.kind !== "share") return join(scratch, "v8");
  return join(dirname(scratch), `v8-${encodeURIComponent(suite.name)}`);
}

/** Where c8 writes its report. */
const reportDirectory = (run: SuiteRun): string => join(run.scratch, "coverage");

/** Makes every Node process write coverage; empty when selected tests run. */
export function coverageEnvironment(run: SuiteRun): Readonly<Record<string, string>> {
  return run.selection?.kind === "tests" ? {} : { NODE_V8_COVERAGE: rawDirectory(run) };
}

/**
 * Adds line coverage to the results, source maps applied, counted by c8 with the project's own c8 configuration, for
 * all shares together. Runs in a process of its own, as V8's files may be large.
 */
export async function withNodeCoverage(run: SuiteRun, results: TestResults): Promise<TestResults> {
  const raw = rawDirectory(run);
  // Called after all shares have ended, so the first one reports for all.
  if (run.selection?.kind === "share" && run.selection.index > 0) return { ...results, coverage: [] };
  if (!(await isThere(raw))) return { ...results, coverage: null };
  const directory = reportDirectory(run);
  const { source } = run.suite;
  const args = [
    ...[process.execPath, adapterPath("c8-report.cjs"), await writeSourceFiles(run)],
    ...["report", "--reporter=lcovonly", "--check-coverage=false"],
    ...[`--temp-directory=${raw}`, `--reports-dir=${directory}`],
    ...(source.length === 0 ? [] : ["--all"]),
    ...source.flatMap((path) => {
      const include = sourceGlob(run.directory, path);
      // c8 only searches directories.
      const place = include.endsWith("/**") ? path : dirname(path);
      return [`--src=${place}`, `--include=${include}`];
    }),
  ];
  const { NODE_OPTIONS: _options, ...environment } = run.environment;
  const output = await listingOutput({
    ...run,
    environment,
    command: args.map(quote).join(" "),
    signal: new AbortController().signal,
    purpose: "its coverage cannot be read",
  });
  const path = join(directory, "lcov.info");
  return {
    ...results,
    coverage: (await isThere(path)) ? [{ path, base: run.directory }] : null,
    measuring: { ...results.measuring, ...measuringIn(output) },
  };
}

/** The measured files, from the last line of c8's report process. */
function measuringIn(output: string): Pick<Measuring, "isReported" | "named" | "left"> {
  const said: { named: string[] | null; left: string[] } = JSON.parse(output.trimEnd().split("\n").at(-1) ?? "");
  return { isReported: true, named: said.named && new Set(said.named), left: new Set(said.left) };
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
