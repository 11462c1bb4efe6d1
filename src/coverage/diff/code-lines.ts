import { readFileSync } from "node:fs";

/** Comments that exclude code from coverage, for coverage.py, istanbul, c8, V8, Node and gcov. */
const exclusion =
  /#\s*pragma[:\s]\s*no\s*(?:cover|branch)\b|(?:\/\*|\/\/|<!--|^\s*\*)\s*(?:[@#]\s*)?(?:v8|c8|istanbul|node:coverage)\s+(?:ignore|disable)\b|\b(?:LCOV|GCOVR?)_EXCL_(?:LINE|START|BR_LINE|BR_START)\b/i;

/** Whether a line has a comment that excludes code from coverage. */
export function isExclusion(text: string): boolean {
  return exclusion.test(text);
}

interface Line {
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
}

/**
 * The lines of an unmeasured file, at an absolute path, that are probably executable: those with a word that are not
 * comments. A TypeScript file with only types has none, nor has one that cannot be read.
 */
export function likelyCodeIn(path: string): ReadonlySet<number> {
  const lines = linesIn(path);
  const code = withoutComments(lines, path.endsWith(".py"));
  const holdsNone = /\.[cm]?tsx?$/.test(path) && holdsOnlyTypes(code);
  return new Set(holdsNone ? [] : code.filter(({ text: one }) => /\w/.test(one)).map(({ line }) => line));
}

function linesIn(path: string): Line[] {
  try {
    const text = readFileSync(path, "utf8");
    return text.split(/\r?\n/).map((one, index) => ({ line: index + 1, text: one }));
  } catch {
    return [];
  }
}

function withoutComments(lines: readonly Line[], isPython: boolean): Line[] {
  let closing: string | null = null;
  return lines.filter(({ text }) => {
    const line = text.trim();
    if (closing !== null) {
      if (line.includes(closing)) closing = null;
      return false;
    }
    const opening = isPython ? /^[rRbBuU]?("""|''')/.exec(line)?.[1] : line.startsWith("/*") ? "*/" : undefined;
    if (opening !== undefined) {
      const body = line.slice(line.indexOf(isPython ? opening : "/*") + opening.length);
      if (!body.includes(opening)) closing = opening;
      return false;
    }
    return line !== "" && !line.startsWith(isPython ? "#" : "//");
  });
}

const typeBegins =
  /^(?:import\b|export\s+(?:type|interface|declare|\*|\{)|(?:declare\s+)?(?:interface|type|namespace|global|module)\b)/;
/** Continues an open type declaration. */
const typeGoesOn = /^(?:[\])}|&>?:=]|extends\b)/;

/** Whether every line begins a type, is inside its brackets, or continues it. */
function holdsOnlyTypes(code: readonly Line[]): boolean {
  let depth = 0;
  let isOpen = false;
  for (const { text } of code) {
    const line = text.trim();
    if (depth === 0 && !typeBegins.test(line) && !(isOpen && typeGoesOn.test(line))) return false;
    depth += (line.match(/[({[]/g)?.length ?? 0) - (line.match(/[)}\]]/g)?.length ?? 0);
    if (depth === 0) isOpen = !line.endsWith(";");
  }
  return true;
}

/** Whether a JavaScript text only re-exports from other files; coverage tools count no line of it. */
export function onlyReexports(text: string): boolean {
  const rest = text
    .replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|^#!.*$/gm, "")
    .replace(
      /\b(?:import|export)\b[^;"'=()]*?\bfrom\s*["'][^"']*["']|\bimport\s*["'][^"']*["']|^\s*["']use \w+["']/gm,
      "",
    );
  return text.trim() !== "" && !/\w/.test(rest);
}

/** `onlyReexports` for the file at an absolute path; false where it cannot be read. */
export function fileOnlyReexports(path: string): boolean {
  try {
    return onlyReexports(readFileSync(path, "utf8"));
  } catch {
    return false;
  }
}
