import { expect, test } from "vitest";
import { nothingReported } from "../../../src/coverage/files/measuring.ts";
import { withoutOthersTests } from "../../../src/coverage/files/other-suites-tests.ts";
import { type Coverage, SourceCoverage } from "../../../src/coverage/lcov/source-coverage.ts";

const coverageOf = (...files: string[]): Coverage => new Map(files.map((file) => [file, new SourceCoverage()]));
const suite = (name: string, runner: "jest" | "vitest" | "mocha", testFiles: string[], tested: string[] = []) => ({
  ...{ name, runner, directory: "/shop", source: ["src"] },
  measuring: {
    ...nothingReported,
    testFiles: new Set(testFiles),
    tested: new Set(tested),
    named: new Set(["/a", "/t"]),
  },
});
const left = { otherCheckout: [], untracked: [], missing: [], tracked: new Set<string>() };
const countedOf = (suites: ReturnType<typeof suite>[], bySuite: Record<string, Coverage>) => {
  const verified = new Map(Object.values(bySuite).flatMap((own) => [...own]));
  const result = withoutOthersTests({ ...left, verified, bySuite: new Map(Object.entries(bySuite)) }, suites);
  return { counted: [...result.measured.verified.keys()], named: [...(result.suites[0]?.measuring.named ?? [])] };
};

test.each(["jest", "vitest"] as const)("a test file of another suite of %s is no source", (runner) => {
  const suites = [suite("one", runner, []), suite("two", runner, ["/t"])];
  expect(countedOf(suites, { one: coverageOf("/a", "/t"), two: coverageOf("/a") })).toEqual({
    counted: ["/a"],
    named: ["/a"],
  });
});

test("what holds tests and is source counts, and so does what a suite of another kind counts", () => {
  const inSource = [suite("one", "vitest", []), suite("two", "vitest", ["/t"], ["/t"])];
  expect(countedOf(inSource, { one: coverageOf("/a", "/t") }).counted).toEqual(["/a", "/t"]);
  const other = [suite("one", "vitest", []), suite("two", "vitest", ["/t"]), suite("three", "mocha", [])];
  expect(countedOf(other, { one: coverageOf("/a"), three: coverageOf("/t") }).counted).toEqual(["/a", "/t"]);
});
