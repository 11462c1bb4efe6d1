import { join } from "node:path";
import { expect, test } from "vitest";
import { changedFiles, sourcePathspecs } from "../../../src/coverage/diff/changed-files.ts";
import { type Measuring, nothingReported } from "../../../src/coverage/files/measuring.ts";
import type { MeasuringSuite } from "../../../src/coverage/files/tests-or-source.ts";
import { SourceCoverage } from "../../../src/coverage/lcov/source-coverage.ts";

const root = "/nowhere/shop";

function suite(runner: MeasuringSuite["runner"], directory: string, ...source: string[]): MeasuringSuite {
  return { runner, directory: join(root, directory), source, measuring: nothingReported };
}

/** The same suite, whose runner says what its own configuration names, leaves out, and holds tests without being a test file. */
function telling(one: MeasuringSuite, told: { named?: string[]; left?: string[]; tested?: string[] }): MeasuringSuite {
  const paths = (files: string[] = []): Set<string> => new Set(files.map((file) => join(root, file)));
  const named = told.named === undefined ? null : paths(told.named);
  const measuring: Measuring = {
    isReported: true,
    named,
    left: paths(told.left),
    tested: paths(told.tested),
    testFiles: new Set(),
  };
  return { ...one, measuring };
}

/** Whether a changed file counts, where src/loaded.py is all that was measured. */
function counts(
  file: string,
  suites: readonly MeasuringSuite[],
  more: { excluded?: string; generated?: string; ran?: string; measured?: string } = {},
) {
  const measured = ["src/loaded.py", ...(more.measured === undefined ? [] : [more.measured])];
  const about = changedFiles({
    root,
    coverage: new Map(measured.map((name) => [join(root, name), new SourceCoverage()])),
    suites,
    isExcluded: (name) => name === more.excluded,
    generated: new Set(more.generated === undefined ? [] : [more.generated]),
    testFiles: new Set(more.ran === undefined ? [] : [more.ran]),
  });
  return about(file).counts;
}

test("a file that was measured counts, with its lines", () => {
  const about = changedFiles({
    root,
    coverage: new Map([[join(root, "src/loaded.py"), new SourceCoverage()]]),
    suites: [suite("pytest", ".", "elsewhere")],
    isExcluded: () => false,
    generated: new Set(),
    testFiles: new Set(),
  });
  expect(about("src/loaded.py")).toMatchObject({ counts: "yes", lines: expect.anything() });
});

test.each<[string, string, readonly MeasuringSuite[], string]>([
  ["below a suite without source, that nobody loads", "src/new.py", [suite("pytest", ".")], "yes"],
  ["in a suite's source, that nobody loads", "src/new.py", [suite("pytest", ".", "src")], "yes"],
  ["in a package that the source names", "src/shop/new.py", [suite("pytest", ".", "shop")], "yes"],
  ["beside a suite's source", "scripts/new.py", [suite("pytest", ".", "src")], "left out"],
  ["in no suite's directory at all", "apps/worker/new.py", [suite("pytest", "apps/api", "src")], "yes"],
  ["of a language that no suite speaks", "static/new.js", [suite("pytest", ".")], "left out"],
  ["of a language that a command may speak", "static/new.js", [suite("command", ".")], "yes"],
  ["that is called a test by its directory", "tests/helper.py", [suite("pytest", ".")], "assumed test"],
  ["that is called a test", "src/test_new.py", [suite("pytest", ".")], "assumed test"],
  ["that is called a test of TypeScript", "src/new.spec.ts", [suite("vitest", ".")], "assumed test"],
  ["that configures a tool", "vitest.config.ts", [suite("vitest", ".")], "out"],
  ["that declares types", "src/env.d.ts", [suite("vitest", ".")], "out"],
  ["whose directory only begins like a suite's", "apps/api-old/new.py", [suite("pytest", "apps/api")], "yes"],
])("a file %s: %s", (_what, file, suites, expected) => {
  expect(counts(file, suites)).toBe(expected);
});

test("a file that is excluded, or generated, is out even where it was measured", () => {
  const suites = [suite("pytest", ".")];
  expect(counts("src/loaded.py", suites, { excluded: "src/loaded.py" })).toBe("out");
  expect(counts("src/loaded.py", suites, { generated: "src/loaded.py" })).toBe("out");
});

test("what a source names counts though it is called like a test, unless its tests ran", () => {
  const suites = [suite("pytest", ".", "src/tests")];
  expect(counts("src/tests/a.py", suites, { measured: "src/tests/a.py" })).toBe("yes");
  expect(counts("src/tests/a.py", suites, { measured: "src/tests/a.py", ran: "src/tests/a.py" })).toBe("out");
});

const pytest = suite("pytest", ".");
const inShop = suite("pytest", ".", "shop");
const measured = (file: string) => ({ measured: file });
const ranIn = (file: string) => ({ measured: file, ran: file });

