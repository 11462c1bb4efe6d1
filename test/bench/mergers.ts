import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { MergeReport } from "./merge-process.ts";
import { type Ending, type Place, runToEnd, timed } from "./programs.ts";
import { readTotals, type Totals } from "./totals.ts";

/** Merging all tracefiles of a directory in one way. */
export interface Merge {
  readonly name: string;
  /** Whether ours must count what this one counts. */
  readonly reference?: boolean;
  /** Without them where it did not finish. */
  readonly finished?: { readonly seconds: number; readonly peakMegabytes: number | undefined; readonly totals: Totals };
  /** Why it did not finish. */
  readonly failure?: string;
}

const env = process.env;

/** Ours, the start of the process included; throws where it fails. */
export async function mergeOurs(directory: string, paths: readonly string[]): Promise<Merge> {
  const script = fileURLToPath(new URL("merge-process.ts", import.meta.url));
  const output = join(directory, "ours.info");
  const words = ["--import", import.meta.resolve("tsx"), script, directory, output, ...paths];
  const ending = await timed(process.execPath, words, { cwd: directory, env });
  const { peakMegabytes } = JSON.parse(ending.output) as MergeReport;
  return await finish("(a) ours: mergeLcov, writeLcov", { ...ending, peakMegabytes }, output);
}

/** Debian's lcov in one call, with branches, which it leaves out unless asked; null where it is not installed. */
export async function mergeByLcov(directory: string, paths: readonly string[]): Promise<Merge | null> {
  const place: Place = { cwd: directory, env };
  const version = await timed("lcov", ["--version"], place).catch(() => null);
  if (version === null) return null;
  const output = join(directory, "lcov.info");
  const words = ["--rc", "lcov_branch_coverage=1", ...paths.flatMap((path) => ["-a", path]), "-o", output];
  const name = `(b) lcov ${/version (\S+)/.exec(version.output)?.[1]} -a`;
  return { ...(await finish(name, await timed("lcov", words, place), output)), reference: true };
}

/** The npm package `lcov-result-merger` as its readme says; a run without enough time or memory is reported, not thrown. */
export async function mergeByPackage(directory: string, limitMinutes: number): Promise<Merge> {
  const root = new URL(".", import.meta.resolve("lcov-result-merger"));
  const { version } = JSON.parse(await readFile(new URL("package.json", root), "utf8")) as { version: string };
  const name = `(c) lcov-result-merger ${version}`;
  const output = join(directory, "package.info");
  const words = [fileURLToPath(new URL("bin/lcov-result-merger.js", root)), join(directory, "worker-*.info"), output];
  const ending = await runToEnd(process.execPath, words, { cwd: directory, env, limitSeconds: limitMinutes * 60 });
  if (ending.expired) return { name, failure: `did not finish in ${limitMinutes} min` };
  if (ending.code === 0) return await finish(name, ending, output);
  const reason = /JavaScript heap out of memory/.test(ending.output) ? "ran out of memory" : ending.output.slice(-500);
  return { name, failure: `failed after ${ending.seconds.toFixed(1)} s: ${reason}` };
}

async function finish(name: string, ending: Ending, output: string): Promise<Merge> {
  const { seconds, peakMegabytes } = ending;
  return { name, finished: { seconds, peakMegabytes, totals: await readTotals(output) } };
}
