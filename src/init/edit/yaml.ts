import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
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

/** Applies the difference between two versions to the text; null where git cannot merge it. */
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
