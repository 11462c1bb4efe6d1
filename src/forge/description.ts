import { forcedBody, mergedBody } from "../report/pull-request/merged-body.ts";
import { writeReport } from "../report/write.ts";
import { RequestError } from "../shared/errors.ts";
import type { PullRequestSpec } from "./pull-request-spec.ts";

/**
 * The new description, given the present one. Throws RequestError where our part of it was edited and `force` is not
 * set.
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

/** The body without its first line, the title, which hosts store separately. */
export function withoutTitle(body: string): string {
  return body.replace(/^# [^\n]*(?:\n+|$)/, "");
}

/**
 * Writes the description to `.verify/`, next to `pull-request.md`, which includes the title; returns the absolute path.
 */
export async function writeDescription({ root }: Pick<PullRequestSpec, "root">, text: string): Promise<string> {
  return await writeReport(root, "pull-request-body.md", `${text}\n`);
}

/** Whether title and description fit into the address of a form. */
export function fitsInAddress(title: string, description: string): boolean {
  return encodeURIComponent(title).length + encodeURIComponent(description).length < longestAddress;
}

/** Below gh's limit of 8,191 characters, with room for the rest of the address. */
const longestAddress = 7_500;
