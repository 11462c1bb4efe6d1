import { setTimeout } from "node:timers/promises";
import { type PrivateGit, type PushedRef, wasOvertaken } from "../../git/private-git.ts";
import type { Delivery } from "../../push/sent-receipts.ts";
import { messageOf, UnavailableError } from "../../shared/errors.ts";
import { groupedBy } from "../../shared/grouped-by.ts";
import { plainLine } from "../../shared/text.ts";
import { commitEntries, commitsAmong, entryName, isStale, readEntries, shardOf } from "./shards.ts";

/** A receipt that is to be sent. */
export interface OutgoingReceipt {
  readonly tree: string;
  /** When its run ended, ISO 8601. */
  readonly at: string;
  /** The signed form, one line. */
  readonly envelope: string;
}

/** What became of one. */
export type Outcome = Omit<Delivery, "url"> & { readonly tree: string };

/** How often somebody else may be first before we give up; they wait, a little longer each time. */
const attempts = 12;

/**
 * Adds receipts to a remote's. Each shard grows by a commit on top of what is there, so git itself refuses the slower of
 * two who send at once, who then does it again on top of the other's: nobody's receipt is lost. Receipts in the same shard
 * that have expired go.
 */
export async function sendReceipts(
  git: PrivateGit,
  remote: string,
  receipts: readonly OutgoingReceipt[],
  now: Date,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let waiting = [...groupedBy(receipts, ({ tree }) => shardOf(tree))];
  try {
    for (let attempt = 1; waiting.length > 0 && attempt <= attempts; attempt++) {
      if (attempt > 1) await setTimeout(Math.random() * 100 * attempt);
      const results = await sendOnce(git, remote, new Map(waiting), now);
      for (const [ref, ours] of waiting) {
        const result = results.get(ref);
        if (result !== undefined && result !== "raced") outcomes.push(...ours.map(({ tree }) => ({ tree, ...result })));
      }
      waiting = waiting.filter(([ref]) => results.get(ref) === "raced");
    }
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    return [...outcomes, ...failed(waiting, messageOf(error).replace(/\.$/, ""))];
  }
  return [...outcomes, ...failed(waiting, "others were faster each time")];
}

type Waiting = [string, OutgoingReceipt[]][];

function failed(waiting: Waiting, why: string): Outcome[] {
  return waiting.flatMap(([, ours]) => ours.map(({ tree }) => ({ tree, state: "failed", why }) as const));
}

type Result = Pick<Delivery, "state" | "why"> | "raced";

/** One attempt for each shard; throws UnavailableError where the remote does not answer. */
async function sendOnce(
  git: PrivateGit,
  remote: string,
  waiting: ReadonlyMap<string, readonly OutgoingReceipt[]>,
  now: Date,
): Promise<Map<string, Result>> {
  const tips = await git.fetch(remote, [...waiting.keys()]);
  const commits = await commitsAmong(git, [...tips.values()]);
  const results = new Map<string, Result>();
  const refspecs: string[] = [];
  for (const [ref, ours] of waiting) {
    const tip = tips.get(ref);
    if (tip !== undefined && !commits.has(tip)) {
      results.set(ref, { state: "refused", why: `${ref} there is no commit` });
      continue;
    }
    const made = await grow(git, tip, ours, now);
    if (made === null) results.set(ref, { state: "sent", why: "" });
    else refspecs.push(`${made}:${ref}`);
  }
  if (refspecs.length === 0) return results;
  for (const pushed of await git.push(remote, refspecs)) results.set(pushed.ref, judge(pushed));
  return results;
}

function judge(pushed: PushedRef): Result {
  if (pushed.rejected === null) return { state: "sent", why: "" };
  if (wasOvertaken(pushed)) return "raced";
  const { reason, said } = pushed.rejected;
  return { state: "refused", why: plainLine(said === "" ? reason : `${reason}: ${said}`) };
}

/** The commit of a shard with receipts added, or null where all of them are there. */
async function grow(
  git: PrivateGit,
  tip: string | undefined,
  receipts: readonly OutgoingReceipt[],
  now: Date,
): Promise<string | null> {
  const there = tip === undefined ? [] : await readEntries(git, tip);
  const added = [];
  for (const { tree, at, envelope } of receipts) {
    const name = entryName(envelope, at);
    if (there.some((entry) => entry.tree === tree && entry.name === name)) continue;
    const blob = await git.line(["hash-object", "-w", "--no-filters", "--stdin"], `${envelope}\n`);
    added.push({ tree, name, blob });
  }
  if (added.length === 0) return null;
  const standing = there.filter((entry) => !isStale(entry, now));
  return await commitEntries(git, [...standing, ...added], ...(tip === undefined ? [] : [tip]));
}
