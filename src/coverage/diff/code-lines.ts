import { readFileSync } from "node:fs";

/** What excludes code from coverage, in the dialects of coverage.py, istanbul, c8, V8, Node and gcov. */
const exclusion =
  /#\s*pragma[:\s]\s*no\s*(?:cover|branch)\b|(?:\/\*|\/\/|<!--|^\s*\*)\s*(?:[@#]\s*)?(?:v8|c8|istanbul|node:coverage)\s+(?:ignore|disable)\b|\b(?:LCOV|GCOVR?)_EXCL_(?:LINE|START|BR_LINE|BR_START)\b/i;

/** Whether a line carries a comment that excludes code from coverage. */
export function isExclusion(text: string): boolean {
  return exclusion.test(text);
}

/** As `likelyCode`, of a file at an absolute path; none where it cannot be read. */
export function likelyCodeIn(path: string): ReadonlySet<number> {
  try {
    return likelyCode(path, readFileSync(path, "utf8"));
  } catch {
    return new Set();
  }
}

interface Line {
  /** The first line of a file is 1. */
  readonly line: number;
  readonly text: string;
}

/**
 * Of a whole file that nobody measured, the lines that most likely can run: those with a word in them that are no comment. A
 * file of TypeScript that holds nothing but types has none.
 */
export function likelyCode(file: string, text: string): ReadonlySet<number> {
  const lines = text.split(/\r?\n/).map((one, index) => ({ line: index + 1, text: one }));
  const code = withoutComments(lines, file.endsWith(".py"));
  const holdsNone = /\.[cm]?tsx?$/.test(file) && holdsOnlyTypes(code);
  return new Set(holdsNone ? [] : code.filter(({ text: one }) => /\w/.test(one)).map(({ line }) => line));
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
/** What goes on with a type that is open. */
const typeGoesOn = /^(?:[\])}|&>?:=]|extends\b)/;

/** Every line begins a type, stands between its brackets, or goes on with it. */
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

/** Whether a JavaScript text does nothing but hand on what other files export: of that nobody counts a line. */
export function onlyReexports(text: string): boolean {
  const rest = text
    .replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|^#!.*$/gm, "")
    .replace(
      /\b(?:import|export)\b[^;"'=()]*?\bfrom\s*["'][^"']*["']|\bimport\s*["'][^"']*["']|^\s*["']use \w+["']/gm,
      "",
    );
  return text.trim() !== "" && !/\w/.test(rest);
}

/** The same of a file at an absolute path; false where it cannot be read. */
export function fileOnlyReexports(path: string): boolean {
  try {
    return onlyReexports(readFileSync(path, "utf8"));
  } catch {
    return false;
  }
}
