import { join } from "node:path";
import { expect, test } from "vitest";
import type { Measuring } from "../../../src/coverage/files/measuring.ts";
import { nothingReported } from "../../../src/coverage/files/measuring.ts";
import { uncountedNotes, uncountedProblems } from "../../../src/coverage/gate/uncounted-files.ts";
import { SourceCoverage } from "../../../src/coverage/lcov/source-coverage.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";

const files = {
  "src/price.ts": "export const net = 1;\n",
  "src/types.ts": "export interface A {\n  a: number;\n}\n",
  "src/empty.ts": "// Nothing yet.\n",
  "src/price.test.ts": "test();\n",
  "src/gen/table.ts": "export const a = 1;\n",
  "lib/other.ts": "export const b = 1;\n",
  "src/never.ts": "export const never = 1;\n",
};

/** What is said where src/price.ts alone was measured, of a suite whose source is src. */
async function said({ runner = "vitest", told = {} }: { runner?: "vitest" | "command"; told?: Partial<Measuring> }) {
  const root = await makeDirectory();
  await writeFiles(root, files);
  const coverage = new Map([[join(root, "src/price.ts"), new SourceCoverage()]]);
  const suite = { name: "web", runner, directory: root, source: ["src"], measuring: { ...nothingReported, ...told } };
  const request = {
    root,
    coverage,
    suites: [suite],
    testFiles: new Set(["src/price.test.ts"]),
    tracked: new Set(Object.keys(files)),
    bySuite: new Map([["web", coverage]]),
    isExcluded: (file: string) => file.startsWith("src/gen/"),
  };
  return { problems: uncountedProblems(request), notes: uncountedNotes(request) };
}

test("a file of the source that the runner did not count speaks against the figure, one without a line that could run does not", async () => {
  const { problems, notes } = await said({ told: { isReported: true } });
  expect(problems).toEqual([
    "The coverage of web lacks 1 file of its source (src/never.ts): the runner counted no line of it. " +
      "Its log and its configuration may say why; name what should not count in `coverage.exclude`.",
  ]);
  expect(notes).toEqual([]);
});

test("what the runner names is the answer, and one that said nothing is told of", async () => {
  expect((await said({ told: { isReported: true, named: new Set() } })).problems).toEqual([]);
  expect(await said({})).toEqual({
    problems: [],
    notes: [
      "The runner of web did not say which files its coverage leaves out, so that some of the source may be missing from the figure.",
    ],
  });
});

test("of what a command wrote the gap is told, and decides nothing", async () => {
  const { problems, notes } = await said({ runner: "command" });
  expect(problems).toEqual([]);
  expect(notes).toEqual([
    "The coverage data of web leaves out 1 file of its source (src/never.ts), so the figure says nothing of it.",
  ]);
});
