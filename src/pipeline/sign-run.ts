import { joinedRecords } from "../model/run-record.ts";
import type { StageOutcome, StageView } from "../report/terminal/stage.ts";
import type { Context, Prepared } from "./context.ts";
import type { JudgedRun } from "./judge-run.ts";
import type { RunResults } from "./stages.ts";

/** A run after its receipt was signed, or was not; `end` is left out where it has no receipt. */
export interface RunWithReceipt {
  readonly judged: JudgedRun;
  readonly end?: StageOutcome;
}

/** Signs the receipt of a judged run. Where that cannot be done, the summary says why in a note; the verdict stays. */
export async function signRun(
  context: Context,
  prepared: Prepared,
  judged: JudgedRun,
  { suites }: RunResults,
  show: (view: StageView) => void,
): Promise<RunWithReceipt> {
  const { summary } = judged;
  if (summary.receipt === null) return { judged };
  const { signReceipt } = await import("../trust/sign-receipt.ts");
  const run = { ...prepared, options: context.request.options, tests: joinedRecords(suites).tests };
  const signature = await signReceipt(context, run, summary, () => show(touchView()));
  if ("fingerprint" in signature)
    return { judged, end: { text: `signed with ${signature.fingerprint}`, isBad: false } };
  const notes = [...summary.notes, signature.note];
  return { judged: { ...judged, summary: { ...summary, notes } }, end: { text: "not signed", isBad: false } };
}

/** Says once that the security key is to be touched, and goes on showing it where the screen is redrawn. */
function touchView(): StageView {
  const news = ["  Touch your security key: it signs the receipt."];
  return { phrase: () => "waiting for a touch of your security key", news: () => news.splice(0) };
}
