import { describe, expect, test } from "vitest";
import { formatPercent, linesNeeded, reaches } from "../../src/model/percent.ts";

/** Every fraction up to this total is tried against every threshold. */
const largestTotal = 400;
/** In hundredths of a percent, so that the expectation needs integers only. */
const thresholds = [0, 1, 6667, 9499, 9500, 9995, 10_000];

function* fractions(): Generator<[covered: number, total: number]> {
  for (let total = 1; total <= largestTotal; total += 1) {
    for (let covered = 0; covered <= total; covered += 1) yield [covered, total];
  }
}

/** The printed figure as a number of percent. */
const figure = (text: string): number => Number(text.replace(" %", ""));

test.each(thresholds)("a share reaches %i hundredths of a percent exactly where the integers say so", (hundredths) => {
  const wrong = [...fractions()].filter(
    ([covered, total]) => reaches({ covered, total }, hundredths / 100) !== covered * 10_000 >= hundredths * total,
  );
  expect(wrong).toEqual([]);
});

test.each(thresholds)(
  "the printed share stands on the same side of %i hundredths as the share itself",
  (hundredths) => {
    const threshold = hundredths / 100;
    const wrong = [...fractions()].filter(
      ([covered, total]) =>
        figure(formatPercent(covered, total, threshold)) >= threshold !== reaches({ covered, total }, threshold),
    );
    expect(wrong).toEqual([]);
  },
);

test("only all lines print as 100 %, and only none as 0 %", () => {
  const wrong = [...fractions()].filter(([covered, total]) => {
    const printed = figure(formatPercent(covered, total));
    return (printed === 100) !== (covered === total) || (printed === 0) !== (covered === 0);
  });
  expect(wrong).toEqual([]);
});

test.each(thresholds)("the lines needed for %i hundredths are enough, and one less is not", (hundredths) => {
  const threshold = hundredths / 100;
  for (let total = 1; total <= largestTotal; total += 1) {
    const needed = Number(linesNeeded(total, threshold));
    expect(reaches({ covered: needed, total }, threshold)).toBe(true);
    if (needed > 0) expect(reaches({ covered: needed - 1, total }, threshold)).toBe(false);
  }
});

describe("formatPercent", () => {
  test.each([
    [94_996, 100_000, 95, "94.99 %"],
    [95_001, 100_000, 95, "95.00 %"],
    [949_999_999, 1_000_000_000, 95, "94.99 %"],
    [19, 20, 95, "95 %"],
    [912, 1000, 95, "91.20 %"],
    [2, 3, 95, "66.66 %"],
    [0, 10, 95, "0 %"],
    [10, 10, 95, "100 %"],
    [999_999, 1_000_000, 95, "99.99 %"],
    [1, 1_000_000, 95, "0.0001 %"],
    [999_499, 1_000_000, 99.95, "99.94 %"],
    [949_995, 1_000_000, 94.999, "94.999 %"],
    [0, 0, 95, "no lines"],
  ])("%i of %i against a gate of %d is %s", (covered, total, threshold, text) => {
    expect(formatPercent(covered, total, threshold)).toBe(text);
  });
});

test("a threshold that floating point would miss is compared exactly", () => {
  // In floating point 0.07 * 100 is 7.000000000000001.
  expect(reaches({ covered: 7, total: 10_000 }, 0.07)).toBe(true);
  expect(reaches({ covered: 1, total: 1_000_000_000 }, 1e-7)).toBe(true);
  expect(reaches({ covered: 1, total: 1_000_000_001 }, 1e-7)).toBe(false);
});
