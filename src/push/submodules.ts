import { existsSync } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { gitLine, gitLineOrNull, openGit } from "../git/client.ts";
import { messageOf, UnavailableError } from "../shared/errors.ts";
import { withOwnedDirectory } from "../shared/owned-directory.ts";
import { quote } from "../shared/shell.ts";
import type { Environment } from "../shared/world.ts";

/** A repository, and where to find its submodules. */
interface Outer {
  /** The absolute directory of the user's checkout of it, which contains its submodules. */
  readonly root: string;
  /** Its absolute git directory, with submodules in `modules`. */
  readonly gitDirectory: string;
  readonly commit: string;
}

/**
 * Writes the files of a commit's submodules into a worktree from the user's local copies: nothing is fetched, nothing
 * of the user's changes. Uninitialized submodules stay empty, with a note for each. Throws UnavailableError where a
 * submodule's commit is missing.
 */
export async function fillSubmodules(outer: Outer, worktree: string, environment: Environment): Promise<string[]> {
  const git = openGit(outer.gitDirectory, environment);
  const notes: string[] = [];
  for (const { path, commit } of await submodulesOf(outer, environment)) {
    const gitDirectory = await gitDirectoryOf(outer, { path, worktree }, environment);
    if (gitDirectory === null) {
      notes.push(`The submodule ${path} is not initialized, so it is empty here.`);
      continue;
    }
    const inner: Outer = { root: join(outer.root, path), gitDirectory, commit };
    const directory = join(worktree, path);
    const isHere = await gitLineOrNull(git, `--git-dir=${gitDirectory}`, "cat-file", "-e", `${commit}^{commit}`);
    if (isHere === null) {
      throw new UnavailableError(
        `The submodule ${path} has not got its commit ${commit.slice(0, 10)} here, so its files would be missing: run \`git -C ${quote(existsSync(inner.root) ? inner.root : gitDirectory)} fetch --all\`.`,
      );
    }
    await writeFiles(inner, directory, environment);
    notes.push(...(await fillSubmodules(inner, directory, environment)));
  }
  return notes;
}

/** How many submodules of a commit have no files in a checkout with that absolute root. */
export async function countEmptySubmodules(
  outer: Outer,
  checkoutRoot: string,
  environment: Environment,
): Promise<number> {
  const places = (await submodulesOf(outer, environment)).map(({ path }) => join(checkoutRoot, path));
  const files = await Promise.all(places.map((place) => readdir(place).catch(() => [])));
  return files.filter((names) => names.length === 0).length;
}

async function submodulesOf(
  { gitDirectory, commit }: Outer,
  environment: Environment,
): Promise<{ readonly path: string; readonly commit: string }[]> {
  const git = openGit(gitDirectory, environment);
  const lines = await git.raw([`--git-dir=${gitDirectory}`, "ls-tree", "-r", "-z", "--full-tree", commit]);
  return lines
    .split("\0")
    .filter((entry) => entry.startsWith("160000 "))
    .map((entry) => {
      const tab = entry.indexOf("\t");
      return { path: entry.slice(tab + 1), commit: entry.slice(0, tab).split(" ")[2] ?? "" };
    });
}

/**
 * The git directory of the user's copy of a submodule: in the checkout, or kept from another branch; null where there
 * is none.
 */
async function gitDirectoryOf(
  { root, gitDirectory }: Outer,
  { path, worktree }: { readonly path: string; readonly worktree: string },
  environment: Environment,
): Promise<string | null> {
  const inCheckout = join(root, path);
  if (existsSync(join(inCheckout, ".git"))) {
    return await gitLineOrNull(openGit(inCheckout, environment), "rev-parse", "--absolute-git-dir");
  }
  const file = join(worktree, ".gitmodules");
  const names = await gitLineOrNull(
    openGit(worktree, environment),
    ...["config", "--file", file, "--get-regexp", "^submodule\\..*\\.path$"],
  );
  const line = names?.split("\n").find((one) => one.endsWith(`.path ${path}`));
  if (line === undefined) return null;
  const kept = join(gitDirectory, "modules", line.slice("submodule.".length, -`.path ${path}`.length));
  return existsSync(join(kept, "HEAD")) ? await realpath(kept) : null;
}

/** Uses a temporary index, as the submodule's own is the user's. */
async function writeFiles({ gitDirectory, commit }: Outer, directory: string, environment: Environment): Promise<void> {
  await withOwnedDirectory(environment, async (scratch) => {
    const git = openGit(directory, environment).env("GIT_INDEX_FILE", join(scratch, "index"));
    const at = [`--git-dir=${gitDirectory}`, `--work-tree=${directory}`];
    await gitLine(git, ...at, "read-tree", commit);
    await gitLine(git, ...at, "-c", "core.sparseCheckout=false", "checkout-index", "--all", "--quiet");
  }).catch((error: unknown) => {
    throw new UnavailableError(`The files of a submodule could not be written to ${directory}: ${messageOf(error)}`);
  });
}
