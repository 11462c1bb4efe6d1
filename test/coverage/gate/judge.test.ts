import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { coverageSchema } from "../../../src/config/schema.ts";
import type { ChangedLines } from "../../../src/coverage/diff/changed-lines.ts";
import { type Against, judge } from "../../../src/coverage/gate/judge.ts";
import { gateReasons } from "../../../src/coverage/gate/reasons.ts";
import { type Coverage, SourceCoverage } from "../../../src/coverage/lcov/source-coverage.ts";
import type { Count } from "../../../src/model/count.ts";
import { makeDirectory } from "../../support/repository.ts";

const root = "/nowhere/project";

type Share = readonly [covered: number, total: number];

/** A map of files below the root, each with so many lines covered of so many. */
function coverageOf(files: Readonly<Record<string, Share>>, base = root): Map<string, SourceCoverage> {
  return new Map(
    Object.entries(files).map(([file, [covered, total]]) => {
      const source = new SourceCoverage();
      for (let line = 1; line <= total; line += 1) source.lines.add(line, line <= covered ? 1 : 0);
      return [join(base, file), source];
    }),
  );
}

function withBranches(coverage: Coverage, [covered, total]: Share): Coverage {
  const [source] = coverage.values();
  for (let index = 0; index < total; index += 1) {
    const key = Buffer.from(`1,0,${index}`);
    source?.branches.add(key, 0, key.length, index < covered ? 1 : 0);
  }
  return coverage;
}

function withFunctions(coverage: Coverage, [covered, total]: Share): Coverage {
  const [source] = coverage.values();
  for (let line = 1; line <= total; line += 1) {
    const name = Buffer.from(`f${line}`);
    source?.functions.declare(name, 0, name.length, line, 0);
    source?.functions.add(name, 0, name.length, line <= covered ? 1 : 0);
  }
  if (source !== undefined) source.functions.isMeasured = true;
  return coverage;
}

/** The gate of a configuration, one suite called backend that measured everything, and no changes unless they are given. */
function judged(coverage: Coverage, gate: object = {}, more: Partial<Against> = {}) {
  const counted = { all: coverage, bySuite: new Map([["backend", coverage]]) };
  const against = { gate: coverageSchema.parse(gate), root, changes: null, base: null, mixingSuites: [], ...more };
  return judge(counted, against);
}

const reasonsOf = (...words: Parameters<typeof judged>): string[] => gateReasons(judged(...words));

function changesOf(count: Count, changed: Partial<ChangedLines> = {}): ChangedLines {
  const none = {
    uncovered: [],
    unloaded: [],
    leftOut: [],
    omitted: [],
    assumedTests: [],
    exclusions: [],
    generated: [],
  };
  return { count, ...none, ...changed };
}

