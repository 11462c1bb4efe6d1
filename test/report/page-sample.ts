import type { RunRecord, TestRecord, TimelineBar } from "../../src/model/run-record.ts";
import type { CoverageSummary, FileCoverage, PastRun, Summary } from "../../src/model/summary.ts";
import { failedSummary, sampleSummary } from "./sample.ts";

/** How large the run of a page is. */
export interface RunSize {
  readonly workers?: number;
  readonly files?: number;
  readonly testsOfFile?: number;
  /** The file, by its number, whose first test fails; none where it is null. */
  readonly failing?: number | null;
}

/** A run whose workers took turns at files of many lengths. */
export function sampleRecord({ workers = 4, files = 40, testsOfFile = 5, failing = 7 }: RunSize = {}): RunRecord {
  const tests: TestRecord[] = [];
  const timeline: TimelineBar[] = [];
  const free = Array.from({ length: workers }, () => 0.8);
  for (let index = 0; index < files; index += 1) {
    const lane = free.indexOf(Math.min(...free));
    const seconds = 0.2 + ((index * 37) % 23) / 10;
    const file = `tests/area${index % 5}/test_part${index}.py`;
    const failed = index === failing ? 1 : 0;
    timeline.push({ suite: "backend", worker: `gw${lane}`, file, start: free[lane] ?? 0, seconds, failed });
    free[lane] = (free[lane] ?? 0) + seconds + 0.02;
    for (let place = 0; place < testsOfFile; place += 1) {
      const outcome = failed > 0 && place === 0 ? "failed" : index % 11 === 3 && place === 1 ? "skipped" : "passed";
      const name = `test_part${index}_case${place}`;
      tests.push({ suite: "backend", file, name, worker: `gw${lane}`, outcome, seconds: seconds / testsOfFile });
    }
  }
  return { tests, timeline };
}

/** Earlier runs, of which one failed, and one had no coverage. */
export function sampleHistory(count: number): readonly PastRun[] {
  return Array.from({ length: count }, (_, index) => ({
    at: new Date(Date.UTC(2026, 0, 2 + index, 9, 30)).toISOString(),
    commit: `${(index + 16).toString(16)}${"0".repeat(40)}`.slice(0, 40),
    branch: "main",
    verdict: index === 3 ? "failed" : "verified",
    seconds: 18 - index * 0.4 + (index % 3),
    workers: 4,
    tests: { total: 800, passed: 798, failed: index === 3 ? 1 : 0, skipped: 2 },
    lines: index === 2 ? null : { covered: 2800 + index * 9, total: 3000 },
  }));
}

/** Coverage with a file for each share, gates, changed lines that did not run, and an exclusion. */
export function sampleCoverage(fileCount = 60): CoverageSummary {
  const files: FileCoverage[] = Array.from({ length: fileCount }, (_, index) => {
    const total = 20 + ((index * 53) % 17) * 30;
    const covered = Math.floor((total * ([100, 96, 82, 60, 30, 100][index % 6] ?? 0)) / 100);
    return {
      file: `src/${["ledger", "accounts", "reports/monthly", "web"][index % 4]}/part${index}.py`,
      covered,
      total,
    };
  });
  const sum = (key: "covered" | "total"): number => files.reduce((total, file) => total + file[key], 0);
  const lines = { covered: sum("covered"), total: sum("total") };
  return {
    lines,
    branches: { covered: 40, total: 50 },
    changedLines: { covered: 18, total: 20 },
    threshold: 95,
    passed: false,
    files: files.sort((left, right) => (left.file < right.file ? -1 : 1)),
    gates: [
      { metric: "lines", threshold: 95, passed: false, ...lines },
      { metric: "changedLines", threshold: 80, passed: true, covered: 18, total: 20 },
    ],
    uncoveredChanges: [
      { file: "src/ledger/part0.py", from: 12, to: 14 },
      { file: "src/web/part3.py", from: 7, to: 7 },
    ],
    exclusions: [{ file: "src/ledger/part0.py", line: 40, text: "if debug:  # pragma: no cover" }],
  };
}

/** A refused push with all that a page can show. */
export function pageSummary(changed: Partial<Summary> = {}, workers = 4): Summary {
  const summary = failedSummary();
  return {
    ...summary,
    suites: summary.suites.map((suite) => ({
      ...suite,
      workers,
      schedule: { boundSeconds: 8.5, ratio: 1.15, longest: null, savedBySplitting: null },
    })),
    coverage: sampleCoverage(),
    history: { base: null, serial: null, recent: sampleHistory(12), races: [] },
    notes: ["2 tests were skipped."],
    ...changed,
  };
}

/** A verified push of a small suite with one worker and no history. */
export function smallSummary(): Summary {
  return sampleSummary({ suites: sampleSummary().suites.map((suite) => ({ ...suite, workers: 1 })) });
}
