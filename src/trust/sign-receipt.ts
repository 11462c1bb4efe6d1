import type { VerifyOptions } from "../config/request.ts";
import { gitLineOrNull } from "../git/client.ts";
import type { Repository } from "../git/repository.ts";
import { rootCommit } from "../git/root-commit.ts";
import type { TestRecord } from "../model/run-record.ts";
import type { Summary } from "../model/summary.ts";
import type { ReceiptStore } from "../push/receipts.ts";
import { InterruptedError, messageOf } from "../shared/errors.ts";
import { plural } from "../shared/text.ts";
import type { World } from "../shared/world.ts";
import { writeEnvelope } from "./attestation/envelope.ts";
import { maskSecrets } from "./attestation/masking.ts";
import { signStatement } from "./attestation/signing.ts";
import { findSigningKey, isSigningKey, type SigningKey } from "./attestation/signing-key.ts";
import { writeStatement } from "./attestation/statement.ts";
import { claimOf } from "./claim.ts";
import { isTracked, type ProvenRun } from "./proof.ts";

/** The run whose receipt is signed. */
export interface SignedRun extends ProvenRun {
  readonly options: Pick<VerifyOptions, "databaseUrl">;
  /** The results of every test, of all suites. */
  readonly tests: readonly TestRecord[];
}

/** What became of a receipt's signature: the key's fingerprint, or why there is none, in a sentence. */
export type Signature = { readonly fingerprint: string } | { readonly note: string };

/**
 * Signs the receipt of a run that has just passed, and keeps the envelope beside it; `onTouch` is called before a security
 * key is to be touched. A receipt of an earlier run is never signed later: it lies in a file that anybody could have edited.
 */
export async function signReceipt(
  { receipts, repository, world }: { receipts: ReceiptStore; repository: Repository; world: World },
  run: SignedRun,
  summary: Summary,
  onTouch: () => void,
): Promise<Signature> {
  try {
    const weaker = await whyUnsigned(run, summary);
    if (weaker !== null) return unsigned(`${weaker}.`);
    const root = await rootCommit(repository.git, summary.commit);
    if (root === null)
      return unsigned("this clone is shallow, so it does not know which repository it is of. `git fetch --unshallow`.");
    const key = await findSigningKey(repository, world.environment);
    if (!isSigningKey(key)) return unsigned(`${key.why}. ${key.remedy}`);
    if (key.needsTouch) onTouch();
    await receipts.saveEnvelope(summary.tree, await envelopeOf({ repository, world, root, key }, run, summary));
    return { fingerprint: key.fingerprint };
  } catch (error) {
    if (error instanceof InterruptedError) throw error;
    return unsigned(lowerFirst(messageOf(error)));
  }
}

function unsigned(why: string): Signature {
  return { note: `The receipt is not signed, so it stays here: ${why}` };
}

/** Sentences of errors begin with "The", or with a program's name. */
function lowerFirst(sentence: string): string {
  return sentence.replace(/^(The|No|Its) /, (word) => word.toLowerCase());
}

async function envelopeOf(
  { repository, world, root, key }: { repository: Repository; world: World; root: string; key: SigningKey },
  { loaded, receiptKey, options, tests }: SignedRun,
  summary: Summary,
): Promise<string> {
  const { config, file } = loaded;
  const blob = await gitLineOrNull(repository.git, "rev-parse", "--verify", `${summary.commit}:${file}`);
  if (blob === null) throw new Error(`${file} is not part of ${summary.commit}.`);
  const configured = config.database === false ? undefined : config.database.url;
  const mask = maskSecrets(
    [options.databaseUrl, world.environment.VERIFY_DATABASE_URL || undefined, configured],
    world.environment,
  );
  const facts = { key: await receiptKey, configuration: { file, blob }, root, tests, mask, endedAt: new Date() };
  return writeEnvelope(await signStatement(writeStatement(claimOf(summary, facts)), key, world));
}

/** Why a pass that is kept here is too weak to be shown to others, a clause; null where it is not. */
async function whyUnsigned({ plan, checkout, loaded }: SignedRun, summary: Summary): Promise<string | null> {
  const races = summary.suites.reduce((sum, { tests }) => sum + (tests.races ?? 0), 0);
  if (races > 0) return `${plural(races, "flaky test")} ${races === 1 ? "was" : "were"} let through`;
  if (plan.special) return "options changed what the configuration asks for";
  if (!(await isTracked(checkout, loaded.file))) return `${loaded.file} is not part of the commit`;
  return null;
}
