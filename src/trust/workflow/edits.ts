import { isMap, isScalar, isSeq } from "yaml";
import { nodeAt, type Path, type YamlSource } from "./yaml-source.ts";

/** A change of a text: what is between two offsets is replaced. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies edits; null where two overlap that do not both only cut. */
export function applyEdits(text: string, edits: readonly Edit[]): string | null {
  const apart: Edit[] = [];
  for (const edit of [...edits].sort((left, right) => left.start - right.start)) {
    const before = apart.at(-1);
    if (before === undefined || edit.start >= before.end) apart.push(edit);
    else if (edit.text !== "" || before.text !== "") return null;
    // Two cuts may share the blank lines between them.
    else apart[apart.length - 1] = { ...before, end: Math.max(before.end, edit.end) };
  }
  return apart.reduceRight(
    (result, { start, end, text: put }) => result.slice(0, start) + put + result.slice(end),
    text,
  );
}

/** The lines of a text, each with its line end, and where each begins. */
function linesOf(text: string): { readonly text: string; readonly start: number }[] {
  const lines: { text: string; start: number }[] = [];
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start);
    const next = end === -1 ? text.length : end + 1;
    lines.push({ text: text.slice(start, next), start });
    start = next;
  }
  return lines;
}

/** A range of whole lines; both numbers begin at 1 and are part of it. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** The lines of an entry of a block list or block map; null where it shares its lines with others. */
export function linesOfEntry(source: YamlSource, path: Path): LineRange | null {
  const parent = nodeAt(source, path.slice(0, -1));
  const key = path.at(-1);
  if (isSeq(parent) && !parent.flow && typeof key === "number") {
    const node = parent.items[key] as { range?: readonly number[]; spaceBefore?: boolean } | undefined;
    if (node?.range?.[0] === undefined) return null;
    const first = source.placeOf(source.text.lastIndexOf("-", dashOffset(source.text, node.range[0]))).line;
    return entryLines(source.text, first, /^\s*-\s/);
  }
  if (isMap(parent) && !parent.flow) {
    const pair = parent.items.find((one) => isScalar(one.key) && String(one.key.value) === String(key));
    const start = (pair?.key as { range?: readonly number[] } | undefined)?.range?.[0];
    return start === undefined ? null : entryLines(source.text, source.placeOf(start).line, /^\s*\S/);
  }
  return null;
}

/** The dash of a list's entry is the last one before the entry's first word; a comment may stand between. */
function dashOffset(text: string, start: number): number {
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  return /^\s*-\s+$/.test(text.slice(lineStart, start)) ? start - 1 : lineStart - 1;
}

/** From the first line to the last that is set in further; null where something else stands on the first line. */
function entryLines(text: string, first: number, begin: RegExp): LineRange | null {
  const lines = linesOf(text);
  const head = lines[first - 1]?.text ?? "";
  if (!begin.test(head)) return null;
  const indent = /^\s*/.exec(head)?.[0].length ?? 0;
  // A map in a list begins behind its dash, and is not ours to cut.
  if (begin.source.endsWith("\\S") && head.trimStart().startsWith("- ")) return null;
  let last = first;
  for (let number = first + 1; number <= lines.length; number += 1) {
    const line = lines[number - 1]?.text ?? "";
    if (line.trim() === "") continue;
    if ((/^\s*/.exec(line)?.[0].length ?? 0) <= indent) break;
    last = number;
  }
  return { first, last };
}

/**
 * Cuts lines out. Of the blank lines around them those before stay, so that what follows stands as far from what goes
 * before as it did.
 */
export function cutLines(source: YamlSource, { first, last }: LineRange): Edit {
  const lines = linesOf(source.text);
  const isBlank = (number: number): boolean => lines[number - 1]?.text.trim() === "";
  let [from, to] = [first, last];
  while (isBlank(to + 1)) to += 1;
  // The last of a list takes the blank lines before with it, and leaves those behind.
  const next = lines[to]?.text ?? "";
  const indent = /^\s*/.exec(lines[first - 1]?.text ?? "")?.[0].length ?? 0;
  if (next === "" || (/^\s*/.exec(next)?.[0].length ?? 0) < indent) {
    to = last;
    while (isBlank(from - 1)) from -= 1;
  }
  return { start: lines[from - 1]?.start ?? 0, end: lines[to]?.start ?? source.text.length, text: "" };
}

/** Puts a pair in as the line before an entry's key, set in as that one. */
export function insertBefore(source: YamlSource, path: Path, pair: string): Edit | null {
  const parent = nodeAt(source, path.slice(0, -1));
  if (!isMap(parent) || parent.flow) return null;
  const node = parent.items.find((one) => isScalar(one.key) && String(one.key.value) === String(path.at(-1)))?.key;
  const start = (node as { range?: readonly number[] } | undefined)?.range?.[0];
  if (start === undefined) return null;
  const column = source.placeOf(start).column - 1;
  const end = source.text.includes("\r\n") ? "\r\n" : "\n";
  return { start, end: start, text: `${pair}${end}${" ".repeat(column)}` };
}
