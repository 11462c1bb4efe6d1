import { describe, expect, test } from "vitest";
import { compareSources } from "../../../src/suite/reuse/source-comparison.ts";

const before = `import { a, T } from "./a";
import { b } from "./b";

export interface Shape {
  sides: number;
}

export class Square implements Shape {
  sides: number = 4;
  area(length: number): number {
    return a(length) * length;
  }
}

export function twice(value: number) {
  const inner = () => value + 1;
  return inner() + value;
}
`;

/** How the module changed where a part of its text is another one. */
function changed(from: string, to: string): string {
  expect(before).toContain(from);
  const change = compareSources("src/x.ts", before, before.replace(from, to));
  return typeof change === "string" ? change : change.map(({ name }) => name).join();
}

describe("nothing that runs changed", () => {
  test.each([
    ["a comment", "  return inner", "  // why\n  return /* this */ inner"],
    ["white space", "a(length) * length", "a( length )\n\n*length"],
    ["a type", "area(length: number): number", "area(length: bigint): bigint"],
    ["an interface", "  sides: number;\n}", "  sides: string;\n  more?: Shape[];\n}"],
    ["what a class is said to implement", " implements Shape", ""],
    ["a new type", "export class", "type Added = string;\nexport type { Shape as Other };\n\nexport class"],
    ["an assertion of a type", "return a(length)", "return (a(length) as number)!"],
  ])("%s", (_, from, to) => expect(changed(from, to)).toBe("none"));
});

describe("functions changed", () => {
  test.each([
    ["a method", "a(length) * length", "a(length)", "area"],
    ["a function within another", "value + 1", "value + 2", "inner"],
    [
      "a function with another number of functions in it",
      "return inner()",
      "const more = () => 1;\n  return more()",
      "twice",
    ],
  ])("%s", (_, from, to, name) => expect(changed(from, to)).toBe(name));
});

describe("more than functions changed", () => {
  test.each([
    ["a parameter's default", "twice(value: number)", "twice(value = 1)"],
    ["a field", "= 4", "= 5"],
    ["a function's name", "function twice", "function thrice"],
    ["a new import", "import { b }", 'import "./c";\nimport { b }'],
    ["a value that was only imported", "return inner()", "b();\n  return inner()"],
    ["a value that was imported as a type", "return inner()", "void T;\n  return inner()"],
    ["a variable that is called like an import", "const inner", "const b = 1;\n  const inner"],
    ["what is imported on the way", "return inner()", 'void import("./d");\n  return inner()'],
    ["what compilers put into a function", "return inner()", "void import.meta.glob('*');\n  return inner()"],
    ["what is hoisted out of a function", "return inner()", 'vi.mock("./a");\n  return inner()'],
    ["words to the runner", "import { a, T }", `// @${"vitest"}-environment jsdom\nimport { a, T }`],
    ["a broken line", "return inner()", "return inner("],
  ])("%s", (_, from, to) => expect(changed(from, to)).toBe("module"));
});
