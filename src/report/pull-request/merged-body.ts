import { createHash } from "node:crypto";

/** What became of a body. */
export interface MergedBody {
  readonly body: string;
  /** Whether somebody edited our block, or its markers: then the body is left as it is. */
  readonly isEdited: boolean;
}

/** Our block in a body. */
export interface Block {
  /** Where it begins and ends in the body, markers included. */
  readonly start: number;
  readonly end: number;
  /** What its first marker tells beside the digest. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Whether it is not what was written: its digest differs, or is gone. */
  readonly isEdited: boolean;
}

/**
 * Our text between markers: the first one holds what the attributes tell, and a digest that tells whether the text was
 * edited since. The text cannot hold a marker itself.
 */
export function markedBlock(text: string, attributes: Readonly<Record<string, string>> = {}): string {
  const content = text.replace(/<!--(?=\s*pushproof:)/g, "&lt;!--").trim();
  const all = { ...attributes, sha256: digestOf(content) };
  const told = Object.entries(all).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `<!-- pushproof:begin ${told.join(" ")} -->\n\n${content}\n\n<!-- pushproof:end -->`;
}

/**
 * A body that is there already, with our text as it now is. `ours` holds a marked block, which takes the place of the one
 * in the body; everything around that stays byte for byte, and a body without markers keeps all of its text above the
 * block. A block that somebody edited is left alone. An empty body becomes `ours` as a whole.
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
 * The same where our block was edited, for an author who says that it may go: ours takes its place; where the markers are not
 * one pair, nothing says how far ours went, so that only they go, and ours stands below the rest.
 */
export function forcedBody(present: string, ours: string): string {
  const block = blockIn(present);
  const written = blockTextOf(ours);
  if (block !== null && block !== "broken") return present.slice(0, block.start) + written + present.slice(block.end);
  return appended(present.replace(new RegExp(`${marker.source}[ \\t]*\\r?\\n?`, "g"), ""), written);
}

/** Our block in a body; null where there is no marker, `broken` where the markers are not one pair. */
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

/** What of a body is not ours: the text around the block. Where the markers are not one pair, all of it. */
export function aroundBlock(body: string): string {
  const block = blockIn(body);
  return block === null || block === "broken" ? body : `${body.slice(0, block.start)}${body.slice(block.end)}`;
}

/** The text with the block below it, a blank line between them. */
export function appended(text: string, block: string): string {
  const gap = /\n\r?\n$/.test(text) ? "" : text.endsWith("\n") ? "\n" : "\n\n";
  return `${text}${gap}${block}\n`;
}

/** Sixteen hexadecimal digits that tell whether a text changed; hosts and editors may change its line ends. */
export function digestOf(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trimEnd());
  return createHash("sha256").update(lines.join("\n").trim()).digest("hex").slice(0, 16);
}

const marker = /<!--[ \t]*pushproof:(begin|end)\b([^>]*?)-->/g;

function attributesOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([\w-]+)=(\S+)/g)];
  return Object.fromEntries(pairs.map(([, name = "", value = ""]) => [name, decoded(value)]));
}

/** What somebody wrote there by hand may not be what we would have. */
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
