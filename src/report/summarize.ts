import type { VerifyRequest } from "../config/request.ts";
import type {
  Changes,
  HistorySummary,
  Judgment,
  PushDestination,
  SuiteSummary,
  Summary,
  Verdict,
} from "../model/summary.ts";
import type { Checkout } from "../push/checkout.ts";
import type { Receipt } from "../push/receipts.ts";
import type { Target } from "../push/refs.ts";
import { quote } from "../shared/shell.ts";
import { formatMoment } from "../shared/text.ts";
import { version } from "../shared/version.ts";

/** The facts about a verification that are known before anything ran. */
export interface RunFacts {
  readonly target: Target;
  readonly kind: Checkout["kind"];
  readonly startedAt: Date;
  readonly environment: string;
  readonly request: VerifyRequest;
  readonly changes: Changes | null;
  readonly history: HistorySummary;
  readonly destination: PushDestination | null;
  /** What the plan leaves out, a phrase each. */
  readonly incomplete: readonly string[];
}

/** The results of a finished run. */
export interface FinishedRun extends Pick<Summary, "checks" | "coverage" | "server"> {
  readonly suites: readonly { readonly summary: SuiteSummary }[];
}

/** The summary of a finished run. */
export function summaryOfRun(
  facts: RunFacts,
  run: FinishedRun,
  judgment: Judgment,
  remarks: Pick<Summary, "notes" | "advice">,
  proves: boolean,
): Summary {
  return {
    ...begin(facts, judgment.verdict),
    reasons: judgment.reasons,
    ...remarks,
    suites: run.suites.map(({ summary }) => summary),
    coverage: run.coverage,
    checks: run.checks,
    receipt: proves ? { tree: facts.target.tree, reused: false } : null,
    server: run.server,
  };
}

/** The summary of a run that failed with an error, including suites that had begun. */
export function summaryOfError(
  facts: RunFacts,
  verdict: "error" | "interrupted",
  reason: string,
  suites: readonly SuiteSummary[],
): Summary {
  return { ...begin(facts, verdict), reasons: [reason], suites };
}

/** The summary of this process's run at its beginning. */
export function summaryOfBeginning(facts: RunFacts): Summary {
  const reason = `This run has not finished: it began on ${formatMoment(facts.startedAt.toISOString())}, as process ${process.pid}. If that process is gone, the run was killed.`;
  return { ...begin(facts, "interrupted"), isOver: false, reasons: [reason] };
}

/** The summary of a commit whose tree has a receipt; figures are those of the proven run. */
export function summaryOfReceipt(
  receipt: Receipt,
  target: Target,
  { changes, destination }: Pick<RunFacts, "changes" | "destination">,
): Summary {
  return {
    ...receipt.summary,
    commit: target.commit,
    branch: target.branch,
    changes,
    destination,
    notes: [
      ...receipt.summary.notes,
      `Nothing ran: this tree was proven on ${receipt.at}, as ${receipt.summary.commit}.`,
    ],
    receipt: { tree: receipt.tree, reused: true },
    // The commit that was verified may no longer exist; this one has the same files.
    repeat: `npx verify ${target.commit.slice(0, 10)} --fresh`,
  };
}

function begin(facts: RunFacts, verdict: Verdict): Summary {
  const { target, kind, startedAt, environment, changes, destination, history, incomplete } = facts;
  return {
    schema: 1,
    verdict,
    commit: target.commit,
    tree: target.tree,
    branch: target.branch,
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    reasons: [],
    notes: [],
    verifiedIn: kind,
    suites: [],
    coverage: null,
    checks: [],
    changes,
    destination,
    history,
    incomplete,
    receipt: null,
    environment,
    server: null,
    version,
    repeat: repeatCommand(facts),
  };
}

function repeatCommand({ request, target, kind }: RunFacts): string {
  const { options } = request;
  const words = [
    "npx verify",
    kind === "working tree" ? "--working-tree" : target.commit.slice(0, 10),
    ...options.suites.map((suite) => `--suite ${quote(suite)}`),
    ...(options.coverage === undefined ? [] : [`--coverage ${options.coverage}`]),
    ...(options.serial ? ["--serial"] : options.workers === undefined ? [] : [`--workers ${options.workers}`]),
    ...(kind === "working tree" ? [] : ["--fresh"]),
    ...(options.arguments.length === 0 ? [] : ["--", ...options.arguments.map(quote)]),
  ];
  return words.join(" ");
}
