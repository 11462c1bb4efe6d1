import stringWidth from "string-width";
import { expect, test } from "vitest";
import { clipToWidth, padToWidth, shortFile, widthOf, wrapWords } from "../../../src/report/terminal/width.ts";

test.each([
  ["abc", 3],
  ["测试", 4],
  ["e\u0301", 1],
  ["✔ …", 3],
  ["🎉", 2],
  ["👨‍👩‍👧‍👦", 2],
  ["🇩🇪", 2],
  ["⚠️", 2],
  ["\u001b[31mred\u001b[39m", 3],
])("%j takes %i columns", (text, columns) => expect(widthOf(text)).toBe(columns));

test("every character takes the columns that string-width says, alone and colored", () => {
  const all = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code));
  const differing = all.filter(
    (one) => widthOf(one) !== stringWidth(one) || widthOf(`\u001b[31m${one}\u001b[39m`) !== stringWidth(one),
  );
  expect(differing).toEqual([]);
});

test("a text is cut by columns, not by characters", () => {
  expect(clipToWidth("测试测试", 5)).toBe("测试…");
  expect(clipToWidth("abc", 3)).toBe("abc");
  expect(clipToWidth("abc", 0)).toBe("");
});

test("a text is filled up by columns", () => expect(padToWidth("测", 4)).toBe("测  "));

test.each([
  [30, "a/long/way/to/test_ledger.py"],
  [25, "…/way/to/test_ledger.py"],
  [16, "…/test_ledger.py"],
  [14, "test_ledger.py"],
  [9, "test…r.py"],
  [2, "t…"],
])("in %i columns a file is shown as %j: its own name stays longest", (columns, short) => {
  expect(shortFile("a/long/way/to/test_ledger.py", columns)).toBe(short);
});

test("a line is broken between its words, what goes on is set in", () => {
  expect(wrapWords("  one two three four", 12)).toEqual(["  one two", "    three", "    four"]);
});

test("a word that no line holds is left whole", () => {
  expect(wrapWords("see abcdefghijkl", 8)).toEqual(["see", "  abcdefghijkl"]);
});

test("a line that fits stays as it is", () => expect(wrapWords("  a   b", 12)).toEqual(["  a   b"]));
