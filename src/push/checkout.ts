import { realpath } from "node:fs/promises";
import type { SimpleGit } from "simple-git";
import { gitLine, openGit } from "../git/client.ts";
import type { Repository } from "../git/repository.ts";
import { messageOf, UnavailableError } from "../shared/errors.ts";
import { listed, plural } from "../shared/text.ts";
import type { Environment } from "../shared/world.ts";
import { linkDependencies, staleDependencies } from "./dependencies.ts";
import type { Target } from "./refs.ts";
import { fillSubmodules } from "./submodules.ts";
import { listWorktrees, removeWorktree, worktreePath } from "./worktrees.ts";

/** The files that are verified, and where they are. */
export interface Checkout {
  readonly kind: "checkout" | "worktree" | "working tree";
  /** Its absolute root, links resolved. */
  readonly root: string;
  /** What a reader should know about how the files came there, a sentence each. */
  readonly notes: readonly string[];
  /** The absolute roots of the repository's other checkouts, links resolved: code of theirs is not what is verified. */
  readonly otherRoots: readonly string[];
  /** The files that git knows, relative to the root: what is covered beside them is not part of what is verified. */
  trackedFiles(): Promise<ReadonlySet<string>>;
  /** What is known about dependencies that could not be made available, a sentence each. */
  readonly dependencyNotes: readonly string[];
  /** What no longer is as it was verified. */
  drift(): Promise<Drift>;
  /** Removes what was made. Harmless when called twice. */
  close(): Promise<void>;
}

export interface Drift {
  /** Tracked files that changed, or the commit that moved: the verdict is about nothing that exists. */
  readonly changed: readonly string[];
  /** Files that are new and not ignored: most often left behind by the suite. */
  readonly added: readonly string[];
}

/**
 * The files of exactly that commit: the user's own checkout where it is clean and at that commit, else a linked worktree.
 * Throws UnavailableError where none can be made.
 */
export async function openCheckout(
  repository: Repository,
  target: Target,
  environment: Environment,
): Promise<Checkout> {
  const state = await readState(repository);
  if (state.head === target.commit && isClean(state)) {
    return {
      ...(await ownCheckout(repository, "checkout", state, [])),
      dependencyNotes: await staleDependencies(repository, target),
    };
  }
  const notes = state.head === target.commit ? notesOf(state) : [];
  return await addWorktree(repository, target, environment, notes);
}

/** The files as they lie, whatever they are. */
export async function openWorkingTree(repository: Repository): Promise<Checkout> {
  return ownCheckout(repository, "working tree", await readState(repository), []);
}

interface State {
  readonly head: string;
  /** Tracked files that differ from the commit or from the index. */
  readonly modified: readonly string[];
  readonly untracked: readonly string[];
  /** Files git was told not to look at (assume-unchanged, skip-worktree): their content is unknown. */
  readonly hidden: readonly string[];
}

/** Git looks at the files itself: what a monitor of files or a cache has not noticed would be verified unseen. */
const ownLook = ["-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false"];

async function readState({ git }: Repository): Promise<State> {
  const [head, status, flags] = await Promise.all([
    gitLine(git, "rev-parse", "HEAD").catch(() => ""),
    git.raw([
      ...ownLook,
      "status",
      "--porcelain=v1",
      "-z",
      "--no-renames",
      "--untracked-files=all",
      "--ignore-submodules=none",
    ]),
    git.raw(["ls-files", "-v", "-z"]),
  ]);
  // Our own reports ignore themselves, but not in the moment in which another run begins to write them.
  const entries = status.split("\0").filter((entry) => entry !== "" && !entry.startsWith("?? .verify/"));
  const pathsOf = (wanted: boolean): string[] =>
    entries.filter((entry) => entry.startsWith("??") === wanted).map((entry) => entry.slice(3));
  const hidden = flags.split("\0").filter((entry) => /^([a-z]|S) /.test(entry));
  return { head, modified: pathsOf(false), untracked: pathsOf(true), hidden: hidden.map((entry) => entry.slice(2)) };
}

function isClean(state: State): boolean {
  return state.modified.length + state.untracked.length + state.hidden.length === 0;
}

