import type { PullRequestSpec } from "./pull-request-spec.ts";

/** The arguments that list the open merge requests of a branch. */
export function listArguments(branch: string): string[] {
  return ["mr", "list", "--source-branch", branch, "--output", "json"];
}

/** The arguments that open a merge request; the description is left out where it is null. */
export function createArguments(
  { destination, base, title, draft }: Pick<PullRequestSpec, "destination" | "base" | "title" | "draft">,
  { description, form = false }: { description: string | null; form?: boolean },
): string[] {
  const branches = ["--source-branch", destination.remoteBranch, "--target-branch", base];
  const args = ["mr", "create", ...branches, "--title", title, ...(draft ? ["--draft"] : []), form ? "--web" : "--yes"];
  return description === null ? args : [...args, "--description", description];
}

/** The arguments that put a description in place of the one that is there; the title stays the author's. */
export function updateArguments(iid: number, description: string, draft: boolean): string[] {
  return ["mr", "update", String(iid), "--description", description, ...(draft ? ["--draft"] : [])];
}
