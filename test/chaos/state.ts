import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";

/** Digests of all files below a directory, by path, with their modes; `isLeftOut` is asked with paths relative to it. */
export function takeState(root: string, isLeftOut: (path: string) => boolean): ReadonlyMap<string, string> {
  const state = new Map<string, string>();
  const visit = (directory: string): void => {
    for (const name of readdirSync(directory).sort()) {
      const path = join(directory, name);
      const place = relative(root, path);
      if (isLeftOut(place)) continue;
      const found = lstatSync(path);
      if (found.isDirectory()) visit(path);
      else state.set(place, `${found.mode.toString(8)} ${contentOf(path, found.isSymbolicLink())}`);
    }
  };
  visit(root);
  return state;
}

function contentOf(path: string, isLink: boolean): string {
  return createHash("sha256")
    .update(isLink ? readlinkSync(path) : readFileSync(path))
    .digest("hex");
}

/** What differs between two states, a line each. */
export function changesOf(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  return paths.flatMap((path) => {
    const [old, now] = [before.get(path), after.get(path)];
    if (old === now) return [];
    return [`${path} ${old === undefined ? "was added" : now === undefined ? "is gone" : "was changed"}`];
  });
}

/** What belongs to runs, not to the user: reports, receipts, and git's records of the worktrees that runs make. */
export function isOurs(path: string): boolean {
  return /^(\.verify|out|\.git\/verify|\.git\/worktrees)(\/|$)/.test(path);
}