test.each<[string, string, MeasuringSuite, object, string]>([
  [
    "with a doctest is source",
    "shop/price.py",
    telling(pytest, { tested: ["shop/price.py"] }),
    ranIn("shop/price.py"),
    "yes",
  ],
  ["with tests, in a source, is source", "shop/price.py", inShop, ranIn("shop/price.py"), "yes"],
  [
    "with in-source tests is source",
    "lib/price.js",
    telling(suite("vitest", "."), { tested: ["lib/price.js"] }),
    ranIn("lib/price.js"),
    "yes",
  ],
  [
    "whose tests ran, that no source names, is taken for a test",
    "checks/ledger.py",
    pytest,
    ranIn("checks/ledger.py"),
    "assumed test",
  ],
  [
    "of node's tests that V8 measures too is taken for a test",
    "checks/ledger.mjs",
    suite("node", "."),
    ranIn("checks/ledger.mjs"),
    "assumed test",
  ],
  [
    "that a linter of jest checks as a test is source",
    "lib/price.js",
    suite("jest", "."),
    ranIn("lib/price.js"),
    "yes",
  ],
  ["with tests, in specs/ of a source, is source", "shop/specs/price.py", inShop, ranIn("shop/specs/price.py"), "yes"],
  ["with tests, in specs/ of no source, is a test", "specs/price.py", pytest, ranIn("specs/price.py"), "out"],
  [
    "that a command's results name, and that it measures, is source",
    "src/lib.rs",
    suite("command", "."),
    ranIn("src/lib.rs"),
    "yes",
  ],
  ["in specs/ that was measured is source", "shop/specs/price.py", pytest, measured("shop/specs/price.py"), "yes"],
  [
    "in specs/ that the runner's configuration names is source",
    "shop/specs/price.py",
    telling(pytest, { named: ["shop/specs/price.py"] }),
    measured("shop/specs/price.py"),
    "yes",
  ],
  ["in e2e/ of a source, that nobody loads, is source", "shop/e2e/price.py", inShop, {}, "yes"],
  ["in specs/, that nobody loads, is taken for a test", "shop/specs/price.py", pytest, {}, "assumed test"],
  [
    "beside tests in specs/ of a source is source",
    "shop/specs/price.py",
    inShop,
    { measured: "shop/specs/price.py", ran: "shop/specs/test_price.py" },
    "yes",
  ],
  [
    "beside tests in specs/ of no source is taken for a test",
    "specs/helper.py",
    pytest,
    { measured: "specs/helper.py", ran: "specs/test_price.py" },
    "assumed test",
  ],
  [
    "beside tests in tests/ of a source is taken for a test",
    "shop/tests/factories.py",
    inShop,
    { measured: "shop/tests/factories.py", ran: "shop/tests/test_price.py" },
    "assumed test",
  ],
  [
    "in tests/ of a source, where no test ran, is source",
    "shop/tests/models.py",
    inShop,
    { measured: "shop/tests/models.py", ran: "other/test_price.py" },
    "yes",
  ],
  [
    "called like a test of a source, where no test ran, is source",
    "shop/test_mode.py",
    inShop,
    measured("shop/test_mode.py"),
    "yes",
  ],
  [
    "that the runner found to be a test file, none of whose tests was to run, is a test",
    "shop/test_slow.py",
    { ...inShop, measuring: { ...nothingReported, testFiles: new Set([join(root, "shop/test_slow.py")]) } },
    measured("shop/test_slow.py"),
    "out",
  ],
])("a file %s", (_what, file, one, more, expected) => {
  expect(counts(file, [one], more)).toBe(expected);
});

test.each<[string, MeasuringSuite, string]>([
  ["leaves out, does not count", telling(pytest, { left: ["shop/0001.py"] }), "omitted"],
  ["leaves out of the source, does not count", telling(inShop, { left: ["shop/0001.py"] }), "omitted"],
  ["does not name beside what it names, does not count", telling(pytest, { named: ["src/loaded.py"] }), "left out"],
  ["names, counts though nobody loads it", telling(pytest, { named: ["shop/0001.py"] }), "yes"],
])("a file that the runner's configuration %s", (_what, one, expected) => {
  expect(counts("shop/0001.py", [one])).toBe(expected);
});

test("what one suite's runner leaves out counts where another suite is to measure it", () => {
  const suites = [telling(pytest, { left: ["shop/0001.py"] }), inShop];
  expect(counts("shop/0001.py", suites)).toBe("yes");
  expect(counts("shop/0001.py", suites, measured("shop/0001.py"))).toBe("yes");
});

test("a file in a language that only the coverage knows counts, measured or not", () => {
  const suites = [suite("command", ".")];
  expect(counts("a.go", suites, { measured: "b.go" })).toBe("yes");
  expect(counts("a.go", suites)).toBe("out");
});

test("the diff is asked of every language that is known or measured, and of measured files without a suffix", () => {
  const coverage = new Map(["src/a.go", "bin/tool"].map((name) => [join(root, name), new SourceCoverage()]));
  const pathspecs = sourcePathspecs(root, coverage);
  expect(pathspecs).toEqual(
    expect.arrayContaining([":(top,glob)**/*.py", ":(top,glob)**/*.go", ":(top,literal)bin/tool"]),
  );
});
