import { describe, expect, test } from "vitest";
import type { RanTest } from "../../../src/model/test-id.ts";
import { type RunToRecord, recordRun } from "../../../src/suite/results/timeline.ts";
import { slowestFiles } from "../../../src/suite/schedule/schedule.ts";

const startedAt = new Date("2026-01-27T10:00:00.000Z");
const at = (seconds: number): number => startedAt.getTime() + seconds * 1000;

function ran(file: string, name: string, seconds: number, more: Partial<RanTest> = {}): RanTest {
  return { file, id: `${file}::${name}`, seconds, outcome: "passed", worker: "gw0", ...more };
}

function record(changed: Partial<RunToRecord>) {
  return recordRun({
    suite: "backend",
    reported: { visits: [], root: "/shop" },
    ran: [],
    failures: [],
    checkoutRoot: "/shop",
    startedAt,
    ...changed,
  });
}

describe("a bar", () => {
  test("begins with its worker's turn at a file, and is as long as the file's tests took", () => {
    const visits = [{ worker: "gw0", file: "tests/test_a.py", at: at(2) }];
    const { timeline } = record({
      reported: { visits, root: "/shop" },
      ran: [ran("tests/test_a.py", "one", 1), ran("tests/test_a.py", "two", 0.5)],
    });
    expect(timeline).toEqual([
      { suite: "backend", worker: "gw0", file: "tests/test_a.py", start: 2, seconds: 1.5, failed: 0 },
    ]);
  });

  test("is named relative to the checkout, however the runner names its file", () => {
    const visits = [
      { worker: "gw0", file: "/shop/web/a.test.js", at: at(1) },
      { worker: "gw1", file: "b.test.js", at: at(1) },
    ];
    const { timeline } = record({ reported: { visits, root: "/shop/web" } });
    expect(timeline.map(({ file }) => file)).toEqual(["web/a.test.js", "web/b.test.js"]);
  });

  test("ends where the worker begins its next file", () => {
    const visits = [
      { worker: "gw0", file: "a.py", at: at(1) },
      { worker: "gw0", file: "b.py", at: at(2) },
    ];
    const { timeline } = record({ reported: { visits, root: "/shop" }, ran: [ran("a.py", "one", 9)] });
    expect(timeline[0]).toMatchObject({ file: "a.py", start: 1, seconds: 1 });
  });

  test("is one for turns at one file that follow each other", () => {
    const visits = [1, 2, 3].map((second) => ({ worker: "gw0", file: "a.py", at: at(second) }));
    expect(record({ reported: { visits, root: "/shop" } }).timeline).toHaveLength(1);
  });

  test("counts the failures of its file on its worker", () => {
    const visits = [
      { worker: "gw0", file: "a.py", at: at(1) },
      { worker: "gw1", file: "b.py", at: at(1) },
    ];
    const failures = [{ file: "b.py", name: "x", message: "", kind: "failure", worker: "gw1" } as const];
    expect(record({ reported: { visits, root: "/shop" }, failures }).timeline.map(({ failed }) => failed)).toEqual([
      0, 1,
    ]);
  });
});

test("every test is recorded by its own name, one that did not load as failed", () => {
  const { tests } = record({
    ran: [
      ran("a.py", "TestA::one", 1),
      ran("a.py", "two", 0, { outcome: "skipped" }),
      ran("b.py", "b", 0, { outcome: "error", worker: undefined, id: "b" }),
    ],
  });
  expect(tests.map(({ name, outcome, worker }) => [name, outcome, worker])).toEqual([
    ["TestA::one", "passed", "gw0"],
    ["two", "skipped", "gw0"],
    ["b", "failed", null],
  ]);
});

test("the slowest files are ten at most, the longest first, each with its tests", () => {
  const tests = Array.from({ length: 12 }, (_, index) => ran(`${index}.py`, "one", index));
  const files = slowestFiles([...tests, ran("11.py", "two", 1)]);
  expect(files).toHaveLength(10);
  expect(files[0]).toEqual({ file: "11.py", seconds: 12, tests: 2 });
});
