import { loadConfig } from "../config/load.ts";
import { askHook } from "../doctor/hook.ts";
import { openRepository, type Repository } from "../git/repository.ts";
import { allTests, countsText } from "../model/figures.ts";
import { formatPercent } from "../model/percent.ts";
import { differences, type Receipt, ReceiptStore } from "../push/receipts.ts";
import { readRevision } from "../push/refs.ts";
import { SentReceipts } from "../push/sent-receipts.ts";
import { History } from "../report/history.ts";
import { historyLines, trendRuns } from "../report/terminal/history-lines.ts";
import { wrapFor } from "../report/terminal/wrap-for.ts";
import { type ExitCode, exitCodes } from "../shared/errors.ts";
import { formatMoment, formatSeconds, shortId } from "../shared/text.ts";
import type { World } from "../shared/world.ts";
import { receiptKeyOfHead } from "../trust/receipt-key.ts";

const shownReceipts = 5;

/** Prints whether HEAD is proven, the last proven trees, and the last runs with their trends. */
export async function status(world: World): Promise<ExitCode> {
  const repository = await openRepository(world);
  const head = await readRevision(repository, world.environment, "HEAD");
  const store = new ReceiptStore(repository.commonDirectory);
  const receipt = await store.ofTree(head.tree);
  const name = head.branch === null ? shortId(head.commit) : `${head.branch} at ${shortId(head.commit)}`;
  const subject = `${name} (tree ${shortId(head.tree)})`;
  const differencesOf = async (proof: Receipt): Promise<string[]> =>
    differences(proof, await receiptKeyOfHead(repository, head, proof, world), new Date());
  const lines =
    receipt === null
      ? [`${subject} is not verified: ${remedy}`]
      : [
          ...proofLines(subject, receipt, await differencesOf(receipt)),
          ...(await signatureLines(repository, store, head.tree)),
        ];
  const others = (await store.list()).filter(({ tree }) => tree !== head.tree).slice(0, shownReceipts);
  if (others.length > 0) lines.push("", "Verified before:", ...others.map(describeOther));
  const wrap = await wrapFor(world.output, world.environment);
  const past = historyLines(await new History(repository.commonDirectory).last(trendRuns), columnsOf(world));
  const hook = await askHook(repository, world);
  const stopped = hook.asked ? "" : `A push from here is not verified: ${hook.text}. ${hook.remedy ?? ""}`.trimEnd();
  const all = [
    ...lines.flatMap((line) => wrap(line)),
    ...(past.length > 0 ? ["", ...past] : []),
    ...(stopped === "" ? [] : ["", ...wrap(stopped)]),
  ];
  world.output.write(`${all.join("\n")}\n`);
  return exitCodes.verified;
}

/** A pipe has no width. */
function columnsOf({ output }: World): number {
  return (output as { columns?: number }).columns ?? 80;
}

const remedy = "`npx verify` or a push verifies it.";

function proofLines(subject: string, receipt: Receipt, reasons: readonly string[]): string[] {
  const how = `On ${receipt.environment}, with pushproof ${receipt.version}.`;
  if (reasons.length === 0) return [`${subject} is verified: ${describe(receipt)}.`, how];
  return [
    `${subject} was verified, but ${reasons.join("; ")}: the next push runs again.`,
    `It was: ${describe(receipt)}.`,
    how,
  ];
}

/** Whether the receipt is signed and where it went; nothing where receipts do not travel. */
async function signatureLines(
  { root, commonDirectory }: Repository,
  store: ReceiptStore,
  tree: string,
): Promise<string[]> {
  const envelope = await store.envelopeOf(tree);
  if (envelope === null) {
    const loaded = await loadConfig(root).catch(() => null);
    if (!loaded?.config.receipts.push) return [];
    return ["Its receipt is not signed, so it stays here: `npx verify --fresh` signs it, or says why not."];
  }
  const deliveries = await new SentReceipts(commonDirectory).of(tree);
  if (deliveries.length === 0) return ["Its receipt is signed, and not sent yet: it goes beside the branch."];
  const { deliveryText } = await import("../trust/travel/overview.ts");
  const again = deliveries.some(({ state }) => state === "failed") ? " `npx verify receipts push` tries again." : "";
  return [`Its receipt is signed, and ${deliveries.map(deliveryText).join(", ")}.${again}`];
}

function describe(receipt: Receipt): string {
  const { summary, at } = receipt;
  const lines = summary.coverage?.lines;
  const coverage =
    lines === undefined
      ? ""
      : `, ${formatPercent(lines.covered, lines.total, summary.coverage?.threshold)} of lines covered`;
  return `${countsText(allTests(summary))}${coverage}, in ${formatSeconds(summary.seconds)}, on ${formatMoment(at)}`;
}

function describeOther(receipt: Receipt): string {
  const { branch, commit } = receipt.summary;
  return `  ${branch === null ? shortId(commit) : `${branch} at ${shortId(commit)}`}: ${describe(receipt)}`;
}
