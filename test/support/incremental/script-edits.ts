import { bumpNumber, type EditKind, editLine, fileKinds, indentOf } from "./edits.ts";

const isScript = (file: string): boolean => /\.[cm]?[jt]sx?$/.test(file);
const isTypeScript = (file: string): boolean => /\.tsx?$/.test(file);
const line = (pattern: RegExp, write: (line: string, random: () => number) => string, isMeant = isScript) =>
  editLine(pattern, write, isMeant);

/** Functions of a module that are written one after the other, with an empty line between. */
function parted(text: string): string[] {
  return text.split(/\n\n(?=export function )/).map((part) => part.replace(/\n*$/, ""));
}

/** The kinds of edits of JavaScript and TypeScript. */
export const scriptKinds: readonly EditKind[] = [
  ["a number of a body", line(/^\s+.*\b\d+\b/, bumpNumber)],
  ["a number of a body", line(/^\s+(?:return|if|const|let) .*\b\d+\b/, bumpNumber)],
  ["another number of the module level", line(/^\S.*\b\d+\b/, bumpNumber)],
  ["an operator", line(/ [+*] /, (text) => text.replace(/ ([+*]) /, (_, sign) => (sign === "+" ? " * " : " + ")))],
  [
    "a comment before a line",
    line(/^\s*(?:export|const|return|if|import|expect)\b/, (text) => `${indentOf(text)}// Words\n${text}`),
  ],
  [
    "a comment before a line",
    line(/^\s+(?:return|if|const|let)\b/, (text) => `${indentOf(text)}/* Words */ ${text.trim()}`),
  ],
  ["a comment after a line", line(/[;{]$/, (text) => `${text} // words`)],
  ["an exclusion", line(/^\s+(?:return|if)\b/, (text) => `${indentOf(text)}/* v8 ignore next */\n${text}`)],
  ["empty lines", line(/^(?:export|const|function|class| {2}\w+\()/, (text) => `\n\n${text}`)],
  ["a statement", line(/^\s+return /, (text) => `${indentOf(text)}globalThis.extra = 1;\n${text}`)],
  ["a thrown error", line(/^\s+return /, (text) => `${indentOf(text)}if (1 < 2) throw new Error("no");\n${text}`)],
  ["a condition", line(/^\s+return /, (text) => `${indentOf(text)}if (globalThis.nothing) return undefined;\n${text}`)],
  ["a default", line(/^export function \w+\(\w+: number\)/, (text) => text.replace(": number)", ": number = 2)"))],
  ["a type", line(/: number\b/, (text) => text.replace(": number", ": number | bigint"), isTypeScript)],
  ["a new type", (file, text) => (isTypeScript(file) ? { [file]: `export type Added = { one: 1 };\n${text}` } : null)],
  [
    "another name of an interface's field",
    line(/^ {2}\w+\??: \w+;$/, (text) => text.replace(/(\w+)\??:/, "$1Other:"), isTypeScript),
  ],
  ["a broken line", line(/^\s+return /, (text) => `${text} +`)],
  [
    "a new function",
    (file, text) => (isScript(file) ? { [file]: `${text}\nexport function added() {\n  return 1;\n}\n` } : null),
  ],
  [
    "functions in another order",
    (file, text, random) => {
      const parts = parted(text);
      if (!isScript(file) || parts.length < 3) return null;
      const place = 1 + Math.floor(random() * (parts.length - 2));
      parts.splice(place, 2, parts[place + 1] ?? "", parts[place] ?? "");
      return { [file]: `${parts.join("\n\n")}\n` };
    },
  ],
  [
    "a function less",
    (file, text, random) => {
      const parts = parted(text);
      if (!isScript(file) || parts.length < 2) return null;
      parts.splice(1 + Math.floor(random() * (parts.length - 1)), 1);
      return { [file]: `${parts.join("\n\n")}\n` };
    },
  ],
  ["an import less", line(/^import .*from "\.\.?\//, () => "")],
  [
    "a renamed directory",
    (file, text) =>
      /\/index\.ts$/.test(file)
        ? { [file]: null, [file.replace("/index.ts", ".ts")]: text.replaceAll('"./', `"./${file.split("/").at(-2)}/`) }
        : null,
  ],
  ...fileKinds,
];
