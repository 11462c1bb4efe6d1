import type { Provision } from "../database/provision.ts";
import type { Failure, RejectionSummary } from "../model/summary.ts";
import type { Redact } from "../shared/redact.ts";
import type { PlannedSuite } from "./plan/plan.ts";
import type { SuiteProcesses } from "./processes.ts";
import { redactingStore } from "./races/replay-order.ts";
import { findRaces } from "./races/reruns.ts";
import { redactRejection } from "./results/redact.ts";
import { countedHere } from "./reuse/partly-reused.ts";
import { type PartOfFiles, withReused } from "./reuse/test-files.ts";
import type { RunContext } from "./run-context.ts";
import type { PartialRun } from "./run-in-part.ts";
import type { TestResults } from "./runners/runner.ts";

/** What the run of a suite has found, before it is judged. */
export interface SuiteFindings {
  readonly planned: PlannedSuite;
  readonly run: PartialRun;
  /** With the results of files that are reused. */
  readonly results: TestResults;
  /** The part whose other files are reused; null where all ran. */
  readonly reused: PartOfFiles | null;
  /** Those that pass alone are races. */
  readonly failures: readonly Failure[];
  /** Of the reruns, one sentence each. */
  readonly notes: readonly string[];
  /** Redacted. */
  readonly rejections: readonly RejectionSummary[];
  /** Null where the suite uses no database. */
  readonly provision: Provision | null;
  readonly redact: Redact;
}

/** What turns a run into findings. */
export interface FindingsRequest extends Pick<SuiteFindings, "planned" | "run" | "provision" | "redact"> {
  readonly processes: SuiteProcesses;
  readonly context: Pick<RunContext, "checkout" | "replays">;
  /** Called with what is being run again. */
  readonly onProgress: (phrase: string) => void;
}

/** Adds what is reused to what ran, and runs failed tests alone. Rejects as a run does. */
export async function findingsOf(request: FindingsRequest): Promise<SuiteFindings> {
  const { planned, run, provision, redact, processes, context, onProgress } = request;
  const { result } = run;
  const reused = run.reused && countedHere(run.reused, planned.shard);
  const results = reused === null ? result.results : withReused(result.results, reused, context.checkout.root);
  const rejections = result.rejections.map((rejection) => redactRejection(rejection, redact));
  const replays = redactingStore(context.replays, redact);
  const { failures, notes } =
    planned.replay === undefined
      ? await findRaces({ suiteRun: result, rejections, processes, replays, onProgress })
      : { failures: results.failures, notes: [] };
  return { planned, run, results, reused, failures, notes, rejections, provision, redact };
}

/** How many failures there are of a kind. */
export function countOf(failures: readonly Failure[], kind: Failure["kind"]): number {
  return failures.filter((failure) => failure.kind === kind).length;
}
