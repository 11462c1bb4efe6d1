import { clip, plainText } from "../../shared/text.ts";
import { mention, silentMention } from "../markdown/markdown.ts";

const codeParts = /(^ {0,3}(`{3,}|~{3,})[^\n]*\n[\s\S]*?^ {0,3}\2[`~]*[ \t]*$|`[^`\n]+`)/gm;

/**
 * A commit message as its author's Markdown, cut to so many characters. Mentions are disabled, and open comments or
 * code blocks are closed.
 */
export function authorsWords(message: string, length: number): string {
  const text = clip(plainText(message), length);
  return closedFence(closedComments(silenced(text)));
}

/** Mentions only work outside of code. */
function silenced(text: string): string {
  let end = 0;
  let written = "";
  for (const match of text.matchAll(codeParts)) {
    written += text.slice(end, match.index).replace(mention, silentMention) + match[0];
    end = match.index + match[0].length;
  }
  return written + text.slice(end).replace(mention, silentMention);
}

function closedComments(text: string): string {
  const open = text.lastIndexOf("<!--");
  if (open === -1 || text.includes("-->", open)) return text;
  return closedComments(`${text.slice(0, open)}&lt;!--${text.slice(open + 4)}`);
}

/** A code block needs a closing fence of the same kind and at least the same length. */
function closedFence(text: string): string {
  let open = "";
  for (const line of text.split("\n")) {
    const [, fence = "", rest = ""] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (fence === "") continue;
    if (open === "") open = fence;
    else if (fence.startsWith(open) && rest.trim() === "") open = "";
  }
  return open === "" ? text : `${text}\n${open}`;
}
