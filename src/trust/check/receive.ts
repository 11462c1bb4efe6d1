import { isNoObject, isObjectId, type ObjectReader } from "../../git/object-reader.ts";
import { RequestError } from "../../shared/errors.ts";
import { shortId } from "../../shared/text.ts";
import type { Environment } from "../../shared/world.ts";
import { type Base, type BasePolicy, readBasePolicy, whyNoPolicy } from "../policy/read.ts";
import { shardOf } from "../travel/shards.ts";
import { shortBranch } from "./bases.ts";
import { type Decision, decide } from "./decide.ts";
import { type FoundEnvelopes, readEnvelopes } from "./envelopes.ts";

/** A line of git's standard input to a pre-receive hook: a ref that a push changes. Ids are full; all zeros is none. */
export interface RefUpdate {
  readonly before: string;
  readonly after: string;
  readonly ref: string;
}

/** Parses git's lines. Throws RequestError for anything else. */
export function parseUpdates(input: string): RefUpdate[] {
  return input
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [before = "", after = "", ...rest] = line.split(" ");
      const ref = rest.join(" ");
      if (isObjectId(before) && isObjectId(after) && ref.startsWith("refs/")) return { before, after, ref };
      throw new RequestError(
        `"${line}" is not a line of git's pre-receive hook: expected "<old object> <new object> <ref>".`,
      );
    });
}

/** The server's repository with what a push brings, before any ref is changed. */
export interface Server {
  readonly reader: ObjectReader;
  /** The push as a whole: receipts may come with it. */
  readonly updates: readonly RefUpdate[];
  /** A private directory for copies of files. */
  readonly directory: string;
  readonly environment: Environment;
}

/**
 * Decides whether a protected ref may be changed so: by the policy that stands before the push, and for a branch also by
 * the one that would stand after it, so that no push can bring a policy which refuses everything that follows.
 */
export async function decideUpdate(server: Server, { before, after, ref }: RefUpdate): Promise<Decision> {
  const { reader, directory, environment } = server;
  const name = shortBranch(ref);
  const refused = (reason: string): Decision => ({ verified: false, reason });
  if (isNoObject(after)) return refused("It is protected, and a push does not delete it.");
  const commit = await reader.commit(after);
  if (commit === null) return refused(`${shortId(after)} leads to no commit.`);
  const isBranch = ref.startsWith("refs/heads/");
  const standing = await reader.commit(isBranch && !isNoObject(before) ? before : "HEAD");
  if (standing === null) {
    return refused("There is no policy here yet: the first one is brought in on the server, see docs/check.md.");
  }
  const bases: Base[] = [{ name: isBranch && !isNoObject(before) ? name : "the default branch", commit: standing }];
  if (isBranch) bases.push({ name: `${name} after the push`, commit });
  const policies: BasePolicy[] = [];
  for (const base of bases) {
    const policy = await readBasePolicy(reader, base, directory);
    if (policy === null) return refused(whyNoPolicy(base));
    policies.push(policy);
  }
  const envelopes = await findEnvelopes(server, commit.tree);
  const question = { commit, envelopes, bases: policies, where: "on the server", now: new Date() };
  return await decide(question, reader, environment);
}

/** The receipts of a tree: those that come with the push, and those that are here. */
async function findEnvelopes({ reader, updates }: Server, tree: string): Promise<FoundEnvelopes> {
  const shard = shardOf(tree);
  const brought = updates.find(({ ref, after }) => ref === shard && !isNoObject(after));
  const places = brought === undefined ? [shard] : [brought.after, shard];
  const found = await Promise.all(places.map((place) => readEnvelopes(reader, place, tree)));
  const texts = [...new Set(found.flatMap((one) => one.texts))];
  return { texts, total: Math.max(texts.length, ...found.map(({ total }) => total)) };
}
