import type { SimpleGit } from "simple-git";
import { gitLineOrNull } from "./client.ts";

/** What is configured of remotes. */
export interface Remotes {
  /** The names of all remotes. */
  readonly names: readonly string[];
  /**
   * The remotes or URLs configured for a branch's pushes, in git's order. A branch that follows a local one has ".",
   * which is no remote.
   */
  ofBranch(branch: string): string[];
}

/** Reads what is configured of remotes; as of none where git fails. */
export async function readRemotes(git: SimpleGit): Promise<Remotes> {
  const settings = (await gitLineOrNull(git, "config", "--null", "--get-regexp", "^(branch|remote)\\.")) ?? "";
  // Each is a key and its value; of several, the last counts. Git gives the key's first and last part in lower case.
  const values = new Map(settings.split("\0").map((setting) => setting.split(/\n(.*)/s) as [string, string]));
  // As for `git remote`, anything that is said of a remote makes it one.
  const names = [...values.keys()].flatMap((key) => /^remote\.(.+)\.[^.]*$/s.exec(key)?.[1] ?? []);
  return {
    names: [...new Set(names)].sort(),
    ofBranch: (branch) => {
      const keys = [`branch.${branch}.pushremote`, "remote.pushdefault", `branch.${branch}.remote`];
      return keys.map((key) => values.get(key)).filter((name): name is string => Boolean(name) && name !== ".");
    },
  };
}

/** The names of all remotes. */
export async function listRemotes(git: SimpleGit): Promise<readonly string[]> {
  return (await readRemotes(git)).names;
}

/** The remote to use where none is named: `origin`, else the only one; null where it is ambiguous. */
export function defaultRemote(remotes: readonly string[]): string | null {
  if (remotes.includes("origin")) return "origin";
  return remotes.length === 1 ? (remotes[0] ?? null) : null;
}
