import { expect, test } from "vitest";
import { firstDifference } from "../../../src/suite/runners/adapters/tracing/raw-coverage.mjs";

/** What V8 tells of one module with a function in it, which was called so often. */
function v8(calls: number) {
  const ranges = [
    { ranges: [{ startOffset: 0, endOffset: 100, count: 1 }] },
    { ranges: [{ startOffset: 20, endOffset: 60, count: calls }] },
  ];
  return { result: [{ url: "pushproof-checkout-url:/src/a.js", functions: ranges }] };
}

/** The same as istanbul tells it. */
function istanbul(calls: number) {
  return { "pushproof-checkout:/src/a.js": { s: { 0: 1, 1: calls }, f: { 0: calls }, b: {} } };
}

test.each([
  ["V8", v8],
  ["istanbul", istanbul],
])("what %s tells is the same however often code ran", (_, coverage) => {
  expect(firstDifference(coverage(1), coverage(7))).toBeNull();
});

test.each([
  ["V8", v8],
  ["istanbul", istanbul],
])("what %s tells differs where code ran in one run only", (_, coverage) => {
  expect(firstDifference(coverage(1), coverage(0))).toBe("src/a.js");
});

test("a module that only one of the runs loaded is a difference", () => {
  expect(firstDifference({ result: [] }, v8(1))).toBe("src/a.js");
});
