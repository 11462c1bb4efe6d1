import picomatch from "picomatch";
import type { ChangedPath } from "../../git/object-reader.ts";
import { compareNames, listed, plainLine } from "../../shared/text.ts";
import type { Policy } from "./schema.ts";

const lineEnds = /[\n\r\u2028\u2029]/g;

/** Why no receipt can stand for these changes against the base, a clause; null where one can. */
export function whyFreshRun(changes: readonly ChangedPath[], { freshPaths }: Policy): string | null {
  if (changes.length === 0 || freshPaths.length === 0) return null;
  const isFresh = matcher(freshPaths.flatMap((path) => [path, `${path.replace(/\/$/, "")}/**`]));
  // What a link or a submodule leads to is not listed, so it counts where a path of the policy may go through it.
  const isOnTheWay = matcher(freshPaths.flatMap(waysTo));
  const changed = changes
    .filter(({ path, isFile }) => isFresh(path) || isNamed(path, freshPaths) || (!isFile && isOnTheWay(path)))
    .map(({ path }) => path)
    .sort(compareNames);
  if (changed.length === 0) return null;
  const names = listed(changed, 3, plainLine, "file").join(", ");
  return `${names} ${changed.length === 1 ? "differs" : "differ"} from it, and its freshPaths ask for a run of its own`;
}

/** Matches paths in either case: some file systems take `Migrations` for `migrations`. */
function matcher(globs: readonly string[]): (path: string) => boolean {
  const [exactly, roughly] = [{}, { nocase: true }].map((options) =>
    picomatch(
      globs.map((glob) => glob.normalize()),
      { dot: true, ...options },
    ),
  );
  return (path) => {
    // A glob's wildcards stop at a line end, which a file's name may hold.
    const line = path.normalize().replace(lineEnds, "_");
    return Boolean(exactly?.(line) || roughly?.(line));
  };
}

/** Whether a path is one of these or below it, by their letters: `app/(shop)/[id]` is a path as well as a glob. */
function isNamed(path: string, names: readonly string[]): boolean {
  return names.some((name) => `${path}/`.startsWith(`${name.replace(/\/$/, "")}/`));
}

/** Globs of the directories that a path or glob goes through, or may go through. */
function waysTo(path: string): string[] {
  const { base, glob } = picomatch.scan(path);
  const parts = base.split("/").filter(Boolean);
  const above = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
  return /[/{(]/.test(glob) ? [...above, [...parts, "**"].join("/")] : above;
}
