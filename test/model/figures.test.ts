import { describe, expect, test } from "vitest";
import { changesFigure, figures } from "../../src/model/figures.ts";
import type { SuiteSummary, Summary } from "../../src/model/summary.ts";
import { sampleSummary } from "../report/sample.ts";

const backend = sampleSummary().suites[0] as SuiteSummary;
const figure = (label: string, changed: Partial<Summary>): string | undefined =>
  new Map(figures(sampleSummary(changed))).get(label);

describe("tests", () => {
  test("are counted over all suites, the failed and the skipped only where there are any", () => {
    const passed = { ...backend, files: 1, tests: { total: 3, passed: 3, failed: 0, skipped: 0 } };
    const failed = { ...backend, files: 2, tests: { total: 4, passed: 1, failed: 2, skipped: 1 } };
    expect(figure("Tests", { suites: [passed] })).toBe("3 passed, in 1 file");
    expect(figure("Tests", { suites: [passed, failed] })).toBe("4 passed, 2 failed, 1 skipped, in 3 files");
  });
});

describe("coverage", () => {
  const coverage = (covered: number, total: number): Partial<Summary> => ({
    coverage: { lines: { covered, total }, threshold: 95, passed: false, files: [] },
  });

  test("just below the gate does not print as the gate", () => {
    expect(figure("Coverage", coverage(94_996, 100_000))).toBe("94.99 % of lines (94996 of 100000), gate 95 %");
  });

  test("without lines is no percentage", () => expect(figure("Coverage", coverage(0, 0))).toBe("no lines, gate 95 %"));
});

describe("time", () => {
  test("stands against the sum of all tests' durations, with the factor", () => {
    expect(figure("Time", { seconds: 10, suites: [backend, backend] })).toBe(
      "10.0 s; total test time 1 min 22.4 s (8.2×)",
    );
  });

  test("has no factor where the run took longer than its tests", () => {
    expect(figure("Time", { seconds: 50 })).toBe("50.0 s; total test time 41.2 s");
  });
});

describe("workers", () => {
  test.each<[string, readonly SuiteSummary[], string]>([
    ["one suite with databases", [backend], "2, each with a database of its own"],
    ["a serial suite", [{ ...backend, workers: 1, databases: ["t"] }], "1, with a database of its own"],
    ["a server each", [{ ...backend, isolation: "server" }], "2, each with a server of its own"],
    [
      "a serial suite on its own server",
      [{ ...backend, workers: 1, isolation: "server" }],
      "1, with a server of its own",
    ],
    ["a database for each file", [{ ...backend, isolation: "file" }], "2, a fresh database for each file"],
    ["a command", [{ ...backend, runner: "command", isolation: "file" }], "2, a fresh database for each process"],
    ["an earlier version", [{ ...backend, isolation: undefined }], "2, each with a database of its own"],
    ["a suite without databases", [{ ...backend, databases: [] }], "2"],
    ["two suites", [backend, { ...backend, name: "web", workers: 4 }], "backend 2, web 4"],
  ])("of %s", (_, suites, text) => expect(figure("Workers", { suites })).toBe(text));
});

describe("the bound", () => {
  const longest = { file: "tests/test_big.py", seconds: 9 };
  const schedule = { boundSeconds: 9, ratio: 1.1, longest, savedBySplitting: null };

  test("is told with how near the run came to it", () => {
    const suite = { ...backend, seconds: 9.9, schedule };
    expect(figure("Bound", { suites: [suite] })).toBe("9.0 s at least; it took 9.9 s, 1.10 times that");
  });

  test("names the file that it is, and what splitting it saves", () => {
    const suite = { ...backend, seconds: 9.9, schedule: { ...schedule, savedBySplitting: 4 } };
    expect(figure("Bound", { suites: [suite] })).toBe(
      "9.0 s at least; it took 9.9 s, 1.10 times that. tests/test_big.py alone takes 9.0 s: splitting it saves 4.0 s",
    );
  });

  test("of several suites is the slowest one's", () => {
    const slow = { ...backend, seconds: 9.9, schedule };
    const quick = { ...backend, name: "web", seconds: 1, schedule: { ...schedule, boundSeconds: 1 } };
    expect(figure("Bound", { suites: [quick, slow] })).toMatch(/^9\.0 s for backend at least/);
  });

  test("is left out for a serial run, and where nothing was measured", () => {
    expect(figure("Bound", { suites: [{ ...backend, workers: 1, schedule }] })).toBeUndefined();
    expect(figure("Bound", { suites: [backend] })).toBeUndefined();
  });
});

test("changes are counted without the lines that binary files do not have", () => {
  const files = [
    { file: "a", added: 2, removed: 1 },
    { file: "b", added: null, removed: null },
  ];
  expect(changesFigure(files)).toBe("2 files, +2 −1");
});
