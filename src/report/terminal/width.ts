import cliTruncate from "cli-truncate";
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";

/** How many columns of a terminal a line takes; colors take none. */
export function widthOf(text: string): number {
  // Most names are plain, and this is asked ten times a second for each of them.
  return /^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text);
}

/** The text, or its beginning and "…" where it takes more columns than that. */
export function clipToWidth(text: string, columns: number): string {
  return truncate(text, columns, "end");
}

/**
 * A file's name in so many columns: its directories go first, as "…/test_ledger.py", and where its own name is too long
 * by itself, the middle of that: the end tells a file from its like more often than the beginning, which tends to be "test_".
 */
export function shortFile(file: string, columns: number): string {
  const parts = file.split("/");
  const name = parts.at(-1) ?? "";
  const candidates = [file, ...parts.slice(1).map((_, index) => `…/${parts.slice(index + 1).join("/")}`), name];
  return candidates.find((candidate) => widthOf(candidate) <= columns) ?? truncate(name, columns, "middle");
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
  const indent = /^ */.exec(line)?.[0].length ?? 0;
  const words = line.trim().split(/ (?=\S)/);
  const wrap = (text: readonly string[], columns: number): string[] =>
    wrapAnsi(text.join(" "), Math.max(1, columns), { trim: false }).split("\n");
  // The first line has more room than those that are set in.
  const [first = ""] = wrap(words, columns - indent);
  const others = words.slice(first.trimEnd().split(/ (?=\S)/).length);
  const rest = others.length === 0 ? [] : wrap(others, columns - indent - further);
  return [" ".repeat(indent) + first.trimEnd(), ...rest.map((other) => " ".repeat(indent + further) + other.trim())];
}

function truncate(text: string, columns: number, position: "end" | "middle"): string {
  let room = Math.max(0, columns);
  let cut = cliTruncate(text, room, { position });
  // A character of two columns that lies on the edge is kept whole, which is one column too many.
  while (widthOf(cut) > columns && room > 0) {
    room -= 1;
    cut = cliTruncate(text, room, { position });
  }
  return cut;
}