describe("lines", () => {
  test("counts the lines of all files and names them by the root, sorted", () => {
    expect(judged(coverageOf({ "src/b.py": [9, 10], "src/a.py": [10, 10], "src/Z.py": [0, 0] }))).toEqual({
      lines: { covered: 19, total: 20 },
      threshold: 95,
      passed: true,
      files: [
        { file: "src/Z.py", covered: 0, total: 0 },
        { file: "src/a.py", covered: 10, total: 10 },
        { file: "src/b.py", covered: 9, total: 10 },
      ],
      gates: [{ metric: "lines", covered: 19, total: 20, threshold: 95, passed: true }],
    });
  });

  test("is closed by a single line", () => {
    expect(judged(coverageOf({ "a.py": [949, 1000] })).passed).toBe(false);
    expect(judged(coverageOf({ "a.py": [950, 1000] })).passed).toBe(true);
  });

  test("is not open where there are no lines, whatever the threshold", () => {
    expect(judged(new Map(), { lines: 0 }).passed).toBe(false);
    expect(judged(coverageOf({ "a.py": [0, 0] }), { lines: 0 }).passed).toBe(false);
  });

  test("names files by the root that was given as a link", async () => {
    const directory = await makeDirectory();
    await symlink(directory, join(directory, "link"));
    const summary = judged(coverageOf({ "a.py": [1, 1] }, directory), {}, { root: join(directory, "link") });
    expect(summary.files[0]?.file).toBe("a.py");
  });

  test("an open gate has no reason", () => expect(reasonsOf(coverageOf({ "a.py": [1, 1] }))).toEqual([]));

  test("the reason names the figure, the fraction, what would open the gate, and the fewest files that hold as much", () => {
    expect(reasonsOf(coverageOf({ "src/a.py": [80, 120], "src/b.py": [832, 880], "src/full.py": [0, 0] }))).toEqual([
      "Coverage is 91.20 % (912 of 1000 lines), the gate is 95 %: cover 38 more lines to pass. Most missed: src/b.py (48 of 880).",
    ]);
  });

  test("the reason names five files at most, and how many more it takes", () => {
    const files = Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((index) => [`f${index}.py`, [0, index] as const]));
    expect(reasonsOf(coverageOf(files))[0]).toMatch(
      /Most missed: f7\.py \(7 of 7\), .*f3\.py \(3 of 3\), … and 1 more file\.$/,
    );
  });

  test("where the configuration excludes every file, the reason says that", () => {
    const gates = [{ metric: "lines", covered: 0, total: 0, threshold: 95, passed: false } as const];
    const lines = { covered: 0, total: 0 };
    expect(gateReasons({ lines, threshold: 95, passed: false, files: [], gates, excludedFiles: 3 })).toEqual([
      "`coverage.exclude` leaves out every measured file (3), so there is nothing to measure against the gate of 95 %.",
    ]);
  });

  test("the reason names what changed and is not covered before the files that miss the most", () => {
    const uncovered = [{ file: "src/a.py", from: 12, to: 14 }];
    const changes = changesOf({ covered: 0, total: 3 }, { uncovered });
    expect(reasonsOf(coverageOf({ "src/a.py": [9, 20] }), {}, { changes })[0]).toContain(
      "Not covered of what changed: src/a.py:12-14. Most missed: src/a.py (11 of 20).",
    );
  });

  test("one missing line is counted as one", () => {
    expect(reasonsOf(coverageOf({ "a.py": [94, 100] }))[0]).toContain(": cover 1 more line to pass.");
  });

  test("no rounded figure is printed that would open the gate", () => {
    expect(reasonsOf(coverageOf({ "a.py": [94_996, 100_000] }))[0]).toContain(
      "94.99 % (94996 of 100000 lines), the gate is 95 %: cover 4 more",
    );
  });

  test("without a file the reason speaks of no file instead of a percentage", () => {
    expect(reasonsOf(new Map())).toEqual([
      "The coverage data names no source file, so there is nothing to measure against the gate of 95 %; " +
        "check the suite's `source` and its coverage configuration.",
    ]);
  });

  test("without a line the reason speaks of files instead of a percentage", () => {
    expect(reasonsOf(coverageOf({ "a.py": [0, 0] }))[0]).toContain("has 1 source file but no executable line");
  });
});

describe("branches and functions", () => {
  const full = (): Coverage => coverageOf({ "a.py": [10, 10] });

  test("are counted where somebody looked at them, and missing where nobody did", () => {
    expect(judged(full())).not.toHaveProperty("branches");
    expect(judged(withBranches(full(), [1, 2])).branches).toEqual({ covered: 1, total: 2 });
  });

  test("branches close their own gate, exactly", () => {
    expect(reasonsOf(withBranches(full(), [79, 100]), { branches: 80 })).toEqual([
      "79 % of the branches are covered (79 of 100), their gate is 80 %: cover 1 more to pass.",
    ]);
    expect(reasonsOf(withBranches(full(), [80, 100]), { branches: 80 })).toEqual([]);
  });

  test("functions close their own gate, exactly", () => {
    expect(reasonsOf(withFunctions(full(), [8, 10]), { functions: 90 })).toEqual([
      "80 % of the functions are covered (8 of 10), their gate is 90 %: cover 1 more to pass.",
    ]);
    expect(reasonsOf(withFunctions(full(), [9, 10]), { functions: 90 })).toEqual([]);
  });

  test("a gate of branches that nobody measured is closed, and says how to measure them", () => {
    expect(reasonsOf(full(), { branches: 0 })).toEqual([
      "The gate of branches (0 %) cannot be judged: backend measures no branches; switch that on in the coverage configuration (coverage.py: branch = true).",
    ]);
  });

  test("a gate of functions that nobody measured says nothing of branches", () => {
    expect(reasonsOf(full(), { functions: 1 })[0]).toMatch(
      /backend measures no functions; switch that on in the coverage configuration\.$/,
    );
  });

  test("a gate of branches is closed where only one of two suites measures them", () => {
    const all = withBranches(full(), [10, 10]);
    const bySuite = new Map([
      ["backend", all],
      ["frontend", coverageOf({ "b.ts": [1, 1] })],
    ]);
    const against = { root, changes: null, base: null, mixingSuites: [] };
    const summary = judge({ all, bySuite }, { gate: coverageSchema.parse({ branches: 80 }), ...against });
    expect(gateReasons(summary)[0]).toContain("cannot be judged: frontend measures no branches;");
  });

  test("with branches, coverage.py's own total is given beside ours", () => {
    const summary = judged(withBranches(full(), [1, 10]), {}, { mixingSuites: ["backend"] });
    expect(summary.ownTotals).toEqual([{ suite: "backend", tool: "coverage.py", covered: 11, total: 20 }]);
  });
});

