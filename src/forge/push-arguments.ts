import type { PullRequestSpec } from "./pull-request-spec.ts";

/** The arguments of a push that opens a pull request by AGit; only a new one gets a description, and `replaces` allows rewritten history. */
export function agitArguments(
  {
    destination: { remote, branch },
    base,
    title,
    draft,
  }: Pick<PullRequestSpec, "destination" | "base" | "title" | "draft">,
  { description, replaces }: { description: string | null; replaces: boolean },
): string[] {
  const options = [
    `topic=${branch}`,
    // There is no option for drafts; this title prefix makes one.
    ...(description === null ? [] : [`title=${draft ? "WIP: " : ""}${title}`, `description=${oneLine(description)}`]),
    ...(replaces ? ["force-push=true"] : []),
  ];
  return ["push", remote, `HEAD:refs/for/${base}`, ...options.flatMap((option) => ["-o", option])];
}

/** Push options are single lines; Gitea (1.24.3 and later) and Forgejo decode this form to several. */
function oneLine(text: string): string {
  return text.includes("\n") ? `{base64}${Buffer.from(text).toString("base64")}` : text;
}

/** The arguments of a push whose options open a merge request on GitLab; only a new one gets a description. */
export function mergeRequestArguments(
  {
    destination: { remote, remoteBranch },
    base,
    title,
    draft,
  }: Pick<PullRequestSpec, "destination" | "base" | "title" | "draft">,
  description: string | null,
): string[] {
  // Push options are single lines; GitLab (15.0 and later) reads a backslash and an n as a line end.
  const texts = description === null ? [] : [`title=${title}`, `description=${description.replace(/\r?\n/g, "\\n")}`];
  const options = ["create", `target=${base}`, ...texts, ...(draft ? ["draft"] : [])];
  const given = options.flatMap((option) => ["-o", `merge_request.${option}`]);
  return ["push", ...given, remote, `HEAD:refs/heads/${remoteBranch}`];
}
