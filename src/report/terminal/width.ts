import { stripVTControlCharacters } from "node:util";
import cliTruncate from "cli-truncate";
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";

/** The columns that a line takes on a terminal, ignoring colors. */
export function widthOf(text: string): number {
  const plain = text.includes("\u001b") ? stripVTControlCharacters(text) : text;
  return narrow.test(plain) ? plain.length : stringWidth(text);
}

/**
 * Latin letters and the signs of our own lines, a column each. Most text has no others, and string-width's own tables of
 * emoji take longer to compile than the rest of a small run's output.
 */
const narrow =
  /^[\x20-\x7e\xa1-\xac\xae-\u02af\u2010-\u2015\u2018-\u201e\u2022\u2026\u203a\u2190-\u2193\u2500-\u25a1\u2713\u2714\u2717\u2718]*$/;

/** The text, cut with "…" to so many columns. */
export function clipToWidth(text: string, columns: number): string {
  return truncate(text, columns, "end");
}

/**
 * A file's name in so many columns: directories are dropped first ("…/test_ledger.py"), then the middle of the name, as
 * ends differ more than beginnings such as "test_".
 */
export function shortFile(file: string, columns: number): string {
  const parts = file.split("/");
  const name = parts.at(-1) ?? "";
  const candidates = [file, ...parts.slice(1).map((_, index) => `…/${parts.slice(index + 1).join("/")}`), name];
  return candidates.find((candidate) => widthOf(candidate) <= columns) ?? truncate(name, columns, "middle");
}

/** Pads the text with spaces to so many columns. */
export function padToWidth(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}

/**
 * Wraps a line between words; continuation lines have the first one's indentation plus `further`. Longer words are left
 * to the terminal.
 */
export function wrapWords(line: string, columns: number, further = 2): string[] {
  if (widthOf(line) <= columns) return [line];
  const indent = /^ */.exec(line)?.[0].length ?? 0;
  const words = line.trim().split(/ (?=\S)/);
  const wrap = (text: readonly string[], columns: number): string[] =>
    wrapAnsi(text.join(" "), Math.max(1, columns), { trim: false }).split("\n");
  // The first line has more room than indented ones.
  const [first = ""] = wrap(words, columns - indent);
  const others = words.slice(first.trimEnd().split(/ (?=\S)/).length);
  const rest = others.length === 0 ? [] : wrap(others, columns - indent - further);
  return [" ".repeat(indent) + first.trimEnd(), ...rest.map((other) => " ".repeat(indent + further) + other.trim())];
}

function truncate(text: string, columns: number, position: "end" | "middle"): string {
  let room = Math.max(0, columns);
  let cut = cliTruncate(text, room, { position });
  // A wide character at the edge is kept whole, so a line may be a column too long.
  while (widthOf(cut) > columns && room > 0) {
    room -= 1;
    cut = cliTruncate(text, room, { position });
  }
  return cut;
}
