import type { AddedLine } from "./added-lines.ts";

/** What excludes code from coverage, in the dialects of coverage.py, istanbul, c8, V8, Node and gcov. */
const exclusion =
  /#\s*pragma:\s*no\s*(?:cover|branch)|(?:\/\*|\/\/|<!--)\s*(?:[@#]\s*)?(?:v8|c8|istanbul|node:coverage)\s+(?:ignore|disable)\b|\b(?:LCOV|GCOVR?)_EXCL_(?:LINE|START|BR_LINE|BR_START)\b/i;

/** Whether a line carries a comment that excludes code from coverage. */
export function isExclusion(text: string): boolean {
  return exclusion.test(text);
}

/**
 * Of a file that nobody measured, the lines that most likely can run: those with a word in them that are no comment. A
 * file of TypeScript that holds nothing but types has none.
 */
export function likelyCode(file: string, lines: readonly AddedLine[]): readonly AddedLine[] {
  const isPython = file.endsWith(".py");
  const code = withoutComments(lines, isPython);
  return !isPython && holdsOnlyTypes(code) ? [] : code;
}

function withoutComments(lines: readonly AddedLine[], isPython: boolean): AddedLine[] {
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
    return /\w/.test(line) && !line.startsWith(isPython ? "#" : "//");
  });
}

const typeBegins =
  /^(?:import\b|export\s+(?:type|interface|declare|\*|\{)|(?:declare\s+)?(?:interface|type|namespace)\b)/;

/** Every line that begins at the margin begins a type, or goes on with one. */
function holdsOnlyTypes(code: readonly AddedLine[]): boolean {
  return code.every(({ text }) => /^\s/.test(text) || typeBegins.test(text) || /^[\])}|&>]/.test(text));
}
