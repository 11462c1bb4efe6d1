import { access } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { LcovInput } from "../coverage/lcov.ts";
import { outputOf } from "./listing.ts";
import type { SuiteRun } from "./runner.ts";
import { quote } from "./shell.ts";

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
 * The lines that a run's processes covered, source maps followed, as c8 counts them with the project's own configuration of
 * it, of all shares together where there are several; null where none wrote anything. A process of its own does it: what V8 writes may be large.
 */
export async function nodeCoverage(run: SuiteRun): Promise<readonly LcovInput[] | null> {
  const raw = rawDirectory(run);
  // All shares have ended by now, and the first speaks for all of them.
  if (run.selection?.kind === "share" && run.selection.index > 0) return [];
  const isThere = await access(raw).then(
    () => true,
    () => false,
  );
  if (!isThere) return null;
  const directory = reportDirectory(run);
  const program = createRequire(import.meta.url).resolve("c8/bin/c8.js");
  const { source } = run.suite;
  const words = [
    ...[process.execPath, program, "report", "--reporter=lcovonly", "--check-coverage=false"],
    ...[`--temp-directory=${raw}`, `--reports-dir=${directory}`],
    ...(source.length === 0 ? [] : ["--all"]),
    ...source.flatMap((path) => [`--src=${path}`, `--include=${path}/**`]),
  ];
  const { NODE_OPTIONS: _options, ...environment } = run.environment;
  await outputOf({
    ...run,
    environment,
    command: words.map(quote).join(" "),
    signal: new AbortController().signal,
    purpose: "its coverage cannot be read",
  });
  const path = join(directory, "lcov.info");
  return await access(path).then(
    () => [{ path, base: run.directory }],
    () => null,
  );
}
