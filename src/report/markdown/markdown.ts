import { plainLine, plainText } from "../../shared/text.ts";

/** Text as one line of Markdown, also for table cells: never markup, never a mention. */
export function escapeMarkdown(text: string): string {
  return plainLine(text)
    .replace(/[\\`*[\]|~$]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replace(mention, silentMention)
    .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, "\\_")
    .replace(/^(#{1,6} |[-+](?=[ -]|$)|=)/, "\\$1")
    .replace(/^(\d+)([.)])(?= |$)/, "$1\\$2");
}

/** What hosts take for a mention, including `@types/node`; email addresses are none. */
export const mention = /(?<![A-Za-z0-9])@(?=[A-Za-z0-9])/g;
/** Looks the same but mentions nobody, due to a zero-width space. */
export const silentMention = "@&#8203;";

/**
 * A name as inline code, also for table cells. Backticks, and pipes in tables, are written as entities.
 * pipe) is written with entities.
 */
export function code(text: string): string {
  const line = plainLine(text);
  if (/^[^`|]+$/.test(line)) return `\`${line}\``;
  return `<code>${line.replace(/[^\p{L}\p{N} ]/gu, (character) => `&#${character.codePointAt(0)};`)}</code>`;
}

/** A fenced block whose fence is longer than any in the text. */
export function fencedBlock(text: string, language = ""): string {
  const content = plainText(text).trimEnd();
  const longest = Math.max(2, ...[...content.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${content}\n${fence}`;
}

/** A table of Markdown cells; the columns in `numbers` (counted from 0) are right-aligned. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[] = [],
): string {
  const rule = header.map((_, column) => (numbers.includes(column) ? "---:" : "---"));
  return [header, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** A list of Markdown items. */
export function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join("\n");
}

/** A section with its heading, or null where it is empty. */
export function section(heading: string, ...parts: readonly (string | null)[]): string | null {
  const content = joined(parts);
  return content === "" ? null : `## ${heading}\n\n${content}`;
}

/** A section that is folded until a reader opens it, its title plain text; null where it has nothing to say. */
export function folded(title: string, ...parts: readonly (string | null)[]): string | null {
  const content = joined(parts);
  return content === "" ? null : `<details>\n<summary>${title}</summary>\n\n${content}\n\n</details>`;
}

/** The non-empty parts, separated by blank lines. */
export function joined(parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null && part !== "").join("\n\n");
}
