import { type ExitCode, exitCodes } from "../shared/errors.ts";
import { descriptionFor, fitsInAddress, writeDescription } from "./description.ts";
import { requirePushed } from "./forge-branch.ts";
import { openByPushOptions } from "./gitlab-push.ts";
import { createArguments, listArguments, updateArguments } from "./glab-arguments.ts";
import { chooseMergeRequest, type MergeRequest } from "./present.ts";
import type { PullRequestSpec } from "./pull-request-spec.ts";
import { addressIn, failure, parseJson, requireOutput } from "./run.ts";

/**
 * Opens a merge request with glab, or updates the present one, and prints its address; without glab, uses push options.
 * Throws RequestError where the branch is not pushed or our part of the description was edited, UnavailableError where
 * glab fails.
 */
export async function openOnGitLab(spec: PullRequestSpec): Promise<ExitCode> {
  const { run, destination, world } = spec;
  const listed = await run("glab", listArguments(destination.remoteBranch));
  if (listed.exitCode === null) return await openByPushOptions(spec);
  await requirePushed(destination, spec.commit, spec);
  if (listed.exitCode !== 0) throw failure("glab", listed);
  const present = chooseMergeRequest(parseJson<MergeRequest[]>("glab", listed.output), spec);
  const address = present === null ? await create(spec) : await update(spec, present);
  if (address !== null) world.output.write(`${address}\n`);
  return exitCodes.verified;
}

async function create(spec: PullRequestSpec): Promise<string | null> {
  const { run, title, web } = spec;
  const description = descriptionFor(spec, "", "");
  await writeDescription(spec, description);
  const form = web && fitsInAddress(title, description);
  const address = addressIn(await requireOutput(run, "glab", createArguments(spec, { description, form })));
  if (web && !form) await requireOutput(run, "glab", ["mr", "view", spec.destination.remoteBranch, "--web"]);
  return form ? null : address;
}

async function update(spec: PullRequestSpec, { iid, web_url, description, draft }: MergeRequest): Promise<string> {
  const { run, web } = spec;
  const text = descriptionFor(spec, description ?? "", web_url);
  await writeDescription(spec, text);
  await requireOutput(run, "glab", updateArguments(iid, text, spec.draft && !draft));
  if (web) await requireOutput(run, "glab", ["mr", "view", String(iid), "--web"]);
  return web_url;
}
