import { describe, expect, test } from "vitest";
import { code, escapeMarkdown, fencedBlock, section, table } from "../../../src/report/markdown/markdown.ts";

describe("escapeMarkdown", () => {
  test.each([
    ["plain words, unchanged (mostly)", "plain words, unchanged (mostly)"],
    ["a|b", "a\\|b"],
    ["`code`", "\\`code\\`"],
    ["a\\|b", "a\\\\\\|b"],
    ["<script>&amp;", "&lt;script&gt;&amp;amp;"],
    ["*bold* [link](x)", "\\*bold\\* \\[link\\](x)"],
    ["snake_case stays, __init__ is kept", "snake_case stays, \\_\\_init\\_\\_ is kept"],
    ["two\nlines", "two lines"],
    ["# heading", "\\# heading"],
    ["- item", "\\- item"],
    ["1. item", "1\\. item"],
    ["0.1.0 is out", "0.1.0 is out"],
    ["+57 −29", "+57 −29"],
    ["Closes #12", "Closes #12"],
    ["#12 is closed", "#12 is closed"],
    ["Bump @types/node, thanks @ada", "Bump @&#8203;types/node, thanks @&#8203;ada"],
    ["ada@example.com @ home", "ada@example.com @ home"],
  ])("%j is written as %j", (text, markdown) => expect(escapeMarkdown(text)).toBe(markdown));
});

describe("code", () => {
  test.each([
    ["tests/test_a.py", "`tests/test_a.py`"],
    ["<script>", "`<script>`"],
    ["two\nlines", "`two lines`"],
    ["a|b", "<code>a&#124;b</code>"],
    ["a`b<c>\\|", "<code>a&#96;b&#60;c&#62;&#92;&#124;</code>"],
    ["naïve 日本|", "<code>naïve 日本&#124;</code>"],
  ])("%j is written as %j", (text, markdown) => expect(code(text)).toBe(markdown));
});

describe("fencedBlock", () => {
  test("is three backticks around ordinary text", () => {
    expect(fencedBlock("one\n  two\n", "sh")).toBe("```sh\none\n  two\n```");
  });

  test("has a fence longer than any run of backticks in the text", () => {
    expect(fencedBlock("```\n`````\n")).toBe("``````\n```\n`````\n``````");
  });
});

test("a table sets the columns of numbers flush right", () => {
  expect(table(["File", "Added"], [["a", "1"]], [1])).toBe("| File | Added |\n| --- | ---: |\n| a | 1 |");
});

test("a section without content is left out, heading and all", () => {
  expect(section("Notes", null, "")).toBeNull();
  expect(section("Notes", null, "One.")).toBe("## Notes\n\nOne.");
});
