import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { listed } from "../report/text.ts";
import { isSourceFile } from "./file-kinds.ts";
import { canonicalPath } from "./lines.ts";
import type { Coverage } from "./source-coverage.ts";
import { existingSourcePlaces } from "./source-places.ts";

export interface UnlistedRequest {
  /** The absolute root of the checkout. */
  readonly root: string;
  /** The files that git knows, relative to the root. */
  readonly tracked: ReadonlySet<string>;
  readonly suite: string;
  /** The absolute directory that pytest runs in. */
  readonly directory: string;
  readonly source: readonly string[];
  readonly coverage: Coverage;
}

/**
 * What to say of Python files that count and that coverage.py does not list, as no test imports them and a directory above
 * them has no `__init__.py` (coverage.py, `include_namespace_packages`): they are missing from the figure. Null where none is.
 */
export function unlistedNote({ root, tracked, suite, directory, source, coverage }: UnlistedRequest): string | null {
  const canonicalRoot = canonicalPath(root);
  const tops = source.flatMap((name) => existingSourcePlaces(canonicalPath(directory), name));
  const files = [...tracked].filter((file) => {
    const path = join(canonicalRoot, file);
    if (!file.endsWith(".py") || !isSourceFile(file) || coverage.has(path)) return false;
    return tops.some((top) => path.startsWith(`${top}/`) && lacksPackage(top, dirname(path)));
  });
  if (files.length === 0) return null;
  const named = listed(files.sort(), 3, (file) => file, "file").join(", ");
  return (
    `coverage.py leaves out ${named}: no test of ${suite} imports it, and a directory above has no __init__.py. ` +
    "Add one, or set include_namespace_packages = true under its [report]."
  );
}

function lacksPackage(top: string, directory: string): boolean {
  if (directory === top || !directory.startsWith(top)) return false;
  return !existsSync(join(directory, "__init__.py")) || lacksPackage(top, dirname(directory));
}
