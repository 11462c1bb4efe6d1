import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SimpleGit } from "simple-git";

/** A line that a diff adds. */
export interface AddedLine {
  /** The first line of a file is 1. */
  readonly line: number;
  readonly text: string;
  /** Whether git found it among the lines that the same diff removes. */
  readonly isMoved: boolean;
}

/** The lines that a diff adds, by file, relative to the repo's root. */
export type AddedLines = ReadonlyMap<string, readonly AddedLine[]>;

export interface AddedLinesRequest {
  /** Git in the checkout that is verified. */
  readonly git: SimpleGit;
  /** The merge base's object id. */
  readonly from: string;
  /** The commit's object id; null for the working tree as it lies, with what is not tracked yet. */
  readonly to: string | null;
  /** Pathspecs of the files that matter. */
  readonly pathspecs: readonly string[];
}

const green = "32";
const magenta = "35";
/** A user's settings of any kind must not change what is read. */
const settings = [
  ...["-c", "core.quotePath=false", "-c", "color.diff.new=green", "-c", "color.diff.newMoved=magenta"],
  ...["-c", "color.diff.meta=normal", "-c", "color.diff.frag=normal", "-c", "color.diff.func=normal"],
  ...["-c", "diff.suppressBlankEmpty=false"],
];
const options = [
  ...["--unified=0", "--find-renames", "--color=always", "--color-moved=blocks", "--color-moved-ws=no"],
  ...["--ws-error-highlight=none", "--no-ext-diff", "--no-textconv", "--no-relative", "--inter-hunk-context=0"],
  ...["--src-prefix=a/", "--dst-prefix=b/", "--submodule=short", "--ignore-submodules=all"],
  // What attributes call binary, or has a NUL in it, is read as well.
  ...["--text", "--diff-algorithm=myers", "--indent-heuristic", "-l2000", "-O/dev/null"],
];

/** The lines that are added against a merge base, renames followed, what git takes for moved marked. */
export async function readAddedLines({ git, from, to, pathspecs }: AddedLinesRequest): Promise<AddedLines> {
  const range = to === null ? [from] : [from, to];
  const output = await git.raw([...settings, "diff", ...options, ...range, "--", ...pathspecs]);
  const added = parseDiff(output);
  if (to === null) for (const [file, lines] of await untrackedLines(git, pathspecs)) added.set(file, lines);
  return added;
}

/** Of a file that is not tracked yet every line is new. */
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

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what git paints with.
const painted = /\u001b\[([\d;]*)m/g;

/**
 * Reads `git diff` without context. Lines are counted by what each hunk says it holds, so that no line of a file is taken
 * for one of the diff; the color of an added line says whether it was moved.
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
      // What a symbolic link leads to is no line of it.
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
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what git paints with.
  return /^\u001b\[(\d+)m/.exec(raw)?.[1] ?? green;
}

/** `b/src/a.py`, or `"b/src/a\tb.py"` where a name holds what would end the line; null for a file that is gone. */
function nameIn(written: string): string | null {
  // Git ends a name with spaces in it by a tab.
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
