import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { AddedLine } from "../../../src/coverage/diff/added-lines.ts";
import { type ChangedFile, measureChanges } from "../../../src/coverage/diff/changed-lines.ts";
import { likelyCodeIn } from "../../../src/coverage/diff/code-lines.ts";
import { LineHits } from "../../../src/coverage/lcov/lines.ts";

function linesOf(...texts: string[]): AddedLine[] {
  return texts.map((text, index) => ({ line: index + 1, text: text.replace(/^~/, ""), isMoved: text.startsWith("~") }));
}

/** The hits of lines; the others cannot run. */
function ran(hits: Readonly<Record<number, number>>): ChangedFile {
  const lines = new LineHits();
  for (const [line, count] of Object.entries(hits)) lines.add(Number(line), count);
  return { lines, code: new Set(), counts: "yes" };
}

/** The lines of a file of that name and text that are probably code. */
function likelyCode(file: string, text: string): ReadonlySet<number> {
  const path = join(mkdtempSync(join(tmpdir(), "code-")), basename(file));
  onTestFinished(() => rmSync(dirname(path), { recursive: true }));
  writeFileSync(path, text);
  return likelyCodeIn(path);
}

/** A file that no suite loads, all of whose text is given. */
function unloaded(file: string, text: string): ChangedFile {
  return { lines: null, code: likelyCode(file, text), counts: "yes" };
}

/** What is measured of a file that no suite loads, all of whose lines are new. */
function measuredUnloaded(file: string, ...texts: string[]) {
  return measured(unloaded(file, texts.join("\n")), linesOf(...texts), file);
}

/** What is measured of one file with those lines. */
function measured(about: ChangedFile, lines: readonly AddedLine[], file = "src/a.py") {
  return measureChanges(new Map([[file, lines]]), () => about);
}

test("of the added lines those count that can run", () => {
  const { count, uncovered } = measured(ran({ 1: 1, 3: 0 }), linesOf("a = 1", "# why", "b = 2"));
  expect(count).toEqual({ covered: 1, total: 2 });
  expect(uncovered).toEqual([{ file: "src/a.py", from: 3, to: 3 }]);
});

test("lines that were there before do not count", () => {
  expect(measured(ran({ 1: 0, 9: 0 }), [{ line: 9, text: "x", isMoved: false }]).count).toEqual({
    covered: 0,
    total: 1,
  });
});

test("moved lines are not new", () => {
  expect(measured(ran({ 1: 0, 2: 0 }), linesOf("~a = 1", "b = 2")).count).toEqual({ covered: 0, total: 1 });
});

test("lines that follow each other among those that can run are one range", () => {
  const { uncovered } = measured(ran({ 1: 0, 3: 0, 4: 1, 5: 0 }), linesOf("a", "", "b", "c", "d"));
  expect(uncovered.map(({ from, to }) => [from, to])).toEqual([
    [1, 3],
    [5, 5],
  ]);
});

test("a covered line that did not change parts a range", () => {
  const added = [1, 3].map((line) => ({ line, text: "x", isMoved: false }));
  expect(measured(ran({ 1: 0, 2: 1, 3: 0 }), added).uncovered).toHaveLength(2);
});

test("files are named in order, whatever order the diff has", () => {
  const added = new Map(["src/b.py", "src/a.py"].map((file) => [file, linesOf("x = 1")]));
  expect(measureChanges(added, () => ran({ 1: 0 })).uncovered.map(({ file }) => file)).toEqual([
    "src/a.py",
    "src/b.py",
  ]);
});

