import { expect, test } from "vitest";
import type { RanTest } from "../../../src/model/test-id.ts";
import { scheduleOf } from "../../../src/suite/schedule/schedule.ts";

function ran(seconds: Readonly<Record<string, number>>): RanTest[] {
  return Object.entries(seconds).map(([file, one]) => ({
    file,
    id: "test",
    seconds: one,
    outcome: "passed",
    worker: "gw0",
  }));
}

test("the bound is what each worker has to do on average", () => {
  expect(scheduleOf(ran({ a: 4, b: 3, c: 3 }), 2, 6)).toEqual({
    boundSeconds: 5,
    ratio: 1.2,
    longest: { file: "a", seconds: 4 },
    savedBySplitting: null,
  });
});

test("where one file takes longer than that, it is the bound, and what splitting it saves is told", () => {
  expect(scheduleOf(ran({ a: 10, b: 2, c: 2 }), 2, 11)).toEqual({
    boundSeconds: 10,
    ratio: 1.1,
    longest: { file: "a", seconds: 10 },
    savedBySplitting: 3,
  });
});

test("splitting one of two long files saves no more than the other one leaves", () => {
  expect(scheduleOf(ran({ a: 10, b: 9, c: 1 }), 4, 10)?.savedBySplitting).toBe(1);
});

test("a file takes what its tests take together", () => {
  const tests = [...ran({ a: 1 }), ...ran({ a: 2 }), ...ran({ b: 1 })];
  expect(scheduleOf(tests, 1, 4)).toMatchObject({
    boundSeconds: 4,
    longest: { file: "a", seconds: 3 },
    savedBySplitting: null,
  });
});

test("tests that took no time have no schedule", () => {
  expect(scheduleOf(ran({ a: 0 }), 2, 1)).toBeNull();
  expect(scheduleOf([], 2, 1)).toBeNull();
});
