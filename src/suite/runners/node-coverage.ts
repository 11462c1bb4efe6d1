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
 * Where V8 writes what each process covers. Shares of one suite write to one place: a file's branches are numbered by what
 * ran of it, so that reports of several processes could not be put together.
 */
function rawDirectory({ selection, scratch, suite }: SuiteRun): string {
  if (selection?.kind !== "share") return join(scratch, "v8");
  return join(dirname(scratch), `v8-${encodeURIComponent(suite.name)}`);
}

/** Where c8 writes what comes of it. */
const reportDirectory = (run: SuiteRun): string => join(run.scratch, "coverage");

/** The variable that has every process of Node write what it covers, whatever started it; none for some tests alone. */
export function coverageEnvironment(run: SuiteRun): Readonly<Record<string, string>> {
  return run.selection?.kind === "tests" ? {} : { NODE_V8_COVERAGE: rawDirectory(run) };
}

/**
 * The results with the lines that a run's processes covered, source maps followed, as c8 counts them with the project's own
 * configuration of it, of all shares together where there are several. A process of its own does it: what V8 writes may be large.
 */
export async function withNodeCoverage(run: SuiteRun, results: TestResults): Promise<TestResults> {
  const raw = rawDirectory(run);
  // All shares have ended by now, and the first speaks for all of them.
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
      // c8 looks for files in directories alone.
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

/** What the reporting process says of c8's configuration, in its last line. */
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
