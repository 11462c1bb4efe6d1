import type { PullRequestSpec } from "./pull-request-spec.ts";

/** Arguments to list the open merge requests of a branch. */
export function listArguments(branch: string): string[] {
  return ["mr", "list", "--source-branch", branch, "--output", "json"];
}

/** Arguments to open a merge request; null omits the description. */
export function createArguments(
  { destination, base, title, draft }: Pick<PullRequestSpec, "destination" | "base" | "title" | "draft">,
  { description, form = false }: { description: string | null; form?: boolean },
): string[] {
  const branches = ["--source-branch", destination.remoteBranch, "--target-branch", base];
  const args = ["mr", "create", ...branches, "--title", title, ...(draft ? ["--draft"] : []), form ? "--web" : "--yes"];
  return description === null ? args : [...args, "--description", description];
}

/** Arguments to replace the description; the title stays. */
export function updateArguments(iid: number, description: string, draft: boolean): string[] {
  return ["mr", "update", String(iid), "--description", description, ...(draft ? ["--draft"] : [])];
}
