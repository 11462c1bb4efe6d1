import { stripVTControlCharacters } from "node:util";

/** What takes no column of its own: combining marks, joiners, and what chooses how the character before is drawn. */
const zeroWidth = /^[\p{Mn}\p{Me}\p{Cf}]$/u;

/** What takes two columns: East Asian scripts, their full-width forms, and pictures. */
const doubleWidth =
  /^(?:[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6])$/u;

/** How many columns of a terminal a line takes; colors take none. */
export function widthOf(text: string): number {
  // Most names are plain, and this is asked ten times a second for each of them.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  return [...stripVTControlCharacters(text)].reduce((sum, character) => sum + characterWidth(character), 0);
}

/** The text, or its beginning and "…" where it takes more columns than that. */
export function clipToWidth(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  return columns < 1 ? "" : `${beginning(text, columns - 1)}…`;
}

/**
 * A file's name in so many columns: its directories go first, as "…/test_ledger.py", and where its own name is too long
 * by itself, the middle of that.
 */
export function shortFile(file: string, columns: number): string {
  if (widthOf(file) <= columns) return file;
  const parts = file.split("/");
  for (let first = 1; first < parts.length; first += 1) {
    const short = `…/${parts.slice(first).join("/")}`;
    if (widthOf(short) <= columns) return short;
  }
  const name = parts.at(-1) ?? "";
  if (widthOf(name) <= columns) return name;
  if (columns < 3) return clipToWidth(name, columns);
  // The end tells a file from its like more often than the beginning, which tends to be "test_".
  const last = Math.ceil((columns - 1) / 2);
  return `${beginning(name, columns - 1 - last)}…${ending(name, last)}`;
}

/** The text filled up with spaces to so many columns. */
export function padToWidth(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}

/**
 * A line broken between its words where it is longer than that, the next lines set in as far as the first and so much
 * further. A word that no line holds goes on as the terminal breaks it.
 */
export function wrapWords(line: string, columns: number, further = 2): string[] {
  if (widthOf(line) <= columns) return [line];
  const own = /^ */.exec(line)?.[0] ?? "";
  const indent = `${own}${" ".repeat(further)}`;
  const lines: string[] = [];
  let current = own;
  let isEmpty = true;
  for (const word of line.trim().split(/ (?=\S)/)) {
    const longer = isEmpty ? `${current}${word}` : `${current} ${word}`;
    if (isEmpty || widthOf(longer) <= columns) {
      current = longer;
      isEmpty = false;
      continue;
    }
    lines.push(current.trimEnd());
    current = `${indent}${word}`;
  }
  return [...lines, current];
}

function characterWidth(character: string): number {
  if (zeroWidth.test(character)) return 0;
  return doubleWidth.test(character) ? 2 : 1;
}

function beginning(text: string, columns: number): string {
  let kept = "";
  let width = 0;
  for (const character of text) {
    width += characterWidth(character);
    if (width > columns) break;
    kept += character;
  }
  return kept;
}

function ending(text: string, columns: number): string {
  let kept = "";
  let width = 0;
  for (const character of [...text].reverse()) {
    width += characterWidth(character);
    if (width > columns) break;
    kept = character + kept;
  }
  return kept;
}