/** Why the checkout itself is not what is verified, a sentence each. */
function notesOf({ modified, untracked, hidden }: State): string[] {
  const notes: string[] = [];
  const files = [...modified, ...untracked];
  if (files.length > 0) {
    const are = files.length === 1 ? "is" : "are";
    notes.push(`${plural(files.length, "uncommitted change")} ${are} not part of it: ${named(files)}.`);
  }
  if (hidden.length > 0) {
    notes.push(
      `Git does not look at ${plural(hidden.length, "file")} here (sparse, skip-worktree or assume-unchanged), ` +
        `so a separate checkout is verified: ${named(hidden)}.`,
    );
  }
  return notes;
}

function named(files: readonly string[]): string {
  return listed(files, 3, (file) => file, "file").join(", ");
}

async function ownCheckout(
  repository: Repository,
  kind: "checkout" | "working tree",
  before: State,
  notes: readonly string[],
): Promise<Checkout> {
  const root = await realpath(repository.root);
  return {
    kind,
    root,
    otherRoots: await otherRootsOf(repository, root),
    trackedFiles: () => listFiles(repository.git, kind === "working tree" ? ["--others", "--exclude-standard"] : []),
    notes,
    dependencyNotes: [],
    drift: async () => {
      if (kind === "working tree") return { changed: [], added: [] };
      const after = await readState(repository);
      const moved = after.head === before.head ? [] : [`HEAD (now ${after.head.slice(0, 10)})`];
      return { changed: [...moved, ...after.modified, ...after.hidden], added: after.untracked };
    },
    close: async () => {},
  };
}

async function addWorktree(
  repository: Repository,
  target: Target,
  environment: Environment,
  notes: readonly string[],
): Promise<Checkout> {
  const { git } = repository;
  const path = await worktreePath(repository, target, environment);
  try {
    // The user's hooks (post-checkout) are for the user's checkouts, and so is a sparse checkout: all files are verified.
    const settings = ["-c", "core.hooksPath=/dev/null", "-c", "core.sparseCheckout=false"];
    await git.raw([...settings, "worktree", "add", "--quiet", "--force", "--detach", path, target.commit]);
  } catch (error) {
    await removeWorktree(repository, path);
    throw new UnavailableError(
      `No worktree of ${target.commit.slice(0, 10)} could be made in ${path}: ${messageOf(error)}`,
    );
  }
  try {
    // Tests and source may lie in submodules; where these were empty, what they hold would pass unseen.
    const outer = { root: repository.root, gitDirectory: repository.commonDirectory, commit: target.commit };
    const submoduleNotes = await fillSubmodules(outer, path, environment);
    const dependencyNotes = await linkDependencies(repository, target, path);
    const root = await realpath(path);
    const inside = { ...repository, root, git: openGit(root, environment) };
    // Files that git's filters (line ends, large files) show as modified from the beginning are nobody's change.
    const before = await readState(inside);
    return {
      kind: "worktree",
      root,
      otherRoots: await otherRootsOf(repository, root),
      trackedFiles: () => listFiles(inside.git, []),
      notes: [...notes, ...submoduleNotes, ...dependencyNotes],
      dependencyNotes,
      drift: async () => {
        const after = await readState(inside);
        // What is new goes with the worktree, and nobody but the suite can have put it there.
        return { changed: after.modified.filter((file) => !before.modified.includes(file)), added: [] };
      },
      close: () => removeWorktree(repository, path),
    };
  } catch (error) {
    await removeWorktree(repository, path);
    throw error;
  }
}

async function listFiles(git: SimpleGit, more: readonly string[]): Promise<ReadonlySet<string>> {
  const files = await git.raw(["ls-files", "-z", "--cached", ...more]);
  return new Set(files.split("\0").filter(Boolean));
}

/** The absolute roots of all checkouts of the repository but the one that is verified. */
async function otherRootsOf(repository: Repository, root: string): Promise<string[]> {
  const paths = await listWorktrees(repository);
  const roots = await Promise.all(paths.map((path) => realpath(path).catch(() => path)));
  return roots.filter((other) => other !== root);
}
