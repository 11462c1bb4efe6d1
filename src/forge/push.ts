import { blockIn, markedBlock } from "../report/pull-request/merged-body.ts";
import { RequestError, UnavailableError } from "../shared/errors.ts";
import type { Order } from "./order.ts";
import { addressIn } from "./run.ts";

/** Of one push option, in bytes: git sends it as one packet of at most 65,516, its name included. */
export const longestOption = 60_000;

/** Pushes with what git, the hook and the server say shown as it comes, and gives that. Throws UnavailableError where it fails. */
export async function pushShown({ run }: Pick<Order, "run">, words: readonly string[]): Promise<string> {
  const { exitCode, output, errors } = await run("git", words, { show: true });
  const said = `${output}\n${errors}`;
  if (exitCode === 0) return said;
  const why = /does not support push options/.test(said)
    ? "the server takes no push options, so it is no host that opens pull requests by them"
    : "see above";
  throw new UnavailableError(`The push has failed, so there is no pull request: ${why}.`);
}

/** Prints the address that the server has named. */
export function tellAddress({ world, destination }: Pick<Order, "world" | "destination">, said: string): void {
  const address = addressIn(said);
  if (address !== null) world.output.write(`${address}\n`);
  else world.errors.write(`Pushed, but ${destination.remote} gave no address of a pull request.\n`);
}

/** Throws RequestError where a browser is wanted, which only the host's own program opens. */
export function refuseBrowser({ web }: Pick<Order, "web">, program: string | null): void {
  if (!web) return;
  const needs = program === null ? "leave it out: the address is printed" : `it needs ${program} on PATH`;
  throw new RequestError(`--web opens no browser after a push: ${needs}.`);
}

/** The description in so many bytes at most: our part of it is cut after a line, and says so. */
export function describedWithin({ body }: Pick<Order, "body">, bytes: number): string {
  // Counted with line ends twice as long, as GitLab takes them.
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
