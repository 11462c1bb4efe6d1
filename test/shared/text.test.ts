import { describe, expect, test } from "vitest";
import {
  clip,
  formatAge,
  formatBytes,
  formatRatio,
  formatSeconds,
  listed,
  plainLine,
  plainText,
  plural,
} from "../../src/shared/text.ts";

describe("plural", () => {
  test.each([
    [0, "0 tests"],
    [1, "1 test"],
    [806, "806 tests"],
  ])("%i is written as %s", (count, text) => expect(plural(count, "test")).toBe(text));

  test("takes an irregular plural", () => expect(plural(2, "entry", "entries")).toBe("2 entries"));
});

describe("formatAge", () => {
  test.each([
    [-2, "0 s"],
    [12.9, "12 s"],
    [60, "1 min"],
    [3599, "59 min"],
    [3600, "1 h"],
    [47 * 3600, "47 h"],
    [48 * 3600, "2 days"],
  ])("%d seconds are written as %s", (seconds, text) => expect(formatAge(seconds)).toBe(text));
});

describe("formatBytes", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [7_640_000, "7.6 MB"],
    [99_960_000, "100 MB"],
    [999_960_000, "1.0 GB"],
    [65_000_000_000, "65.0 GB"],
  ])("%d bytes are written as %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe("formatSeconds", () => {
  test.each([
    [0, "0 ms"],
    [0.04, "40 ms"],
    [0.0499, "50 ms"],
    [0.4, "0.4 s"],
    [12.34, "12.3 s"],
    [59.94, "59.9 s"],
    [59.96, "1 min 0.0 s"],
    [75.64, "1 min 15.6 s"],
    [3599.94, "59 min 59.9 s"],
    [3599.96, "1 h 00 min"],
    [3720, "1 h 02 min"],
    [7199, "2 h 00 min"],
  ])("%d seconds are written as %s", (seconds, text) => expect(formatSeconds(seconds)).toBe(text));
});

test.each([
  [1.04, "1.0×"],
  [4.58, "4.6×"],
  [9.94, "9.9×"],
  [9.96, "10×"],
  [12.4, "12×"],
])("the ratio %d is written as %s", (ratio, text) => expect(formatRatio(ratio)).toBe(text));

test("plain text cannot steer the terminal or turn the writing direction", () => {
  expect(plainText("\u001b[31mred\u001b[0m \u0007bell\r\n\u202Eleft")).toBe("red bell\nleft");
});

test("a plain line has no line ends and no tabs", () => {
  expect(plainLine("  one\r\n\ttwo  ")).toBe("one two");
});

test("a clipped text ends with an ellipsis and keeps to its length", () => {
  expect(clip("abcdef", 4)).toBe("abc…");
  expect(clip("abcd", 4)).toBe("abcd");
});

test("clipping does not cut a character in two", () => {
  expect(clip("ab😀cd", 4)).toBe("ab…");
});

test("a list that is cut says how many items are left", () => {
  expect(listed([1, 2, 3, 4], 2, String, "file")).toEqual(["1", "2", "… and 2 more files"]);
  expect(listed([1, 2, 3], 2, String, "file")).toEqual(["1", "2", "… and 1 more file"]);
  expect(listed([1, 2], 2, String, "file")).toEqual(["1", "2"]);
});
