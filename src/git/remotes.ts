import type { SimpleGit } from "simple-git";
import { gitLineOrNull } from "./client.ts";

/** The names of all remotes. */
export async function listRemotes(git: SimpleGit): Promise<string[]> {
  return ((await gitLineOrNull(git, "remote")) ?? "").split("\n").filter(Boolean);
}

/**
 * What the configuration names as the remote of a branch's pushes, in git's own order; where somebody put a URL there, that.
 * A branch that follows another one here has "." for its remote, which is none.
 */
export async function configuredRemotes(git: SimpleGit, branch: string): Promise<string[]> {
  const keys = [`branch.${branch}.pushRemote`, "remote.pushDefault", `branch.${branch}.remote`];
  const named = await Promise.all(keys.map((key) => gitLineOrNull(git, "config", "--get", key)));
  return named.filter((name): name is string => Boolean(name) && name !== ".");
}

/** Where no remote is named: `origin`, else the only one; null where that leaves it open. */
export function defaultRemote(remotes: readonly string[]): string | null {
  if (remotes.includes("origin")) return "origin";
  return remotes.length === 1 ? (remotes[0] ?? null) : null;
}
