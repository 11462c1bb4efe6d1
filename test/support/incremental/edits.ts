import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Files, Repository } from "../repository.ts";

/** A change of a repository's files, and what it is in words. */
export interface Edit {
  readonly what: string;
  readonly files: Files;
}

/** A source of edits: chooses by numbers from 0 to below 1. */
export interface EditSource {
  readonly random: () => number;
  /** Files that may appear. */
  readonly appearing: Files;
  /** Which files are edited. */
  readonly isEdited: (file: string) => boolean;
  /** The kinds of edits, as often as they are to come; pytest's where it is left out. */
  readonly kinds?: readonly EditKind[];
}

/** A kind of edit in words, and what makes one of a file; null where it does not apply. */
export type EditKind = readonly [string, MakeEdit];
type MakeEdit = (file: string, text: string, random: () => number) => Files | null;

/** A random edit of the files that git knows. */
export async function randomEdit(
  repository: Repository,
  { random, appearing, isEdited, kinds = pythonKinds }: EditSource,
): Promise<Edit> {
  const files = (await repository.git("ls-files")).split("\n").filter(isEdited);
  for (;;) {
    const [what, make] = chosen(kinds, random);
    if (what === "appears") {
      const [file, text] = chosen(Object.entries(appearing), random);
      if (!files.includes(file)) return { what: `${file} appears`, files: { [file]: text } };
      continue;
    }
    const file = chosen(files, random);
    const text = await readFile(join(repository.root, file), "utf8");
    const changed = make(file, text, random);
    if (changed !== null && changed[file] !== text) return { what: `${what} in ${file}`, files: changed };
  }
}

const isPython = (file: string): boolean => file.endsWith(".py");

/** Edits a random line that matches. */
export function editLine(
  pattern: RegExp,
  write: (line: string, random: () => number) => string,
  isMeant: (file: string) => boolean = isPython,
): MakeEdit {
  return (file, text, random) => {
    if (!isMeant(file)) return null;
    const lines = text.split("\n");
    const places = lines.flatMap((line, index) => (pattern.test(line) ? [index] : []));
    if (places.length === 0) return null;
    const place = chosen(places, random);
    lines[place] = write(lines[place] ?? "", random);
    return { [file]: lines.join("\n") };
  };
}

export const bumpNumber = (line: string): string => line.replace(/\b(\d+)\b/, (digits) => String(Number(digits) + 1));
export const indentOf = (line: string): string => /^\s*/.exec(line)?.[0] ?? "";

/** Whether a file is data, by its name. */
export const isData = (file: string): boolean => /\.(?:json|txt|csv)$/.test(file) && !file.includes("config");

/** Edits of any file, whatever its language. */
export const fileKinds: readonly EditKind[] = [
  ["a word of a data file", editLine(/\w/, bumpOrWord, isData)],
  ["a word of a data file", editLine(/\w/, bumpOrWord, isData)],
  ["a file less", (file) => ({ [file]: null })],
  ["a renamed file", (file, text) => ({ [file]: null, [file.replace(/(\w+)(\.\w+)$/, "$1_renamed$2")]: text })],
  ["appears", () => null],
  ["appears", () => null],
];

const pythonKinds: readonly EditKind[] = [
  ["a number of a body", editLine(/^\s+.*\b\d+\b/, bumpNumber)],
  ["a number of a body", editLine(/^\s+(?:return|if|total|n) .*\b\d+\b/, bumpNumber)],
  ["another number of the module level", editLine(/^\S.*\b\d+\b/, bumpNumber)],
  [
    "an operator",
    editLine(/^\s+.* [+*] /, (line) => line.replace(/ ([+*]) /, (_, sign) => (sign === "+" ? " * " : " + "))),
  ],
  ["a comment before a line", editLine(/^\s*\S/, (line) => `${indentOf(line)}# Words\n${line}`)],
  ["a comment after a line", editLine(/^[^"'#]*[\w)]$/, (line) => `${line}  # words`)],
  ["an exclusion", editLine(/^\s+(?:return|if) .*[^:]$/, (line) => `${line}  # pragma: no cover`)],
  ["an empty line", editLine(/^(?:def|class| {4}def) /, (line) => `\n\n${line}`)],
  ["a statement", editLine(/^\s+return /, (line) => `${indentOf(line)}_extra = 1\n${line}`)],
  ["a raised error", editLine(/^\s+return /, (line) => `${indentOf(line)}raise ValueError\n${line}`)],
  [
    "a condition",
    editLine(/^\s+return /, (line) => `${indentOf(line)}if not __name__:\n${indentOf(line)}    return None\n${line}`),
  ],
  ["a default", editLine(/^\s*def \w+\(\w+, \w+\)/, (line) => line.replace(/\)/, "=2)"))],
  ["a parameter more", editLine(/^def \w+\(\w+/, (line) => line.replace(/\):/, ", extra=None):"))],
  ["a broken line", editLine(/^\s+return /, (line) => `${line} +`)],
  ["a new function", (file, text) => (isPython(file) ? { [file]: `${text}\n\ndef added():\n    return 1\n` } : null)],
  [
    "functions in another order",
    (file, text, random) => {
      const parts = text.split(/\n\n\n(?=def )/);
      if (!isPython(file) || parts.length < 3) return null;
      const place = 1 + Math.floor(random() * (parts.length - 2));
      const [one = "", other = ""] = parts.slice(place, place + 2).map((part) => part.replace(/\n*$/, ""));
      parts.splice(place, 2, other, one);
      return { [file]: `${parts.map((part) => part.replace(/\n*$/, "")).join("\n\n\n")}\n` };
    },
  ],
  [
    "a function less",
    (file, text, random) => {
      const parts = text.split(/\n\n\n(?=def )/);
      if (!isPython(file) || parts.length < 2) return null;
      parts.splice(1 + Math.floor(random() * (parts.length - 1)), 1);
      return { [file]: `${parts.join("\n\n\n").replace(/\n*$/, "")}\n` };
    },
  ],
  [
    "a setting",
    editLine(
      /^branch/,
      (line) => line.replace("true", "false"),
      (file) => file === "pyproject.toml",
    ),
  ],
  ...fileKinds,
];

function bumpOrWord(line: string): string {
  return /\d/.test(line) ? bumpNumber(line) : line.replace(/[A-Za-z]+/, "Other");
}

function chosen<Item>(items: readonly Item[], random: () => number): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error("There is nothing to choose from.");
  return item;
}
