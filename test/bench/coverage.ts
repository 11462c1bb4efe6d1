/**
 * How fast the tracefiles of a suite's workers are merged into one, and what memory that takes: by ours, by Debian's lcov and
 * by the npm package `lcov-result-merger`, of the same generated files. What ours counts must be what lcov counts.
 */
import { rm } from "node:fs/promises";
import { parseArgs } from "node:util";
import { messageOf } from "../../src/shared/errors.ts";
import { type Merge, mergeByLcov, mergeByPackage, mergeOurs } from "./mergers.ts";
import { makeWorkspace } from "./places.ts";
import { differences, type Totals, totalNames } from "./totals.ts";
import { type TracefileRequest, type Tracefiles, writeTracefiles } from "./tracefiles.ts";

interface Options extends TracefileRequest {
  readonly limitMinutes: number;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      files: { type: "string", default: "16" },
      megabytes: { type: "string", default: "20" },
      seed: { type: "string", default: "1" },
      "limit-minutes": { type: "string", default: "10" },
    },
  });
  const numbers = [values.files, values.megabytes, values.seed, values["limit-minutes"]].map(Number);
  const [files, megabytes, seed, limitMinutes] = numbers as [number, number, number, number];
  if (![files, megabytes, seed].every((value) => Number.isInteger(value) && value > 0) || !(limitMinutes > 0)) {
    throw new Error(
      "--files, --megabytes and --seed take whole numbers above zero, --limit-minutes a number above zero.",
    );
  }
  return { files, megabytes, seed, limitMinutes };
}

/** Each in turn, so that none takes the processor or the disk from another. */
async function mergeAll(
  workspace: string,
  { paths }: Tracefiles,
  { limitMinutes }: Options,
  signal: AbortSignal,
): Promise<Merge[]> {
  const merges = [await mergeOurs(workspace, paths)];
  signal.throwIfAborted();
  const byLcov = await mergeByLcov(workspace, paths);
  if (byLcov) merges.push(byLcov);
  else console.log("lcov is not installed (apt-get install --no-install-recommends lcov): going on without it.");
  signal.throwIfAborted();
  merges.push(await mergeByPackage(workspace, limitMinutes));
  signal.throwIfAborted();
  return merges;
}

function row(cells: readonly string[]): void {
  const [first = "", ...rest] = cells;
  console.log(first.padEnd(32) + rest.map((cell) => cell.padStart(17)).join(""));
}

function reportTimes(merges: readonly Merge[], bytes: number): void {
  const base = merges[0]?.finished?.seconds ?? Number.NaN;
  row(["", "seconds", "MB/s", "times ours", "peak MB"]);
  for (const { name, finished, failure = "" } of merges) {
    if (!finished) {
      row([name, failure]);
      continue;
    }
    const { seconds, peakMegabytes } = finished;
    const times = `${(seconds / base).toFixed(1)}×`;
    row([name, seconds.toFixed(2), (bytes / 1e6 / seconds).toFixed(1), times, peakMegabytes?.toFixed(0) ?? "–"]);
  }
}

function reportTotals(merges: readonly Merge[]): void {
  row(["", ...Object.values(totalNames)]);
  for (const { name, finished } of merges) {
    if (!finished) continue;
    const totals = Object.keys(totalNames).map((total) => String(finished.totals[total as keyof Totals]));
    row([name, ...totals]);
  }
}

/** Throws where ours and lcov's totals differ; of the npm package's it only tells. */
function compareTotals([ours, ...others]: readonly Merge[]): void {
  const disagreements: string[] = [];
  for (const { name, finished, reference } of others) {
    if (!ours?.finished || !finished) continue;
    const found = differences(ours.finished.totals, finished.totals);
    const what = found.length === 0 ? "agree" : `do not agree: ${found.join(", ")}`;
    console.log(`(a) and ${name} ${what}.`);
    if (reference) disagreements.push(...found);
  }
  if (disagreements.length > 0)
    throw new Error(`Ours does not count what lcov -a counts: ${disagreements.join(", ")}.`);
}

async function main(): Promise<void> {
  const interrupted = new AbortController();
  // Ctrl-C reaches the programs that run, too: the benchmark cleans up and ends.
  process.on("SIGINT", () => interrupted.abort());
  const options = readOptions();
  const workspace = await makeWorkspace();
  try {
    const tracefiles = await writeTracefiles(workspace, options, interrupted.signal);
    const { paths, bytes, sources } = tracefiles;
    const size = (bytes / 1e6 / paths.length).toFixed(1);
    console.log(`${paths.length} tracefiles of ${size} MB, of ${sources} source files, seed ${options.seed}:\n`);
    const merges = await mergeAll(workspace, tracefiles, options, interrupted.signal);
    reportTimes(merges, bytes);
    console.log("");
    reportTotals(merges);
    console.log("");
    compareTotals(merges);
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(messageOf(error));
  process.exitCode = 1;
});
