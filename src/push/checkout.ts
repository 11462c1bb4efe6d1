import { realpath } from "node:fs/promises";
import type { SimpleGit } from "simple-git";
import { openGit } from "../git/client.ts";
import type { Repository } from "../git/repository.ts";
import { messageOf, UnavailableError } from "../shared/errors.ts";
import { listed, plural } from "../shared/text.ts";
import type { Environment } from "../shared/world.ts";
import { linkDependencies, staleDependencies } from "./dependencies.ts";
import type { Target } from "./refs.ts";
import { fillSubmodules } from "./submodules.ts";
import { listWorktrees, removeWorktree, worktreePath } from "./worktrees.ts";

/** The verified files, and where they are. */
export interface Checkout {
  readonly kind: "checkout" | "worktree" | "working tree";
  /** Its absolute root, links resolved. */
  readonly root: string;
  /** Notes on how the files were obtained, one sentence each. */
  readonly notes: readonly string[];
  /** The absolute real roots of the repository's other checkouts, whose code must not run. */
  readonly otherRoots: readonly string[];
  /** The tracked files, relative to the root; only their coverage counts. */
  trackedFiles(): Promise<ReadonlySet<string>>;
  /** Notes on dependencies that could not be made available, one sentence each. */
  readonly dependencyNotes: readonly string[];
  /** What has changed since the start. */
  drift(): Promise<Drift>;
  /** Removes a worktree that was created. Can be called twice. */
  close(): Promise<void>;
}

export interface Drift {
  /** Changed tracked files, or a moved HEAD: the verdict applies to nothing that exists. */
  readonly changed: readonly string[];
  /** New files that are not ignored, usually left behind by the suite. */
  readonly added: readonly string[];
}

/**
 * Provides the files of exactly that commit: the user's own checkout where it is clean and at that commit, else a
 * linked worktree. Throws UnavailableError where none can be made.
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
      dependencyNotes: await staleDependencies(repository, target, state.tracked),
    };
  }
  const notes = state.head === target.commit ? notesOf(state) : [];
  return await addWorktree(repository, target, environment, notes);
}

/** Uses the files of the working tree as they are. */
export async function openWorkingTree(repository: Repository): Promise<Checkout> {
  return ownCheckout(repository, "working tree", await readState(repository), []);
}

interface State {
  readonly head: string;
  /** Tracked files that differ from the commit or the index. */
  readonly modified: readonly string[];
  readonly untracked: readonly string[];
  /** Files that git ignores changes of (assume-unchanged, skip-worktree). */
  readonly hidden: readonly string[];
  readonly tracked: ReadonlySet<string>;
}

/** Makes git read the files themselves, as a file system monitor or cache may miss changes. */
const ownLook = ["-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false"];

async function readState({ git }: Pick<Repository, "git">): Promise<State> {
  const [status, flags] = await Promise.all([
    git.raw([
      ...ownLook,
      "status",
      "--porcelain=v2",
      "--branch",
      "--no-ahead-behind",
      "-z",
      "--no-renames",
      "--untracked-files=all",
      "--ignore-submodules=none",
    ]),
    git.raw(["ls-files", "-v", "-z"]),
  ]);
  // Each file has its flag and a blank before its name.
  const files = flags.split("\0").filter(Boolean);
  return {
    ...parseStatus(status),
    hidden: files.filter((entry) => /^([a-z]|S) /.test(entry)).map((entry) => entry.slice(2)),
    tracked: new Set(files.map((entry) => entry.slice(2))),
  };
}

/** Parses `git status --porcelain=v2 --branch -z` without renames: lines `# …` first, then an entry for each file. */
function parseStatus(status: string): Pick<State, "head" | "modified" | "untracked"> {
  const modified: string[] = [];
  const untracked: string[] = [];
  let head = "";
  for (const entry of status.split("\0")) {
    const [, oid] = /^# branch\.oid ([0-9a-f]+)$/.exec(entry) ?? [];
    head = oid ?? head;
    const [, file] = /^(?:1(?: \S+){7}|u(?: \S+){9}) (.+)$/s.exec(entry) ?? [];
    if (file !== undefined) modified.push(file);
    // Our reports ignore themselves, except while another run begins to write them.
    else if (entry.startsWith("? ") && !entry.startsWith("? .verify/")) untracked.push(entry.slice(2));
  }
  return { head, modified, untracked };
}

function isClean(state: State): boolean {
  return state.modified.length + state.untracked.length + state.hidden.length === 0;
}

/** Why the user's checkout cannot be used, one sentence each. */
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
    trackedFiles: kind === "working tree" ? () => listFiles(repository.git) : async () => before.tracked,
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
    // Hooks (post-checkout) and sparse checkouts are for the user's checkouts; a worktree has all files.
    const settings = ["-c", "core.hooksPath=/dev/null", "-c", "core.sparseCheckout=false"];
    await git.raw([...settings, "worktree", "add", "--quiet", "--force", "--detach", path, target.commit]);
  } catch (error) {
    await removeWorktree(repository, path);
    throw new UnavailableError(
      `No worktree of ${target.commit.slice(0, 10)} could be made in ${path}: ${messageOf(error)}`,
    );
  }
  try {
    // Tests and source may be in submodules, which must not be empty.
    const outer = { root: repository.root, gitDirectory: repository.commonDirectory, commit: target.commit };
    const submoduleNotes = await fillSubmodules(outer, path, environment);
    const dependencyNotes = await linkDependencies(repository, target, path);
    const root = await realpath(path);
    const inside = { ...repository, root, git: openGit(root, environment) };
    // Files that git's filters (line ends, large files) show as modified from the start were not changed by the suite.
    const before = await readState(inside);
    return {
      kind: "worktree",
      root,
      otherRoots: await otherRootsOf(repository, root),
      trackedFiles: async () => before.tracked,
      notes: [...notes, ...submoduleNotes, ...dependencyNotes],
      dependencyNotes,
      drift: async () => {
        const after = await readState(inside);
        // New files are removed with the worktree, and only the suite can have created them.
        return { changed: after.modified.filter((file) => !before.modified.includes(file)), added: [] };
      },
      close: () => removeWorktree(repository, path),
    };
  } catch (error) {
    await removeWorktree(repository, path);
    throw error;
  }
}

/** The files of the working tree: tracked ones, and new ones that are not ignored. */
async function listFiles(git: SimpleGit): Promise<ReadonlySet<string>> {
  const files = await git.raw(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  return new Set(files.split("\0").filter(Boolean));
}

/** The absolute roots of the repository's other checkouts. */
async function otherRootsOf(repository: Repository, root: string): Promise<string[]> {
  const paths = await listWorktrees(repository);
  const roots = await Promise.all(paths.map((path) => realpath(path).catch(() => path)));
  return roots.filter((other) => other !== root);
}
