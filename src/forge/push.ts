import { blockIn, markedBlock } from "../report/pull-request/merged-body.ts";
import { RequestError, UnavailableError } from "../shared/errors.ts";
import type { PullRequestSpec } from "./pull-request-spec.ts";
import { addressIn } from "./run.ts";

/** The limit of a push option in bytes: git sends it as one packet of at most 65,516 including its name. */
export const longestOption = 60_000;

/**
 * Pushes, displays the output of git, hook and server as it comes, and returns it. Throws UnavailableError on failure.
 */
export async function pushShown({ run }: Pick<PullRequestSpec, "run">, args: readonly string[]): Promise<string> {
  const { exitCode, output, errors } = await run("git", args, { show: true });
  const said = `${output}\n${errors}`;
  if (exitCode === 0) return said;
  const why = /does not support push options/.test(said)
    ? "the server takes no push options, so it is no host that opens pull requests by them"
    : "see above";
  throw new UnavailableError(`The push has failed, so there is no pull request: ${why}.`);
}

/** Prints the address in the server's output. */
export function tellAddress(
  { world, destination }: Pick<PullRequestSpec, "world" | "destination">,
  said: string,
): void {
  const address = addressIn(said);
  if (address !== null) world.output.write(`${address}\n`);
  else world.errors.write(`Pushed, but ${destination.remote} gave no address of a pull request.\n`);
}

/** Throws RequestError where a browser is requested, which only the host's own program can open. */
export function refuseBrowser({ web }: Pick<PullRequestSpec, "web">, program: string | null): void {
  if (!web) return;
  const needs = program === null ? "leave it out: the address is printed" : `it needs ${program} on PATH`;
  throw new RequestError(`--web opens no browser after a push: ${needs}.`);
}

/** The description cut to so many bytes: our part ends after a whole line, with a remark. */
export function describedWithin({ body }: Pick<PullRequestSpec, "body">, bytes: number): string {
  // Line ends count twice, as GitLab's encoding doubles them.
  if (lengthOf(body) <= bytes) return body;
  const block = blockIn(body);
  if (block === null || block === "broken") return cut(body, bytes);
  const written = body.slice(block.start, block.end);
  const text = written.slice(written.indexOf("-->") + "-->".length, written.lastIndexOf("<!--")).trim();
  const around = lengthOf(body) - lengthOf(text);
  return body.slice(0, block.start) + markedBlock(cut(text, bytes - around), block.attributes) + body.slice(block.end);
}

function cut(text: string, bytes: number): string {
  const note = "\n\n… and more, which a push cannot carry.";
  let room = bytes - lengthOf(note);
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    room -= lengthOf(`${line}\n`);
    if (room < 0) break;
    lines.push(line);
  }
  return `${lines.join("\n").trimEnd()}${note}`;
}

function lengthOf(text: string): number {
  return Buffer.byteLength(text.replaceAll("\n", "\\n"));
}
