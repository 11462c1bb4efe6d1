import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SimpleGit } from "simple-git";

/** A line that a diff adds. */
export interface AddedLine {
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
  /** Whether git also found it among the removed lines. */
  readonly isMoved: boolean;
}

/** The lines that a diff adds, by file, relative to the repository's root. */
export type AddedLines = ReadonlyMap<string, readonly AddedLine[]>;

export interface AddedLinesRequest {
  /** Git in the checkout that is verified. */
  readonly git: SimpleGit;
  /** The merge base's object id. */
  readonly from: string;
  /** The commit's object id; null for the working tree, including untracked files. */
  readonly to: string | null;
  /** Pathspecs of the relevant files. */
  readonly pathspecs: readonly string[];
}

const green = "32";
const magenta = "35";
/** Overrides any user settings that would change the output. */
const settings = [
  ...["-c", "core.quotePath=false", "-c", "color.diff.new=green", "-c", "color.diff.newMoved=magenta"],
  ...["-c", "color.diff.meta=normal", "-c", "color.diff.frag=normal", "-c", "color.diff.func=normal"],
  ...["-c", "diff.suppressBlankEmpty=false"],
];
const options = [
  ...["--unified=0", "--find-renames", "--color=always", "--color-moved=blocks", "--color-moved-ws=no"],
  ...["--ws-error-highlight=none", "--no-ext-diff", "--no-textconv", "--no-relative", "--inter-hunk-context=0"],
  ...["--src-prefix=a/", "--dst-prefix=b/", "--submodule=short", "--ignore-submodules=all"],
  // Includes files that attributes or NUL bytes mark as binary.
  ...["--text", "--diff-algorithm=myers", "--indent-heuristic", "-l2000", "-O/dev/null"],
];

/** Lines added since a merge base; follows renames and marks moved lines. */
export async function readAddedLines({ git, from, to, pathspecs }: AddedLinesRequest): Promise<AddedLines> {
  // On the base branch itself there is nothing to compare.
  if (from === to) return new Map();
  const range = to === null ? [from] : [from, to];
  const output = await git.raw([...settings, "diff", ...options, ...range, "--", ...pathspecs]);
  const added = parseDiff(output);
  if (to === null) for (const [file, lines] of await untrackedLines(git, pathspecs)) added.set(file, lines);
  return added;
}

/** All lines of an untracked file are new. */
async function untrackedLines(git: SimpleGit, pathspecs: readonly string[]): Promise<Map<string, AddedLine[]>> {
  const root = (await git.raw(["rev-parse", "--show-toplevel"])).replace(/\n$/, "");
  const names = await git.raw(["ls-files", "-z", "--others", "--exclude-standard", "--", ...pathspecs]);
  const files = names.split("\0").filter(Boolean);
  const texts = await Promise.all(files.map((file) => readFile(join(root, file), "utf8").catch(() => "")));
  return new Map(files.map((file, index) => [file, linesOf(texts[index] ?? "")]));
}

function linesOf(text: string): AddedLine[] {
  const lines = text.replace(/\n$/, "").split("\n");
  return lines.map((line, index) => ({ line: index + 1, text: line.replace(/\r$/, ""), isMoved: false }));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: git's color codes.
const painted = /\u001b\[([\d;]*)m/g;

/**
 * Parses `git diff` without context. Lines are counted by hunk headers, so that file content is never taken for diff
 * syntax; colors show which added lines were moved.
 */
function parseDiff(output: string): Map<string, AddedLine[]> {
  const added = new Map<string, AddedLine[]>();
  let file: AddedLine[] | null = null;
  let next = 0;
  let isLink = false;
  let removals = 0;
  let additions = 0;
  for (const raw of output.split("\n")) {
    const text = raw.replace(painted, "");
    if (removals > 0 && text.startsWith("-")) removals -= 1;
    else if (additions > 0 && text.startsWith("+")) {
      additions -= 1;
      file?.push({ line: next, text: text.slice(1).replace(/\r$/, ""), isMoved: colorOf(raw) === magenta });
      next += 1;
    } else if (removals > 0 || additions > 0) continue;
    else if (text.startsWith("diff --git ")) isLink = false;
    else if (/^(?:new file mode|new mode|index \S+) 120000$/.test(text)) isLink = true;
    else if (text.startsWith("+++ ")) {
      const name = nameIn(text.slice("+++ ".length));
      // A symbolic link's target is not a line.
      file = name === null || isLink ? null : [];
      if (name !== null && file !== null) added.set(name, file);
    } else {
      const [, removed, from, more] = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(text) ?? [];
      if (from === undefined) continue;
      removals = Number(removed ?? 1);
      next = Number(from);
      additions = Number(more ?? 1);
    }
  }
  return added;
}

function colorOf(raw: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: git's color codes.
  return /^\u001b\[(\d+)m/.exec(raw)?.[1] ?? green;
}

/** `b/src/a.py`, or quoted as `"b/src/a\tb.py"`; null for a deleted file. */
function nameIn(written: string): string | null {
  // Git ends names that contain spaces with a tab.
  const text = written.replace(/\t$/, "");
  if (text === "/dev/null") return null;
  const name = text.startsWith('"') ? unquoted(text.slice(1, -1)) : text;
  return name.replace(/^b\//, "");
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", v: "\v", f: "\f" };

function unquoted(text: string): string {
  return text.replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (escapes[code] ?? code),
  );
}
