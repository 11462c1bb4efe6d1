import { createHash } from "node:crypto";

/** A body after merging. */
export interface MergedBody {
  readonly body: string;
  /** Whether somebody edited our block or its markers; the body is then unchanged. */
  readonly isEdited: boolean;
}

/** Our block within a body. */
export interface Block {
  /** Its start and end in the body, including markers. */
  readonly start: number;
  readonly end: number;
  /** Attributes of its first marker, besides the digest. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Whether it was edited: its digest differs or is missing. */
  readonly isEdited: boolean;
}

/**
 * Our text between markers. The first marker contains the attributes and a digest that reveals edits. The text cannot
 * contain a marker.
 */
export function markedBlock(text: string, attributes: Readonly<Record<string, string>> = {}): string {
  const content = text.replace(/<!--(?=\s*pushproof:)/g, "&lt;!--").trim();
  const all = { ...attributes, sha256: digestOf(content) };
  const pairs = Object.entries(all).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `<!-- pushproof:begin ${pairs.join(" ")} -->\n\n${content}\n\n<!-- pushproof:end -->`;
}

/**
 * Updates an existing body. `ours` contains a marked block, which replaces the one in the body; text around it stays
 * unchanged, and a body without markers gets the block at its end. An edited block stays. An empty body becomes `ours`.
 */
export function mergedBody(present: string, ours: string): MergedBody {
  if (present.trim() === "") return { body: ours, isEdited: false };
  const block = blockIn(present);
  if (block === "broken") return { body: present, isEdited: true };
  const written = blockTextOf(ours);
  if (block === null) return { body: appended(present, written), isEdited: false };
  if (block.isEdited) return { body: present, isEdited: true };
  return { body: present.slice(0, block.start) + written + present.slice(block.end), isEdited: false };
}

/**
 * The same where our block was edited and the author agrees to replace it. Unless there is exactly one pair of markers,
 * only the markers are removed and ours is appended.
 */
export function forcedBody(present: string, ours: string): string {
  const block = blockIn(present);
  const written = blockTextOf(ours);
  if (block !== null && block !== "broken") return present.slice(0, block.start) + written + present.slice(block.end);
  return appended(present.replace(new RegExp(`${marker.source}[ \\t]*\\r?\\n?`, "g"), ""), written);
}

/** Our block in a body; null without markers, `broken` unless they are one pair. */
export function blockIn(body: string): Block | "broken" | null {
  const markers = [...body.matchAll(marker)];
  if (markers.length === 0) return null;
  const [first, last] = markers;
  if (markers.length !== 2 || first?.[1] !== "begin" || last?.[1] !== "end") return "broken";
  const contentStart = first.index + first[0].length;
  const { sha256, ...attributes } = attributesOf(first[2] ?? "");
  return {
    start: first.index,
    end: last.index + last[0].length,
    attributes,
    isEdited: sha256 !== digestOf(body.slice(contentStart, last.index)),
  };
}

/** The text around our block, or the whole body unless there is one pair of markers. */
export function aroundBlock(body: string): string {
  const block = blockIn(body);
  return block === null || block === "broken" ? body : `${body.slice(0, block.start)}${body.slice(block.end)}`;
}

/** The text with the block below, separated by a blank line. */
export function appended(text: string, block: string): string {
  const gap = /\n\r?\n$/.test(text) ? "" : text.endsWith("\n") ? "\n" : "\n\n";
  return `${text}${gap}${block}\n`;
}

/** A digest of sixteen hexadecimal digits; ignores line ends, which hosts and editors may change. */
export function digestOf(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trimEnd());
  return createHash("sha256").update(lines.join("\n").trim()).digest("hex").slice(0, 16);
}

const marker = /<!--[ \t]*pushproof:(begin|end)\b([^>]*?)-->/g;

function attributesOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([\w-]+)=(\S+)/g)];
  return Object.fromEntries(pairs.map(([, name = "", value = ""]) => [name, decoded(value)]));
}

/** Hand-written values may be malformed. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function blockTextOf(ours: string): string {
  const block = blockIn(ours);
  return block === null || block === "broken" ? ours.trim() : ours.slice(block.start, block.end);
}
