import { expect, test } from "vitest";
import { nothingReported } from "../../../src/coverage/files/measuring.ts";
import { UnavailableError } from "../../../src/shared/errors.ts";
import { requireSameTests } from "../../../src/suite/results/collection-mismatch.ts";
import { mergeResults } from "../../../src/suite/results/merge.ts";
import type { TestResults } from "../../../src/suite/runners/runner.ts";

function part(more: Partial<TestResults> = {}): TestResults {
  return {
    tests: { total: 1, passed: 1, failed: 0, skipped: 0 },
    ran: [{ file: "a.py", id: "one", seconds: 1, outcome: "passed", worker: "gw0" }],
    files: 1,
    workSeconds: 1,
    failures: [],
    coverage: [{ path: "/a.info", base: "/" }],
    measuring: nothingReported,
    foreign: [],
    leftOut: null,
    reasons: [],
    ...more,
  };
}

test("the counts, times and coverage of all processes add up", () => {
  const other = part({
    tests: { total: 3, passed: 1, failed: 1, skipped: 1 },
    ran: [{ file: "b.py", id: "one", seconds: 2, outcome: "passed", worker: "gw1" }],
    workSeconds: 2,
    coverage: [{ path: "/b.info", base: "/" }],
    failures: [{ file: "b.py", name: "one", message: "", kind: "failure" }],
  });
  expect(mergeResults([part(), other])).toMatchObject({
    tests: { total: 4, passed: 2, failed: 1, skipped: 1 },
    files: 2,
    workSeconds: 3,
    coverage: [{ path: "/a.info" }, { path: "/b.info" }],
  });
});

test("coverage that one process lacks is lacking", () => {
  expect(mergeResults([part(), part({ coverage: null })]).coverage).toBeNull();
});

test("a file that no process can load fails once", () => {
  const broken = part({
    tests: { total: 1, passed: 0, failed: 1, skipped: 0 },
    failures: [{ file: "c.py", name: "c", message: "", kind: "collection" }],
  });
  expect(mergeResults([broken, broken])).toMatchObject({
    tests: { total: 1, failed: 1 },
    failures: [{ file: "c.py" }],
  });
});

test("processes that found the same tests are let pass, whatever their order", () => {
  expect(() => requireSameTests("backend", [{ collected: ["a", "b"] }, { collected: ["b", "a"] }])).not.toThrow();
});

test("processes that found different tests are refused, with what differs", () => {
  const refused = (): void => requireSameTests("backend", [{ collected: ["a", "b"] }, { collected: ["a", "c"] }]);
  expect(refused).toThrow(UnavailableError);
  expect(refused).toThrow("-b\n+c");
});

test("a test that two processes ran makes the run not count", () => {
  expect(mergeResults([part(), part()]).reasons.join()).toContain("run by two processes");
});

test("a test that was found and run by nobody makes the run not count", () => {
  const other = part({ ran: [{ file: "b.py", id: "two", seconds: 1, outcome: "passed", worker: "gw1" }] });
  const collected = ["one", "two", "three"];
  expect(mergeResults([part({ collected }), { ...other, collected }]).reasons).toEqual([
    "1 test was run by none of the processes, such as three: the shares leave them out.",
  ]);
});

test("a file that skips itself, which each process tells, counts once and hides no test that nobody ran", () => {
  const skipped = { file: "c.py", id: "c", seconds: 0, outcome: "skipped", worker: "gw0" } as const;
  const parts = ["a", "b"].map((name) =>
    part({
      tests: { total: 2, passed: 1, failed: 0, skipped: 1 },
      ran: [{ file: `${name}.py`, id: name, seconds: 1, outcome: "passed", worker: "gw0" }, skipped],
      collected: ["a", "b"],
    }),
  );
  expect(mergeResults(parts)).toMatchObject({ tests: { total: 3, passed: 2, skipped: 1 }, reasons: [] });
  const missed = parts.map((one) => ({ ...one, collected: ["a", "b", "lost"] }));
  expect(mergeResults(missed).reasons).toEqual([
    "1 test was run by none of the processes, such as lost: the shares leave them out.",
  ]);
});
