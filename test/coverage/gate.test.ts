import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { gateReason, judge } from "../../src/coverage/gate.ts";
import { type LineCoverage, LineHits } from "../../src/coverage/lines.ts";
import { makeDirectory } from "../support/repository.ts";

const root = "/nowhere/project";

/** A map of files below the root, each with so many lines covered of so many. */
function coverageOf(
  files: Readonly<Record<string, readonly [covered: number, total: number]>>,
  base = root,
): LineCoverage {
  return new Map(
    Object.entries(files).map(([file, [covered, total]]) => {
      const hits = new LineHits();
      for (let line = 1; line <= total; line += 1) hits.add(line, line <= covered ? 1 : 0);
      return [join(base, file), hits];
    }),
  );
}

describe("judge", () => {
  test("counts the lines of all files and names them by the root, sorted", () => {
    const summary = judge(coverageOf({ "src/b.py": [9, 10], "src/a.py": [10, 10], "src/Z.py": [0, 0] }), {
      threshold: 95,
      root,
    });
    expect(summary).toEqual({
      lines: { covered: 19, total: 20 },
      threshold: 95,
      passed: true,
      files: [
        { file: "src/Z.py", covered: 0, total: 0 },
        { file: "src/a.py", covered: 10, total: 10 },
        { file: "src/b.py", covered: 9, total: 10 },
      ],
    });
  });

  test("is closed by a single line", () => {
    expect(judge(coverageOf({ "a.py": [949, 1000] }), { threshold: 95, root }).passed).toBe(false);
    expect(judge(coverageOf({ "a.py": [950, 1000] }), { threshold: 95, root }).passed).toBe(true);
  });

  test("is not open where there are no lines, whatever the threshold", () => {
    expect(judge(new Map(), { threshold: 0, root }).passed).toBe(false);
    expect(judge(coverageOf({ "a.py": [0, 0] }), { threshold: 0, root }).passed).toBe(false);
  });

  test("names files by the root that was given as a link", async () => {
    const directory = await makeDirectory();
    await symlink(directory, join(directory, "link"));
    const summary = judge(coverageOf({ "a.py": [1, 1] }, directory), { threshold: 95, root: join(directory, "link") });
    expect(summary.files[0]?.file).toBe("a.py");
  });
});

describe("gateReason", () => {
  const reason = (files: Parameters<typeof coverageOf>[0], threshold = 95): string | null =>
    gateReason(judge(coverageOf(files), { threshold, root }));

  test("is null where the gate is open", () => expect(reason({ "a.py": [1, 1] })).toBeNull());

  test("names the figure, the fraction, what would open the gate, and the files that miss the most", () => {
    expect(reason({ "src/a.py": [80, 120], "src/b.py": [832, 880], "src/full.py": [0, 0] })).toBe(
      "Coverage is 91.20 % (912 of 1000 lines), the gate is 95 %: 38 more lines would open it. " +
        "Most missed: src/b.py (48 of 880), src/a.py (40 of 120).",
    );
  });

  test("names five files at most", () => {
    const files = Object.fromEntries([1, 2, 3, 4, 5, 6].map((index) => [`f${index}.py`, [0, index] as const]));
    expect(reason(files)).toMatch(/Most missed: f6\.py \(6 of 6\), .*f2\.py \(2 of 2\)\.$/);
  });

  test("counts one missing line as one", () => {
    expect(reason({ "a.py": [94, 100] })).toContain(": 1 more line would open it.");
  });

  test("does not print a rounded figure that would open the gate", () => {
    expect(reason({ "a.py": [94_996, 100_000] })).toContain(
      "94.99 % (94996 of 100000 lines), the gate is 95 %: 4 more",
    );
  });

  test("speaks of no file instead of a percentage", () => {
    expect(reason({})).toBe(
      "The coverage data names no source file, so there is nothing to hold against the gate of 95 %; " +
        "check the suite's `source` and its coverage configuration.",
    );
  });

  test("speaks of files without lines instead of a percentage", () => {
    expect(reason({ "a.py": [0, 0] })).toContain("has 1 source file but no executable line");
  });
});
