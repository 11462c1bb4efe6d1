import { relative } from "node:path";
import { type ExitCode, exitCodes } from "../shared/errors.ts";
import { descriptionFor, fitsInAddress, writeDescription } from "./description.ts";
import { requirePushed } from "./forge-branch.ts";
import type { PullRequestSpec } from "./pull-request-spec.ts";
import { addressIn, commandLine, failure, missingProgram, parseJson, requireOutput } from "./run.ts";

/** A pull request in the output of `gh pr list --json`. */
export interface GitHubPullRequest {
  readonly number: number;
  readonly url: string;
  readonly body: string;
  readonly isDraft: boolean;
  readonly baseRefName: string;
  readonly headRefOid: string;
  readonly headRepositoryOwner: { readonly login: string } | null;
}

/**
 * Opens a pull request with gh, or updates the present one, and prints its address. Throws RequestError where the
 * branch is not pushed or our part of the description was edited, UnavailableError where gh fails.
 */
export async function openOnGitHub(spec: PullRequestSpec): Promise<ExitCode> {
  const { run, destination, world } = spec;
  await requirePushed(destination, spec.commit, spec);
  const listed = await run("gh", listArguments(destination.remoteBranch));
  if (listed.exitCode === null) {
    const file = await writeDescription(spec, descriptionFor(spec, "", ""));
    const named = { head: destination.remoteBranch, file: relative(world.directory, file) };
    const command = commandLine("gh", createArguments(spec, named));
    return missingProgram(world, { program: "gh", from: "GitHub's own, from https://cli.github.com", command });
  }
  if (listed.exitCode !== 0) throw failure("gh", listed);
  const present = choosePullRequest(parseJson<GitHubPullRequest[]>("gh", listed.output), spec);
  const address = present === null ? await create(spec) : await update(spec, present);
  if (address !== null) world.output.write(`${address}\n`);
  return exitCodes.verified;
}

/** The right one of the open pull requests with that branch name, as forks have equal names. */
export function choosePullRequest(
  all: readonly GitHubPullRequest[],
  { destination, commit, base, isBaseGiven }: Pick<PullRequestSpec, "destination" | "commit" | "base" | "isBaseGiven">,
): GitHubPullRequest | null {
  const owner = destination.owner.toLowerCase();
  const own = all.filter(
    ({ headRefOid, headRepositoryOwner }) =>
      headRefOid === commit || headRepositoryOwner?.login.toLowerCase() === owner,
  );
  const [first = null] = own;
  return own.find(({ baseRefName }) => baseRefName === base) ?? (isBaseGiven ? null : first);
}

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
function editArguments(number: number, file: string): string[] {
  return ["pr", "edit", String(number), "--body-file", file];
}

async function create(spec: PullRequestSpec): Promise<string | null> {
  const { run, title, draft, web } = spec;
  const text = descriptionFor(spec, "", "");
  const file = await writeDescription(spec, text);
  const head = await headName(spec);
  // gh has no form for drafts, nor for texts that are too long for an address.
  const form = web && !draft && fitsInAddress(title, text);
  const output = await requireOutput(run, "gh", createArguments(spec, { head, file, form }));
  const address = addressIn(output);
  if (web && !form && address !== null) await requireOutput(run, "gh", ["pr", "view", address, "--web"]);
  return address;
}

async function update(spec: PullRequestSpec, { number, url, body, isDraft }: GitHubPullRequest): Promise<string> {
  const { run, draft, web } = spec;
  const file = await writeDescription(spec, descriptionFor(spec, body, url));
  await requireOutput(run, "gh", editArguments(number, file));
  if (draft && !isDraft) await requireOutput(run, "gh", ["pr", "ready", String(number), "--undo"]);
  if (web) await requireOutput(run, "gh", ["pr", "view", String(number), "--web"]);
  return url;
}

/** gh finds the base repository itself; a fork's branch needs its owner as prefix. */
async function headName({ run, destination: { owner, remoteBranch } }: PullRequestSpec): Promise<string> {
  const output = await requireOutput(run, "gh", ["repo", "view", "--json", "owner"]);
  const { login } = parseJson<{ owner: { login: string } }>("gh", output).owner;
  return owner === "" || login.toLowerCase() === owner.toLowerCase() ? remoteBranch : `${owner}:${remoteBranch}`;
}
