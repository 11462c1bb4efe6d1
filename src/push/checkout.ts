import { mkdir, realpath, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { messageOf, UnavailableError } from "../errors.ts";
import { cacheDirectory } from "../paths.ts";
import { listed, plural } from "../report/text.ts";
import type { Environment } from "../world.ts";
import { linkDependencies } from "./dependencies.ts";
import { gitLine } from "./git.ts";
import type { Target } from "./refs.ts";
import type { Repository } from "./repository.ts";

/** The files that are verified, and where they are. */
export interface Checkout {
  readonly kind: "checkout" | "worktree" | "working tree";
  /** Its absolute root, links resolved. */
  readonly root: string;
  /** What a reader should know about how the files came there, a sentence each. */
  readonly notes: readonly string[];
  /** What is known about dependencies that could not be made available, a sentence each. */
  readonly dependencyNotes: readonly string[];
  /** What no longer is as it was verified; for a worktree of our own, nothing. */
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
 *
 * The worktree lies in the cache directory, not inside `.git`: below the user's checkout, runners would find the
 * checkout's node_modules and configuration files on their way up, and some (jest) look at nothing under `.git`.
 */
export async function openCheckout(
  repository: Repository,
  target: Target,
  environment: Environment,
): Promise<Checkout> {
  const state = await readState(repository);
  if (state.head === target.commit && isClean(state)) return ownCheckout(repository, "checkout", state, []);
  const notes = state.head === target.commit ? [uncommitted(state)] : [];
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

async function readState({ git }: Repository): Promise<State> {
  const [head, status, flags] = await Promise.all([
    gitLine(git, "rev-parse", "HEAD").catch(() => ""),
    git.raw(["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules=none"]),
    git.raw(["ls-files", "-v", "-z"]),
  ]);
  const entries = status.split("\0").filter(Boolean);
  const pathsOf = (wanted: boolean): string[] =>
    entries.filter((entry) => entry.startsWith("??") === wanted).map((entry) => entry.slice(3));
  const hidden = flags.split("\0").filter((entry) => /^([a-z]|S) /.test(entry));
  return { head, modified: pathsOf(false), untracked: pathsOf(true), hidden: hidden.map((entry) => entry.slice(2)) };
}

function isClean(state: State): boolean {
  return state.modified.length + state.untracked.length + state.hidden.length === 0;
}

function uncommitted(state: State): string {
  const files = [...state.modified, ...state.untracked, ...state.hidden];
  const names = listed(files, 3, (file) => file, "file").join(", ");
  return `${plural(files.length, "uncommitted change")} ${files.length === 1 ? "is" : "are"} not part of it: ${names}.`;
}

async function ownCheckout(
  repository: Repository,
  kind: "checkout" | "working tree",
  before: State,
  notes: readonly string[],
): Promise<Checkout> {
  return {
    kind,
    root: await realpath(repository.root),
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
  const parent = await worktreesDirectory(environment);
  await sweepWorktrees(repository, parent);
  const path = join(parent, worktreeName(repository, target));
  try {
    // The user's hooks (post-checkout) are for the user's checkouts.
    await git.raw([
      "-c",
      "core.hooksPath=/dev/null",
      "worktree",
      "add",
      "--quiet",
      "--force",
      "--detach",
      path,
      target.commit,
    ]);
  } catch (error) {
    await removeWorktree(repository, path);
    throw new UnavailableError(
      `No worktree of ${target.commit.slice(0, 10)} could be made in ${path}: ${messageOf(error)}`,
    );
  }
  try {
    const dependencyNotes = await linkDependencies(repository, target, path);
    return {
      kind: "worktree",
      root: await realpath(path),
      notes,
      dependencyNotes,
      drift: async () => ({ changed: [], added: [] }),
      close: () => removeWorktree(repository, path),
    };
  } catch (error) {
    await removeWorktree(repository, path);
    throw error;
  }
}

async function worktreesDirectory(environment: Environment): Promise<string> {
  const preferred = join(cacheDirectory(environment), "worktrees");
  try {
    await mkdir(preferred, { recursive: true, mode: 0o700 });
    return await realpath(preferred);
  } catch {
    // A home that cannot be written to.
    const fallback = join(tmpdir(), `pushproof-worktrees-${process.getuid?.() ?? "user"}`);
    await mkdir(fallback, { recursive: true, mode: 0o700 });
    return await realpath(fallback);
  }
}

let counter = 0;

/** Tells who owns it, so that the next run may remove what a killed one left: `shop-3f2c1ab90e.4711.0.host`. */
function worktreeName(repository: Repository, target: Target): string {
  return `${basename(repository.root)}-${target.commit.slice(0, 10)}.${process.pid}.${counter++}.${host}`;
}

const ownedName = /\.(\d+)\.\d+\.([^./]+)$/;
const host = hostname().replace(/[^\w-]/g, "-");

/** Removes the worktrees of this repository whose process is gone. */
async function sweepWorktrees(repository: Repository, parent: string): Promise<void> {
  const list = await repository.git.raw(["worktree", "list", "--porcelain"]);
  for (const [, path = ""] of list.matchAll(/^worktree (.*)$/gm)) {
    const [, pid, owner] = ownedName.exec(path) ?? [];
    const ours = path.startsWith(`${parent}/`) && owner === host;
    if (ours && !isAlive(Number(pid))) await removeWorktree(repository, path);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function removeWorktree({ git }: Repository, path: string): Promise<void> {
  await git.raw(["worktree", "remove", "--force", "--force", path]).catch(() => {});
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
  await git.raw(["worktree", "prune"]).catch(() => {});
}
