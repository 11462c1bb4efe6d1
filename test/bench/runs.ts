import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Summary } from "../../src/model/summary.ts";
import { packageRoot } from "../../src/shared/paths.ts";
import { ledgerCommand } from "../support/ledger.ts";
import { type Environment, timed } from "./programs.ts";

/** One way of running the suite, timed. */
export interface Measurement {
  /** Wall time from the start of the command to its end. */
  readonly seconds: number;
  /** What every way must agree on, in words. */
  readonly outcome: string;
  /** Only of `verify`: its suite's own wall time, and the peak memory of the process itself where the system tells. */
  readonly suiteSeconds?: number;
  readonly peakMegabytes?: number | undefined;
}

/** Runs pytest by hand with coverage and results written; throws, with the output, where it fails. */
export async function measurePytest(directory: string, flags: string, environment: Environment): Promise<Measurement> {
  const reports = await mkdtemp(join(tmpdir(), "pushproof-bench-reports-"));
  try {
    const [junit, lcov] = [join(reports, "junit.xml"), join(reports, "coverage.lcov")];
    const command = `${ledgerCommand} ${flags} --cov=src --cov-report=lcov:${lcov} --junitxml=${junit}`;
    const { seconds } = await timed("/bin/sh", ["-c", command], { cwd: directory, env: environment });
    return {
      seconds,
      outcome: outcomeOf(testsIn(await readFile(junit, "utf8")), linesIn(await readFile(lcov, "utf8"))),
    };
  } finally {
    await rm(reports, { recursive: true, force: true });
  }
}

/** Runs `verify --fresh` as a user does; throws, with the output, where it fails. */
export async function measureVerify(directory: string, environment: Environment): Promise<Measurement> {
  const program = join(packageRoot, "dist", "main.js");
  const { seconds, peakMegabytes } = await timed(process.execPath, [program, "--fresh"], {
    cwd: directory,
    env: environment,
  });
  const summary = JSON.parse(await readFile(join(directory, ".verify", "summary.json"), "utf8")) as Summary;
  const [suite] = summary.suites;
  if (summary.verdict !== "verified" || !suite || !summary.coverage) throw new Error("verify passed without a result.");
  const outcome = outcomeOf(suite.tests, summary.coverage.lines);
  return { seconds, outcome, suiteSeconds: suite.seconds, peakMegabytes };
}

function outcomeOf(tests: { passed: number; total: number }, lines: { covered: number; total: number }): string {
  const share = ((100 * lines.covered) / lines.total).toFixed(2);
  return `${tests.passed} of ${tests.total} tests passed, ${lines.covered}/${lines.total} lines (${share} %)`;
}

function testsIn(junit: string): { passed: number; total: number } {
  const count = (name: string): number => Number(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`).exec(junit)?.[1]);
  const total = count("tests");
  return { passed: total - count("failures") - count("errors") - count("skipped"), total };
}

function linesIn(lcov: string): { covered: number; total: number } {
  const hits = [...lcov.matchAll(/^DA:\d+,(\d+)/gm)].map(([, count]) => Number(count));
  return { covered: hits.filter((count) => count > 0).length, total: hits.length };
}
