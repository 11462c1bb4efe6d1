import { describe, expect, test } from "vitest";
import { type RunSoFar, secondsLeft, steadyTime, timeLeftText } from "../../../src/report/terminal/time-left.ts";
import type { BegunFile } from "../../../src/suite/progress/running-suite.ts";

const files = (count: number, seconds: number): [string, number][] =>
  Array.from({ length: count }, (_, index) => [`t${index}`, seconds]);
const over = (seconds: number): BegunFile => ({ seconds, isOver: true });
const left = (run: Partial<RunSoFar>): number | null =>
  secondsLeft({ recorded: new Map(files(10, 10)), begun: new Map(), workers: 2, hasTestsLeft: true, ...run });

describe("the time left", () => {
  test("is what is recorded, shared among the workers", () => expect(left({})).toBe(50));

  test("is no less than the longest file takes", () => {
    expect(left({ recorded: new Map([...files(2, 1), ["long", 60]]) })).toBe(60);
  });

  test("leaves out what is over, and what a file that runs has had", () => {
    const begun = new Map([
      ["t0", over(10)],
      ["t1", { seconds: 4, isOver: false }],
    ]);
    expect(left({ begun })).toBeCloseTo((80 + 6) / 2);
  });

  test("grows where this run is slower than the last one, and falls where it is faster", () => {
    const at = (seconds: number): number | null => left({ begun: new Map([["t0", over(seconds)]]) });
    expect(at(20)).toBeGreaterThan(45);
    expect(at(5)).toBeLessThan(45);
    expect(at(1e9)).toBeLessThanOrEqual(5 * 45);
  });

  test("is not known where nothing is recorded", () => expect(left({ recorded: new Map() })).toBeNull());

  test("is not known where all that is recorded is over and tests go on", () => {
    const begun = new Map(files(10, 10).map(([file]) => [file, over(10)]));
    expect(left({ begun })).toBeNull();
  });

  test("is never negative, though a file runs longer than before", () => {
    expect(left({ recorded: new Map(files(2, 1)), begun: new Map([["t0", { seconds: 99, isOver: false }]]) })).toBe(1);
  });

  test("is none where no test is left", () => expect(left({ hasTestsLeft: false })).toBe(0));
});

describe("what is shown of it", () => {
  test("counts down with the clock", () => {
    expect(steadyTime({ seconds: 30, at: 100 }, 29, 101).seconds).toBeCloseTo(29);
  });

  test("does not jump to another estimate, and comes to it", () => {
    let shown = { seconds: 30, at: 0 };
    shown = steadyTime(shown, 60, 0.1);
    expect(shown.seconds).toBeLessThan(31);
    for (let at = 0.2; at < 30; at += 0.1) shown = steadyTime(shown, 60, at);
    expect(shown.seconds).toBeGreaterThan(55);
  });

  test("is never negative", () => expect(steadyTime({ seconds: 1, at: 0 }, 0, 9).seconds).toBe(0));

  test.each([
    [0, "a few seconds left"],
    [4.4, "a few seconds left"],
    [4.6, "about 5 s left"],
    [34.2, "about 34 s left"],
    [59.4, "about 59 s left"],
    [59.6, "about 1 min left"],
    [132, "about 2 min 10 s left"],
    [3598, "about 1 h 0 min left"],
    [5400, "about 1 h 30 min left"],
  ])("%d seconds are %j", (seconds, text) => expect(timeLeftText(seconds)).toBe(text));
});