describe("a file that no suite loads", () => {
  test("counts as not covered, line by line of what could run", () => {
    const lines = ['"""Why', "it is there", '"""', "import os", "", "# a comment", "def add():", "    return 1", ")"];
    const { count, unloaded: files, uncovered } = measuredUnloaded("src/a.py", ...lines);
    expect(count).toEqual({ covered: 0, total: 3 });
    expect(files).toEqual(["src/a.py"]);
    expect(uncovered).toEqual([{ file: "src/a.py", from: 4, to: 8 }]);
  });

  test("counts without the comments of its language", () => {
    const lines = ["/**", " * Adds.", " */", "// more", "export function add() {", "  return 1;", "}", "/* one */"];
    expect(measuredUnloaded("src/a.ts", ...lines).count).toEqual({ covered: 0, total: 2 });
  });

  test("counts what is added inside of a function alone", () => {
    const whole = "export function b(n) {\n  if (n > 3) {\n    launch(n);\n  }\n  return n;\n}\n";
    const added = [2, 3, 4].map((line) => ({ line, text: whole.split("\n")[line - 1] ?? "", isMoved: false }));
    expect(measured(unloaded("src/b.ts", whole), added, "src/b.ts").count.total).toBe(2);
  });

  test("is read as a whole: an added line that opens a comment hides nothing after the comment", () => {
    const whole = '"""New.\n\nMore.\n"""\nx = 1\ndef f():\n    launch()\n';
    const added = [1, 6, 7].map((line) => ({ line, text: whole.split("\n")[line - 1] ?? "", isMoved: false }));
    expect(measured(unloaded("src/b.py", whole), added, "src/b.py").count.total).toBe(2);
  });

  test("has a range for each place where something that could run stands between", () => {
    const whole = Array.from({ length: 50 }, (_, index) => `x${index} = 1`).join("\n");
    const added = [2, 50].map((line) => ({ line, text: "x = 1", isMoved: false }));
    expect(measured(unloaded("src/b.py", whole), added, "src/b.py").uncovered).toHaveLength(2);
  });

  test.each([
    [
      [
        "import type { B } from './b';",
        "export interface A {",
        "  name: string;",
        "}",
        "type C =",
        "  | 'a'",
        "  | B;",
      ],
    ],
    [["export type {", "  A,", "} from './a';", "declare global {", "  interface Window {}", "}"]],
  ])("has nothing that could run where it holds nothing but types: %j", (lines) => {
    expect(measuredUnloaded("src/types.ts", ...lines)).toMatchObject({ count: { total: 0 }, unloaded: [] });
  });

  test.each([
    ["src/types.ts", ["export interface A {", "  name: string;", "}", "export const a: A = { name: 'a' };"]],
    ["src/types.ts", ["import { launch } from './b';", "export { launch };", "  launch();"]],
    ["src/types.js", ["export { a } from './a';"]],
  ])("is no file of types where one line of it runs: %s %j", (file, lines) => {
    expect(measuredUnloaded(file, ...lines).count.total).toBeGreaterThan(0);
  });
});

test("tests, generated and excluded files do not count", () => {
  const { count, exclusions } = measured(
    { lines: null, code: new Set(), counts: "out" },
    linesOf("x = 1  # pragma: no cover"),
  );
  expect(count.total).toBe(0);
  expect(exclusions).toEqual([]);
});

test("what a suite's source leaves out does not count, and is named where it could run", () => {
  expect(
    measured({ lines: null, code: likelyCode("src/a.py", "x = 1"), counts: "left out" }, linesOf("x = 1")),
  ).toMatchObject({
    count: { total: 0 },
    leftOut: ["src/a.py"],
  });
  expect(
    measured({ lines: null, code: likelyCode("src/a.py", "# x"), counts: "left out" }, linesOf("# x")).leftOut,
  ).toEqual([]);
});

describe("an exclusion that is added", () => {
  test.each([
    "if DEBUG:  # pragma: no cover",
    "else:  #pragma:no branch",
    "if DEBUG:  # pragma no cover",
    "* istanbul ignore next",
    "/* v8 ignore next */",
    "/* v8 ignore start -- @preserve */",
    "/* c8 ignore next 3 */",
    "/* istanbul ignore else */",
    "// istanbul ignore next",
    "/* node:coverage disable */",
    "/* node:coverage ignore next */",
    "<!-- v8 ignore next -->",
    "int main() { // LCOV_EXCL_LINE",
    "// GCOVR_EXCL_START",
  ])("is seen: %s", (text) => {
    expect(measured(ran({}), linesOf(`  ${text}`)).exclusions).toEqual([{ file: "src/a.py", line: 1, text }]);
  });

  test.each(["# pragma once", "ignore = True", "// the v8 engine ignores this", "# no cover charge"])(
    "is not seen in: %s",
    (text) => expect(measured(ran({}), linesOf(text)).exclusions).toEqual([]),
  );

  test("is not new where its line was moved", () => {
    expect(measured(ran({}), linesOf("~x  # pragma: no cover")).exclusions).toEqual([]);
  });
});
