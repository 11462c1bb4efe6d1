import { relative } from "node:path";
import { type ExitCode, exitCodes } from "../shared/errors.ts";
import { descriptionFor, fitsInAddress, writeDescription } from "./description.ts";
import { requirePushed } from "./destination.ts";
import type { Order } from "./order.ts";
import { addressIn, commandLine, failure, missingProgram, outputOf, parseJson } from "./run.ts";

/** What `gh pr list --json` says of one. */
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
 * Opens a pull request by gh, or updates the one that is there, and prints its address. Throws RequestError where the
 * branch is not pushed or somebody changed our part of the description, UnavailableError where gh fails.
 */
export async function openOnGitHub(order: Order): Promise<ExitCode> {
  const { run, destination, world } = order;
  await requirePushed(destination, order.commit, order);
  const listed = await run("gh", listWords(destination.remoteBranch));
  if (listed.exitCode === null) {
    const file = await writeDescription(order, descriptionFor(order, "", ""));
    const named = { head: destination.remoteBranch, file: relative(world.directory, file) };
    const command = commandLine("gh", createWords(order, named));
    return missingProgram(world, { program: "gh", from: "GitHub's own, from https://cli.github.com", command });
  }
  if (listed.exitCode !== 0) throw failure("gh", listed);
  const present = choosePullRequest(parseJson<GitHubPullRequest[]>("gh", listed.output), order);
  const address = present === null ? await create(order) : await update(order, present);
  if (address !== null) world.output.write(`${address}\n`);
  return exitCodes.verified;
}

/** Of the open pull requests of that branch's name, the one that is meant: forks have branches of the same name. */
export function choosePullRequest(
  all: readonly GitHubPullRequest[],
  { destination, commit, base, isBaseGiven }: Pick<Order, "destination" | "commit" | "base" | "isBaseGiven">,
): GitHubPullRequest | null {
  const owner = destination.owner.toLowerCase();
  const own = all.filter(
    ({ headRefOid, headRepositoryOwner }) =>
      headRefOid === commit || headRepositoryOwner?.login.toLowerCase() === owner,
  );
  const [first = null] = own;
  return own.find(({ baseRefName }) => baseRefName === base) ?? (isBaseGiven ? null : first);
}

/** The arguments that list the open pull requests of a branch. */
export function listWords(branch: string): string[] {
  const fields = "number,url,body,isDraft,baseRefName,headRefOid,headRepositoryOwner";
  return ["pr", "list", "--head", branch, "--state", "open", "--json", fields];
}

/** The arguments that open a pull request; a form in the browser is for the author to decide about, draft or not. */
export function createWords(
  { base, title, draft }: Pick<Order, "base" | "title" | "draft">,
  { head, file, form = false }: { head: string; file: string; form?: boolean },
): string[] {
  const words = ["pr", "create", "--head", head, "--base", base, "--title", title, "--body-file", file];
  return [...words, ...(draft ? ["--draft"] : []), ...(form ? ["--web"] : [])];
}

/** The arguments that put a description in place of the one that is there; the title stays the author's. */
function editWords(number: number, file: string): string[] {
  return ["pr", "edit", String(number), "--body-file", file];
}

async function create(order: Order): Promise<string | null> {
  const { run, title, draft, web } = order;
  const text = descriptionFor(order, "", "");
  const file = await writeDescription(order, text);
  const head = await headName(order);
  // gh opens no form for a draft, nor for what is too long for an address.
  const form = web && !draft && fitsInAddress(title, text);
  const output = await outputOf(run, "gh", createWords(order, { head, file, form }));
  const address = addressIn(output);
  if (web && !form && address !== null) await outputOf(run, "gh", ["pr", "view", address, "--web"]);
  return address;
}

async function update(order: Order, { number, url, body, isDraft }: GitHubPullRequest): Promise<string> {
  const { run, draft, web } = order;
  const file = await writeDescription(order, descriptionFor(order, body, url));
  await outputOf(run, "gh", editWords(number, file));
  if (draft && !isDraft) await outputOf(run, "gh", ["pr", "ready", String(number), "--undo"]);
  if (web) await outputOf(run, "gh", ["pr", "view", String(number), "--web"]);
  return url;
}

/** gh knows which repository the pull request goes to; seen from there, a fork's branch is named with its owner. */
async function headName({ run, destination: { owner, remoteBranch } }: Order): Promise<string> {
  const output = await outputOf(run, "gh", ["repo", "view", "--json", "owner"]);
  const { login } = parseJson<{ owner: { login: string } }>("gh", output).owner;
  return owner === "" || login.toLowerCase() === owner.toLowerCase() ? remoteBranch : `${owner}:${remoteBranch}`;
}
