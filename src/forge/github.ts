import { relative } from "node:path";
import { type ExitCode, exitCodes } from "../shared/errors.ts";
import { descriptionFor, fitsInAddress, writeDescription } from "./description.ts";
import { requirePushed } from "./forge-branch.ts";
import { createArguments, editArguments, listArguments } from "./gh-arguments.ts";
import { choosePullRequest, type GitHubPullRequest } from "./present.ts";
import type { PullRequestSpec } from "./pull-request-spec.ts";
import { addressIn, commandLine, failure, missingProgram, parseJson, requireOutput } from "./run.ts";

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
