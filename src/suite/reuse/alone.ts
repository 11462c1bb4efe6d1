import { gitEnvironment } from "../../git/client.ts";
import type { Checkout } from "../../push/checkout.ts";
import { runProgram } from "../../shared/exec/run-program.ts";
import type { Environment } from "../../shared/world.ts";
import type { PlannedSuite } from "../plan/plan.ts";
import type { FileDurations } from "../schedule/durations.ts";
import type { PartOfFiles } from "./test-files.ts";

/** What a text says that tells xdist's workers from other processes, as an extended regular expression; pushproof_asking.py has the same. */
const asking =
  "PYTEST_XDIST|workerinput|workeroutput|worker_?id|testrun_?uid|numprocesses|is_xdist|[\"']xdist|(import|from)[[:space:]]+xdist";
/** Several files run in one process where they take at most so many seconds: that is how long xdist takes to start. */
const most = 3;

/** A part of a suite's test files, with what tells how to run it. */
interface PartToRun {
  readonly planned: PlannedSuite;
  readonly part: PartOfFiles;
  readonly durations: FileDurations;
  readonly checkout: Pick<Checkout, "root" | "trackedFiles">;
  readonly environment: Environment;
}

/**
 * Whether one process of pytest runs a part of the test files by itself, in place of xdist's first worker: xdist starts
 * pytest twice, which takes longer than a few files do. Only where nothing can notice: no file of the checkout, and no library that was
 * loaded, speaks of workers.
 */
export async function runsAlone({ planned, part, durations, checkout, environment }: PartToRun): Promise<boolean> {
  const { suite, workers, parallel, shard, replay } = planned;
  const isWhole = parallel === "runner" && shard === undefined && replay === undefined;
  if (suite.runner !== "pytest" || workers.length < 2 || !isWhole) return false;
  const { reasons, compared, asksForWorker } = part.reach;
  if (part.hasNewFiles || asksForWorker !== false) return false;
  const files = Object.keys({ ...reasons, ...compared });
  const seconds = files.reduce((sum, file) => sum + (durations.get(file) ?? Number.POSITIVE_INFINITY), 0);
  if (files.length > 1 && seconds > most) return false;
  return !(await (part.speaksOfWorkers ?? speaksOfWorkers(checkout, environment)));
}

/** Whether a text of a checkout may speak of xdist's workers. */
export async function speaksOfWorkers(checkout: PartToRun["checkout"], environment: Environment): Promise<boolean> {
  // Git does not look into submodules and for untracked files at once.
  if ((await checkout.trackedFiles()).has(".gitmodules")) return true;
  const words = ["git", "grep", "--untracked", "-l", "-I", "-E", "-e", asking, "--", ".", ":(exclude)*.md"] as const;
  const place = { directory: checkout.root, environment: gitEnvironment(environment) };
  const { exitCode, output } = await runProgram(words, place);
  // Git says 1 where it finds nothing.
  return exitCode !== 1 || output !== "";
}
