import type { SimpleGit } from "simple-git";
import { gitLineOrNull } from "./client.ts";

/** The names of all remotes. */
export async function listRemotes(git: SimpleGit): Promise<string[]> {
  return ((await gitLineOrNull(git, "remote")) ?? "").split("\n").filter(Boolean);
}

/**
 * The remotes or URLs configured for a branch's pushes, in git's order. A branch that follows a local one has ".",
 * which is no remote.
 */
export async function configuredRemotes(git: SimpleGit, branch: string): Promise<string[]> {
  const keys = [`branch.${branch}.pushRemote`, "remote.pushDefault", `branch.${branch}.remote`];
  const named = await Promise.all(keys.map((key) => gitLineOrNull(git, "config", "--get", key)));
  return named.filter((name): name is string => Boolean(name) && name !== ".");
}

/** The remote to use where none is named: `origin`, else the only one; null where it is ambiguous. */
export function defaultRemote(remotes: readonly string[]): string | null {
  if (remotes.includes("origin")) return "origin";
  return remotes.length === 1 ? (remotes[0] ?? null) : null;
}
