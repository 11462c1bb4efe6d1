import { join } from "node:path";
import { expect, test } from "vitest";
import { changedFiles, type MeasuringSuite, sourcePathspecs } from "../../src/coverage/changed-files.ts";
import { SourceCoverage } from "../../src/coverage/source-coverage.ts";

const root = "/nowhere/shop";

function suite(runner: MeasuringSuite["runner"], directory: string, ...source: string[]): MeasuringSuite {
  return { runner, directory: join(root, directory), source };
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
  ["that is a test by its directory", "tests/helper.py", [suite("pytest", ".")], "out"],
  ["that is a test by its name", "src/test_new.py", [suite("pytest", ".")], "out"],
  ["that is a test of TypeScript", "src/new.spec.ts", [suite("vitest", ".")], "out"],
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
  const suites = [suite("pytest", ".", "src/spec")];
  expect(counts("src/spec/a.py", suites, { measured: "src/spec/a.py" })).toBe("yes");
  expect(counts("src/spec/a.py", suites, { measured: "src/spec/a.py", ran: "src/spec/a.py" })).toBe("out");
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
