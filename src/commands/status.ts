import { formatPercent } from "../coverage/percent.ts";
import { type ExitCode, exitCodes } from "../errors.ts";
import { version } from "../push/conditions.ts";
import { isExpired, type Receipt, ReceiptStore, receiptDays } from "../push/receipts.ts";
import { readRevision } from "../push/refs.ts";
import { openRepository } from "../push/repository.ts";
import { allTests, countsText } from "../report/figures.ts";
import { formatSeconds, shortId } from "../report/text.ts";
import type { World } from "../world.ts";

const shownReceipts = 5;

/** Shows what is proven about HEAD, and the last trees that were. */
export async function status(world: World): Promise<ExitCode> {
  const repository = await openRepository(world);
  const head = await readRevision(repository.git, "HEAD");
  const store = new ReceiptStore(repository.commonDirectory);
  const receipt = await store.ofTree(head.tree);
  const name = head.branch === null ? shortId(head.commit) : `${head.branch} at ${shortId(head.commit)}`;
  const subject = `${name} (tree ${shortId(head.tree)})`;
  const lines = receipt === null ? [`${subject} is not proven: ${remedy}`] : proofLines(subject, receipt);
  const others = (await store.list()).filter(({ tree }) => tree !== head.tree).slice(0, shownReceipts);
  if (others.length > 0) lines.push("", "Verified before:", ...others.map(describeOther));
  world.output.write(`${lines.join("\n")}\n`);
  return exitCodes.verified;
}

const remedy = "`npx verify` or a push verifies it.";

function proofLines(subject: string, receipt: Receipt): string[] {
  const how = `On ${receipt.environment}, with pushproof ${receipt.version}.`;
  const outdated = isExpired(receipt, new Date())
    ? `more than ${receiptDays} days ago`
    : receipt.version === version
      ? null
      : `by another version than this one (${version})`;
  if (outdated === null) return [`${subject} is verified: ${describe(receipt)}.`, how];
  return [`${subject} was verified ${outdated}: ${describe(receipt)}.`, how, `It is no longer proven: ${remedy}`];
}

function describe(receipt: Receipt): string {
  const { summary, at } = receipt;
  const lines = summary.coverage?.lines;
  const coverage =
    lines === undefined
      ? ""
      : `, ${formatPercent(lines.covered, lines.total, summary.coverage?.threshold)} of lines covered`;
  return `${countsText(allTests(summary))}${coverage}, in ${formatSeconds(summary.seconds)}, on ${at.slice(0, 16).replace("T", " ")} UTC`;
}

function describeOther(receipt: Receipt): string {
  const { branch, commit } = receipt.summary;
  return `  ${branch === null ? shortId(commit) : `${branch} at ${shortId(commit)}`}: ${describe(receipt)}`;
}