describe("changed lines", () => {
  const coverage = coverageOf({ "a.py": [100, 100] });

  test("close their own gate, and name each range that is not covered", () => {
    const uncovered = [
      { file: "src/a.py", from: 3, to: 4 },
      { file: "src/b.py", from: 9, to: 9 },
    ];
    const changes = changesOf({ covered: 7, total: 10 }, { uncovered });
    expect(reasonsOf(coverage, { changedLines: 80 }, { changes })).toEqual([
      "Of the changed lines 70 % (7 of 10 lines) are covered, their gate is 80 %: cover 1 more line to pass. Not covered: src/a.py:3-4, src/b.py:9.",
    ]);
    expect(reasonsOf(coverage, { changedLines: 70 }, { changes })).toEqual([]);
  });

  test("are measured where they are not gated", () => {
    expect(judged(coverage, {}, { changes: changesOf({ covered: 0, total: 3 }) })).toMatchObject({
      passed: true,
      changedLines: { covered: 0, total: 3 },
    });
  });

  test("where there are none, nothing of them is missing", () => {
    expect(reasonsOf(coverage, { changedLines: 100 }, { changes: changesOf({ covered: 0, total: 0 }) })).toEqual([]);
  });

  test("without a base to compare with, their gate is closed", () => {
    expect(reasonsOf(coverage, { changedLines: 80 })[0]).toContain("cannot be judged");
  });

  test("a file that no suite loads is named as such", () => {
    const uncovered = [{ file: "src/new.py", from: 1, to: 9 }];
    const changes = changesOf({ covered: 0, total: 9 }, { uncovered, unloaded: ["src/new.py"] });
    expect(reasonsOf(coverage, { changedLines: 80 }, { changes })[0]).toContain("No suite loads src/new.py.");
  });
});

describe("files", () => {
  const coverage = coverageOf({ "src/a.py": [5, 10], "src/legacy/b.py": [1, 10], "src/c.py": [1000, 1000] });

  test("each must reach the floor; those that miss the most are named first", () => {
    expect(reasonsOf(coverage, { files: 60 })).toEqual([
      "2 files are below their floor: src/legacy/b.py 10 % of 60 % (1 of 10), src/a.py 50 % of 60 % (5 of 10).",
    ]);
  });

  test("of several globs the last that matches a file counts", () => {
    expect(reasonsOf(coverage, { files: { "**": 60, "src/legacy/**": 10 } })).toEqual([
      "1 file is below its floor: src/a.py 50 % of 60 % (5 of 10).",
    ]);
  });

  test("a file that no glob matches has no floor", () => {
    expect(reasonsOf(coverage, { files: { "src/c.py": 100 } })).toEqual([]);
  });
});

describe("suites", () => {
  test("what a suite covers by itself is held against its own gate", () => {
    const all = coverageOf({ "a.py": [95, 100] });
    expect(reasonsOf(all, { suites: { backend: 96 } })).toEqual([
      "95 % of the lines of backend are covered (95 of 100), their gate is 96 %: cover 1 more to pass.",
    ]);
    expect(reasonsOf(all, { suites: { backend: { lines: 95 } } })).toEqual([]);
  });

  test("a suite's gate of branches that it does not measure is closed", () => {
    expect(reasonsOf(coverageOf({ "a.py": [1, 1] }), { suites: { backend: { branches: 1 } } })[0]).toContain(
      "The gate of branches of backend (1 %) cannot be judged: backend measures no branches",
    );
  });
});

describe("ratchet", () => {
  const base = { commit: "3f2c1ab4de00112233445566778899aabbccddee", lines: { covered: 97, total: 100 } };

  test("a fall below the base's figure closes the gate, however small, and is told with the fraction", () => {
    expect(reasonsOf(coverageOf({ "a.py": [969, 1000] }), { ratchet: true }, { base })).toEqual([
      "Coverage fell from 97 % (97 of 100 lines), recorded for 3f2c1ab of the base branch, to 96.90 % (969 of 1000 lines): " +
        "cover 1 more line to pass. Most missed: a.py (31 of 1000).",
    ]);
  });

  test("the same share of other lines is no fall", () => {
    expect(reasonsOf(coverageOf({ "a.py": [970, 1000] }), { ratchet: true }, { base })).toEqual([]);
  });

  test("without a recorded figure there is nothing to fall below", () => {
    expect(reasonsOf(coverageOf({ "a.py": [95, 100] }), { ratchet: true })).toEqual([]);
  });
});
