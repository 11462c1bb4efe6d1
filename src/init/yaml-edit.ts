import { type Document, parseDocument, type ToStringOptions } from "yaml";

/** Ways in which people indent YAML. */
const styles: readonly ToStringOptions[] = [2, 4].flatMap((indent) =>
  [true, false].map((indentSeq) => ({ indent, indentSeq, lineWidth: 0, flowCollectionPadding: false })),
);

/**
 * The text of a YAML document after a change, with its comments, and in the style that it is written in. Null where the
 * text cannot be read, or where `change` gives false since it found nothing that can safely be changed.
 */
export function editYaml(text: string, change: (document: Document) => boolean): string | null {
  const document = parseDocument(text);
  if (document.errors.length > 0) return null;
  const lines = new Set(text.split("\n"));
  const strange = (style: ToStringOptions): number =>
    document
      .toString(style)
      .split("\n")
      .filter((line) => !lines.has(line)).length;
  const [style] = styles
    .map((options) => ({ options, count: strange(options) }))
    .sort((left, right) => left.count - right.count);
  return change(document) ? document.toString(style?.options) : null;
}
