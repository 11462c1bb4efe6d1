import { join } from "node:path";
import { expect, test } from "vitest";
import { coverageProblems } from "../../../src/coverage/gate/sanity-checks.ts";
import { type Coverage, SourceCoverage } from "../../../src/coverage/lcov/source-coverage.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";

function coverageTo(line: number): SourceCoverage {
  const source = new SourceCoverage();
  if (line > 0) source.lines.add(line, 1);
  return source;
}

const javascript = { "index.js": 'export * from "./lib/c.js";\n', "other.js": "export const one = 1;\n" };

function both(backend: Coverage, frontend: Coverage): Map<string, Coverage> {
  return new Map([["backend", backend], ...(frontend.size > 0 ? [["frontend", frontend] as const] : [])]);
}

/** The problems of a suite called backend that names a source, measured some files, and of which some count. */
async function problemsOf({
  source = [],
  measured,
  counted = measured,
  missing = [],
  others = [],
  lastLine = 1,
  isFromCommand = false,
}: {
  source?: string[];
  measured: string[];
  counted?: string[];
  missing?: string[];
  /** What another suite measured; nothing where that is left out. */
  others?: string[];
  /** The last line that each file is measured to; 0 for none. */
  lastLine?: number;
  isFromCommand?: boolean;
}): Promise<string[]> {
  const root = await makeDirectory();
  await writeFiles(root, { "src/a.py": "", "src/shop/b.py": "", "lib/c.py": "", "tests/test_a.py": "", ...javascript });
  const coverageOf = (files: string[]) => new Map(files.map((file) => [join(root, file), coverageTo(lastLine)]));
  const own = coverageOf(measured);
  return coverageProblems(
    {
      verified: own,
      otherCheckout: [],
      untracked: [],
      missing,
      tracked: new Set(),
      bySuite: both(own, coverageOf(others)),
    },
    {
      root,
      suites: [{ suite: "backend", directory: root, source, isFromCommand }],
      counted: new Map([["backend", coverageOf(counted)]]),
      kindOf: (file) => (file.startsWith("tests/") ? "test" : "source"),
    },
  );
}

test.each([
  ["a directory", ["src"]],
  ["the root", ["."]],
  ["a file", ["src/a.py"]],
  ["a package by its name", ["shop"]],
])("a source that yields something is no problem: %s", async (_what, source) => {
  expect(await problemsOf({ source, measured: ["src/a.py", "src/shop/b.py"] })).toEqual([]);
});

test("a source that yields nothing is named, beside one that does", async () => {
  expect(await problemsOf({ source: ["src", "lib"], measured: ["src/a.py"] })).toEqual([
    'The source "lib" of backend (lib) yields nothing: the suite measured no file of it. Is it left out by its coverage configuration, or never loaded?',
  ]);
});

test("a source that only hands on what others export has no line to yield, where the runner knows of it", async () => {
  expect(await problemsOf({ source: ["index.js"], measured: ["index.js"], lastLine: 0 })).toEqual([]);
  expect(await problemsOf({ source: ["index.js"], measured: ["src/a.py"] })).toHaveLength(1);
  expect(await problemsOf({ source: ["other.js"], measured: ["other.js"], lastLine: 0 })).toHaveLength(1);
});

test("a directory whose name only begins like the source yields nothing of it", async () => {
  expect(await problemsOf({ source: ["lib"], measured: ["library/a.py"] })).toHaveLength(1);
});

test("a source that the configuration excludes altogether is named with what excludes it", async () => {
  expect(await problemsOf({ source: ["src"], measured: ["src/a.py", "lib/c.py"], counted: ["lib/c.py"] })).toEqual([
    'The source "src" of backend (src) yields nothing: `coverage.exclude` leaves nothing of it.',
  ]);
});

test("nothing but tests measured is no coverage of the source", async () => {
  expect(await problemsOf({ measured: ["tests/test_a.py"] })).toEqual([
    "Nothing but tests is measured by backend (tests/test_a.py), so its coverage says nothing of the source: " +
      "name what counts in the suite's `source`, and see what its coverage configuration leaves out.",
  ]);
});

test("tests that a suite names as its source are what it means", async () => {
  expect(await problemsOf({ source: ["tests"], measured: ["tests/test_a.py"] })).toEqual([]);
});

test("files that are not there make the data another tree's", async () => {
  expect(await problemsOf({ measured: ["src/a.py"], missing: ["src/gone.py"] })).toEqual([
    "The coverage data speaks of 1 file that is not there (src/gone.py): it comes from another tree, or the suite removed what it measured. " +
      "Remove old data files, or exclude generated code from coverage.",
  ]);
});

test("a suite whose data holds nothing of its source does not hide behind another", async () => {
  expect(await problemsOf({ source: ["src"], measured: [], others: ["lib/c.py"] })).toEqual([
    expect.stringContaining('The source "src" of backend (src) yields nothing'),
  ]);
});

test("a suite without a source whose data holds nothing of the tree does not hide behind another", async () => {
  expect(await problemsOf({ measured: [], others: ["lib/c.py"] })).toEqual([
    expect.stringContaining("The coverage data of backend holds no line of the verified files"),
  ]);
});

test("a file without a line is not what a source yields", async () => {
  expect(await problemsOf({ source: ["src"], measured: ["src/a.py"], lastLine: 0 })).toHaveLength(1);
});

test("lines that a file does not have are another version's, where a command brought the data", async () => {
  expect(await problemsOf({ measured: ["src/a.py"], lastLine: 300, isFromCommand: true })).toEqual([
    "The coverage data of backend names lines that do not exist (src/a.py:300): it is from another version.",
  ]);
  expect(await problemsOf({ measured: ["src/a.py"], lastLine: 300 })).toEqual([]);
});
