import type { SimpleGit } from "simple-git";
import { gitLine } from "./client.ts";

/**
 * The full id of the first commit of a commit's history, by first parents: what clones and forks of a repository share,
 * whatever they are called and wherever they are. Null in a shallow clone, whose history is cut off.
 */
export async function rootCommit(git: SimpleGit, commit: string): Promise<string | null> {
  if ((await gitLine(git, "rev-parse", "--is-shallow-repository")) !== "false") return null;
  return (await gitLine(git, "rev-list", "--first-parent", "--max-parents=0", commit)) || null;
}
