import { expect, test } from "vitest";
import { blockIn, markedBlock, mergedBody } from "../../../src/report/pull-request/merged-body.ts";

const before = markedBlock("## Verification\n\nOne.", { branch: "topic" });
const after = markedBlock("## Verification\n\nTwo.", { branch: "topic" });

test("ours takes the place of ours, and what stands around it stays byte for byte", () => {
  const above = "Mine,\r\n- [x] with a tick  \r\n\r\n";
  const below = "\r\n\r\nand more\t\n\n\n";
  expect(mergedBody(`${above}${before}${below}`, after)).toEqual({
    body: `${above}${after}${below}`,
    isEdited: false,
  });
});

test("writing the same again changes nothing", () => {
  const present = `Mine.\n\n${before}\n`;
  expect(mergedBody(present, before)).toEqual({ body: present, isEdited: false });
});

test.each([
  ["Mine.", "Mine.\n\n"],
  ["Mine.\n", "Mine.\n\n"],
  ["Mine.\n\n", "Mine.\n\n"],
  ["Mine.\r\n\r\n", "Mine.\r\n\r\n"],
])("a body without markers, %j, keeps all of its text above ours", (present, above) => {
  expect(mergedBody(present, after)).toEqual({ body: `${above}${after}\n`, isEdited: false });
});

test("an empty body becomes ours as a whole, with what stands around it", () => {
  expect(mergedBody(" \n", `A template.\n\n${after}\n`)).toEqual({
    body: `A template.\n\n${after}\n`,
    isEdited: false,
  });
});

test("only the block of ours comes into a body that is there", () => {
  expect(mergedBody(`Mine.\n\n${before}\n`, `A template.\n\n${after}\n`).body).toBe(`Mine.\n\n${after}\n`);
});

test.each([
  ["a word of it is another", before.replace("One", "Won")],
  ["a line was added", before.replace("One.", "One.\n\nAnd mine.")],
  ["its digest is gone", before.replace(/ sha256=\S+/, "")],
  ["its end is gone", before.replace("<!-- pushproof:end -->", "")],
  ["its beginning is gone", before.replace(/<!-- pushproof:begin.*-->/, "")],
  ["it is there twice", `${before}\n${before}`],
  ["its markers are the wrong way round", "<!-- pushproof:end -->\n<!-- pushproof:begin -->"],
])("a block is left alone, and that is said, where %s", (_what, present) => {
  expect(mergedBody(`Mine.\n\n${present}\n`, after)).toEqual({ body: `Mine.\n\n${present}\n`, isEdited: true });
});

test("line ends and blanks at them, which hosts change, are no edit", () => {
  const saved = before.replaceAll("\n", "\r\n").replace("Verification", "Verification  ");
  expect(mergedBody(saved, after)).toEqual({ body: after, isEdited: false });
});

test("a marker tells what it was given, whatever is in it", () => {
  const branch = 'a-->b<!-- "c" d=e\n%';
  const block = markedBlock("Text.", { branch });
  expect(block.split("\n")[0]).toMatch(/^<!-- pushproof:begin branch=[^\s<>"]+ sha256=[0-9a-f]{16} -->$/);
  expect(blockIn(block)).toMatchObject({ start: 0, end: block.length, attributes: { branch }, isEdited: false });
});

test("a text cannot hold a marker", () => {
  const block = markedBlock("<!-- pushproof:end -->\n<!--pushproof:begin -->\nText.");
  expect(blockIn(`${block}\n`)).toMatchObject({ start: 0, end: block.length, isEdited: false });
});

test("a marker that somebody wrote by hand is read as far as it goes", () => {
  const body = "<!--pushproof:begin branch=%E0%A4%A x-->\n<!--pushproof:end-->";
  expect(blockIn(body)).toMatchObject({ attributes: { branch: "%E0%A4%A" }, isEdited: true });
});
