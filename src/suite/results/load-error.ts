import { escapedForPattern } from "../../shared/patterns.ts";

const errorBegins = /^(?:Uncaught )?(?:\[?[A-Z]\w*)?(?:Error|Exception)\b(?: \[\w+\])?(?::|$)/;
/** How node introduces the line of code where an error was thrown. */
const place = /^(?:file:\/\/)?((?:\/|node:)\S*):\d+$/;
const stackLine = /^\s*at /;

/**
 * The error of a JavaScript file that could not be loaded: message first, then the position in the checkout, without
 * jest's general advice, node's framing and the stack.
 */
export function loadError(message: string, checkoutRoot: string): string {
  const all = message
    .replace(/^\s*● Test suite failed to run[^\S\n]*\n/, "")
    .replace(/^\s*Jest encountered an unexpected token[\s\S]*?\n\s*Details:[^\S\n]*\n/, "")
    .split("\n")
    .map((line) => line.trimEnd());
  const lines = withoutIndent(all);
  // Drops other output that the process printed before the error.
  const printed = lines.findLastIndex((line, index) => place.test(line) && lines.slice(index).some(isError));
  const start = printed === -1 ? 0 : lines.findIndex((line, index) => index > printed && errorBegins.test(line));
  const isOwn = (path: string): boolean =>
    new RegExp(`(^|[\\s(/])${escapedForPattern(checkoutRoot)}/(?!.*node_modules/)`).test(path);
  const lead = printed === -1 ? [] : lines.slice(printed, start);
  const stack = lines.findIndex((line, index) => index >= start && stackLine.test(line));
  const words = stack === -1 ? lines.slice(start) : lines.slice(start, stack);
  const where = isOwn(lead[0] ?? "") ? lead : lines.filter((line) => stackLine.test(line) && isOwn(line)).slice(0, 1);
  const isBoilerplate = /^Node\.js v\d|^Require stack:$|^- (\/|node:|internal)/;
  return (
    [...words, ...where]
      .filter((line) => line !== "" && !isBoilerplate.test(line))
      // After the stack, node prints the other properties of the error.
      .map((line) => (stackLine.test(line) ? line.replace(/ \{$/, "") : line))
      .join("\n")
      .trim()
  );
}

function isError(line: string): boolean {
  return errorBegins.test(line);
}

function withoutIndent(lines: readonly string[]): string[] {
  const indents = lines.filter((line) => line !== "").map((line) => line.length - line.trimStart().length);
  const least = Math.min(...indents, Number.MAX_SAFE_INTEGER);
  return lines.map((line) => line.slice(Math.min(least, line.length)));
}
