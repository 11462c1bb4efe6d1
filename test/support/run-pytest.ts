import { join } from "node:path";
import { suiteSchema } from "../../src/config/schema.ts";
import { runCommand } from "../../src/shared/exec/process.ts";
import type { ReportedFacts } from "../../src/suite/progress/facts.ts";
import { listenForProgress } from "../../src/suite/progress/listen.ts";
import { pytest } from "../../src/suite/runners/pytest.ts";
import type { SuiteRun, TestResults } from "../../src/suite/runners/runner.ts";
import { type AtEnd, type Files, makeDirectory, writeFiles } from "./repository.ts";
import { sharedByTests } from "./shared-run.ts";
import { userEnvironment } from "./verify.ts";

/** The results of a suite that ran through its adapter alone. */
export interface PytestRun {
  readonly directory: string;
  readonly facts: ReportedFacts;
  readonly results: TestResults;
}

/** What `runPytest` takes. */
type PytestRequest = [files: Files, workers: number, more?: Partial<SuiteRun>];

/** Runs a suite through its adapter once, when the first test asks, for all tests of a file that only read what came of it. */
export function sharedPytest(request: () => PytestRequest): () => Promise<PytestRun> {
  return sharedByTests(async (atEnd) => {
    const [files, workers, more] = request();
    return await runPytest(files, workers, more, atEnd);
  });
}

/** Runs files as a pytest suite through its adapter alone; `more` overrides parts of the run. */
export async function runPytest(
  files: Files,
  workers: number,
  more: Partial<SuiteRun> = {},
  atEnd?: AtEnd,
): Promise<PytestRun> {
  const directory = await makeDirectory(atEnd);
  const scratch = await makeDirectory(atEnd);
  await writeFiles(directory, files);
  const listener = await listenForProgress(scratch);
  try {
    const ids = workers === 1 ? ["master"] : Array.from({ length: workers }, (_, index) => `gw${index}`);
    const run: SuiteRun = {
      suite: suiteSchema.parse({ name: "backend", runner: "pytest", command: "pytest" }),
      checkoutRoot: directory,
      otherRoots: [],
      directory,
      workers,
      workerEnvironments: Object.fromEntries(ids.map((id) => [id, { VERIFY_WORKER: id }])),
      coordinatorEnvironment: {},
      leaseSocket: null,
      scratch,
      progressSocket: listener.socketPath,
      selection: null,
      trackedFiles: new Set(Object.keys(files)),
      durations: new Map(),
      keepsSchema: false,
      arguments: [],
      dependencyNotes: [],
      environment: await userEnvironment(),
      ...more,
    };
    const signal = new AbortController().signal;
    const log = join(scratch, "log");
    const invocation = await pytest.invocation(run);
    const end = await runCommand({ ...invocation, directory, log, secrets: [], timeoutSeconds: 60, signal });
    const facts = await listener.facts();
    return { directory, facts, results: await pytest.collect(run, { ...end, reported: facts }) };
  } finally {
    await listener.close();
  }
}
