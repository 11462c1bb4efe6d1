import { encode } from "@jridgewell/sourcemap-codec";
import { expect, test } from "vitest";
import { CompiledModule } from "../../../src/suite/reuse/ran-functions.ts";

const source = "function first() {\n  return 1;\n}\nfunction second() {\n  return 2;\n}\n";
// Compiled to itself, behind a line that the compiler adds.
const code = `"use strict";\n${source}`;
const mappings = encode([
  [],
  ...source.split("\n").map((_, line): [number, number, number, number][] => [[0, 0, line, 0]]),
]);
const module = new CompiledModule(source, { code, mappings });

/** A function of the source, by a text of its body. */
function bodyOf(name: string, text: string) {
  const start = source.lastIndexOf("\n", source.indexOf(text)) + 1;
  return { name, start, end: start + text.length };
}
const first = bodyOf("first", "  return 1;");
const second = bodyOf("second", "  return 2;");

/** What V8 tells where only the first function ran; so much lies before the code. */
function seen(startOffset: number) {
  const range = (from: string, to: string, count: number) => ({
    ranges: [
      { startOffset: startOffset + code.indexOf(from), endOffset: startOffset + code.indexOf(to) + to.length, count },
    ],
  });
  const functions = [
    range('"use', "return 2;\n}", 1),
    range("function first", "1;\n}", 1),
    range("function second", "2;\n}", 0),
  ];
  return [{ url: "file:///a.js", startOffset, functions }];
}

test.each([0, 40])("of two functions the one that was called ran, with %d characters before the code", (offset) => {
  expect([first, second].map((one) => module.hasRun(one, seen(offset)))).toEqual([true, false]);
});

test("a function of which nothing is known is taken to have run", () => {
  expect(module.hasRun(second, [])).toBe(true);
  expect(module.hasRun({ name: "other", start: 1000, end: 1001 }, seen(0))).toBe(true);
});
