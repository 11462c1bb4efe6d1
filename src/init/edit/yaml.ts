import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Document, parse, parseDocument, type ToStringOptions } from "yaml";

/** Ways in which people indent YAML. */
const styles: readonly ToStringOptions[] = [2, 4].flatMap((indent) =>
  [true, false].map((indentSeq) => ({ indent, indentSeq, lineWidth: 0, flowCollectionPadding: false })),
);

/**
 * The text of a YAML document after a change, with its comments, and all else as it is written. Null where the text cannot be
 * read, or where `change` gives false since it found nothing that can safely be changed.
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
  // The writer has its own mind about blanks and where comments stand: only the change is taken over.
  const merged = mergeChange(text, rewritten, changed);
  return merged !== null && isDeepStrictEqual(parse(merged), parse(changed)) ? merged : changed;
}

/** The text with what leads from one version of it to another; null where that is not clear to git. */
function mergeChange(text: string, before: string, after: string): string | null {
  const directory = mkdtempSync(join(tmpdir(), "pushproof-edit-"));
  try {
    const paths = Object.entries({ text, before, after }).map(([name, content]) => {
      writeFileSync(join(directory, name), content);
      return name;
    });
    const args = ["merge-file", "--quiet", "-p", ...paths];
    const { status, stdout } = spawnSync("git", args, { cwd: directory, encoding: "utf8" });
    return status === 0 ? stdout : null;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
