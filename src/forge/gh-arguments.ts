import type { PullRequestSpec } from "./pull-request-spec.ts";

/** Arguments to list the open pull requests of a branch. */
export function listArguments(branch: string): string[] {
  const fields = "number,url,body,isDraft,baseRefName,headRefOid,headRepositoryOwner";
  return ["pr", "list", "--head", branch, "--state", "open", "--json", fields];
}

/** Arguments to open a pull request; in a browser form the author chooses whether it is a draft. */
export function createArguments(
  { base, title, draft }: Pick<PullRequestSpec, "base" | "title" | "draft">,
  { head, file, form = false }: { head: string; file: string; form?: boolean },
): string[] {
  const args = ["pr", "create", "--head", head, "--base", base, "--title", title, "--body-file", file];
  return [...args, ...(draft ? ["--draft"] : []), ...(form ? ["--web"] : [])];
}

/** The arguments that put a description in place of the one that is there; the title stays the author's. */
export function editArguments(number: number, file: string): string[] {
  return ["pr", "edit", String(number), "--body-file", file];
}
