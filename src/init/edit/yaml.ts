import { isDeepStrictEqual } from "node:util";
import { diff3Merge } from "node-diff3";
import { type Document, parse, parseDocument, type ToStringOptions } from "yaml";

/** Common YAML indentation styles. */
const styles: readonly ToStringOptions[] = [2, 4].flatMap((indent) =>
  [true, false].map((indentSeq) => ({ indent, indentSeq, lineWidth: 0, flowCollectionPadding: false })),
);

/**
 * Edits a YAML text and keeps comments and formatting. Null where the text is invalid, or `change` returns false
 * because nothing can be changed safely.
 */
export function editYaml(text: string, change: (document: Document) => boolean): string | null {
  const document = parseDocument(text);
  if (document.errors.length > 0) return null;
  const lines = new Set(text.split("\n"));
  const strange = (written: string): number => written.split("\n").filter((line) => !lines.has(line)).length;
  const [style] = styles
    .map((options) => ({ options, rewritten: document.toString(options) }))
    .sort((left, right) => strange(left.rewritten) - strange(right.rewritten));
  if (!change(document)) return null;
  const changed = document.toString(style?.options);
  const rewritten = style?.rewritten ?? text;
  if (text.trim() === "" || rewritten === text) return changed;
  // The YAML writer reformats blanks and comments, so only the change is merged.
  const merged = mergeChange(text, rewritten, changed);
  return merged !== null && isDeepStrictEqual(parse(merged), parse(changed)) ? merged : changed;
}

/** Applies the difference between two versions to the text; null where the text itself differs at the same lines. */
function mergeChange(text: string, before: string, after: string): string | null {
  const lines = (whole: string): string[] => whole.split("\n");
  const merged: string[] = [];
  for (const region of diff3Merge(lines(text), lines(before), lines(after))) {
    if (region.conflict !== undefined) return null;
    merged.push(...(region.ok ?? []));
  }
  return merged.join("\n");
}
