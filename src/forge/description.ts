import { forcedBody, mergedBody } from "../report/pull-request/merged-body.ts";
import { writeReport } from "../report/write.ts";
import { RequestError } from "../shared/errors.ts";
import type { PullRequestSpec } from "./pull-request-spec.ts";

/**
 * The description that is to be there, given the one that is. Throws RequestError where somebody changed our part of it
 * and nothing says that this may be replaced.
 */
export function descriptionFor(
  { body, force }: Pick<PullRequestSpec, "body" | "force">,
  present: string,
  address: string,
): string {
  const { body: merged, isEdited } = mergedBody(present, body);
  if (isEdited && !force) {
    throw new RequestError(
      `Somebody changed what pushproof wrote into the description of ${address}: --force replaces it, or move it out of the markers.`,
    );
  }
  return isEdited ? forcedBody(present, body) : merged;
}

/** The body without its first line, which is the title: hosts have a place of its own for that. */
export function withoutTitle(body: string): string {
  return body.replace(/^# [^\n]*(?:\n+|$)/, "");
}

/** Writes the description to `.verify/`, beside `pull-request.md`, which begins with the title; gives the absolute path. */
export async function writeDescription({ root }: Pick<PullRequestSpec, "root">, text: string): Promise<string> {
  return await writeReport(root, "pull-request-body.md", `${text}\n`);
}

/** Whether a form in a browser can be given the title and the description: they go into its address. */
export function fitsInAddress(title: string, description: string): boolean {
  return encodeURIComponent(title).length + encodeURIComponent(description).length < longestAddress;
}

/** Below the 8,191 characters that gh takes, with room for the rest of the address. */
const longestAddress = 7_500;
