import { gitLineOrNull } from "../../git/client.ts";
import { withPrivateGit } from "../../git/private-git.ts";
import type { Repository } from "../../git/repository.ts";
import { ReceiptStore } from "../../push/receipts.ts";
import { type Delivery, SentReceipts } from "../../push/sent-receipts.ts";
import { messageOf, UntrustedReceiptError } from "../../shared/errors.ts";
import { clip, compareNames, formatAge, plainLine, shortId } from "../../shared/text.ts";
import type { Environment, World } from "../../shared/world.ts";
import { readEnvelope } from "../attestation/envelope.ts";
import type { Verification } from "../attestation/statement.ts";
import { checkEnvelope, verifyEnvelope } from "../attestation/verifying.ts";
import { listShards, readEnvelopeOf } from "./shards.ts";

/** In characters. */
const longestReason = 300;

/** Each shown one is verified, which takes some milliseconds. */
const shown = 20;

/** The receipts that are here, newest first, a phrase each: what of, how old, who signed, where it went. */
export async function localRows(repository: Repository, environment: Environment, now: Date): Promise<string[]> {
  const store = new ReceiptStore(repository.commonDirectory);
  const sent = new SentReceipts(repository.commonDirectory);
  const allowed = await allowedSigners(repository);
  const receipts = (await store.list()).slice(0, shown);
  return await Promise.all(
    receipts.map(async ({ tree, at, summary: { branch, commit } }) => {
      const envelope = await store.envelopeOf(tree);
      const signed = envelope === null ? "not signed" : (await readSigner(envelope, allowed, environment)).words;
      const went = (await sent.of(tree)).map(deliveryText);
      return [rowOf(tree, { branch, commit, at }, now), signed, ...went].join(", ");
    }),
  );
}

/** The newest receipts on a remote, newest first, and how many older ones there are. Throws UnavailableError. */
export async function remoteRows(
  repository: Repository,
  url: string,
  { environment, signal }: World,
): Promise<{ readonly rows: string[]; readonly left: number }> {
  const now = new Date();
  const allowed = await allowedSigners(repository);
  return await withPrivateGit(repository, { caller: environment, signal, manner: "asks" }, async (git) => {
    const entries = (await listShards(git, url)).flatMap((shard) => shard.entries);
    const newest = entries.toSorted((left, right) => compareNames(right.name, left.name)).slice(0, shown);
    const rows = await Promise.all(
      newest.map(async (entry) => {
        const { claim, words } = await readSigner(await readEnvelopeOf(git, entry), allowed, environment);
        if (claim === null) return { at: entry.name, text: `tree ${shortId(entry.tree)}: ${words}` };
        const { branch, commit, endedAt: at } = claim;
        return { at, text: `${rowOf(entry.tree, { branch, commit, at }, now)}, ${words}` };
      }),
    );
    const sorted = rows.toSorted((left, right) => compareNames(right.at, left.at));
    return { rows: sorted.map(({ text }) => text), left: entries.length - newest.length };
  });
}

/** What became of a receipt on a remote, a phrase. */
export function deliveryText({ state, url, why }: Delivery): string {
  if (state === "sent") return `sent to ${url}`;
  return state === "refused" ? `refused by ${url} (${why})` : `not yet sent to ${url} (${why})`;
}

function rowOf(
  tree: string,
  { branch, commit, at }: Pick<Verification, "branch" | "commit"> & { readonly at: string },
  now: Date,
): string {
  const name = branch === null ? shortId(commit) : `${plainLine(branch)} at ${shortId(commit)}`;
  return `tree ${shortId(tree)}: ${name}, ${formatAge((now.getTime() - Date.parse(at)) / 1000)} old`;
}

/** The user's own file of allowed signers; null where git has none. */
async function allowedSigners({ git }: Repository): Promise<string | null> {
  return await gitLineOrNull(git, "config", "--type=path", "--get", "gpg.ssh.allowedSignersFile");
}

/** Who signed an envelope, a phrase; the claim is null where the signature does not hold. */
async function readSigner(
  line: string,
  allowed: string | null,
  environment: Environment,
): Promise<{ readonly claim: Verification | null; readonly words: string }> {
  try {
    const envelope = readEnvelope(line);
    const { verification, fingerprint } = await checkEnvelope(envelope, environment);
    const key = { claim: verification, words: `signed by ${fingerprint}` };
    if (allowed === null) return key;
    return await verifyEnvelope(envelope, { allowedSigners: allowed }, environment).then(
      ({ signer }) => ({ ...key, words: `signed by ${signer}` }),
      (error: unknown) => ({ ...key, words: `${key.words}, whom ${allowed} does not allow (${messageOf(error)})` }),
    );
  } catch (error) {
    if (!(error instanceof UntrustedReceiptError)) throw error;
    // Whoever can write to the remote chose what it quotes.
    return { claim: null, words: `not to be believed: ${clip(plainLine(error.message), longestReason)}` };
  }
}
