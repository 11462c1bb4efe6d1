import { createHash } from "node:crypto";
import { arch, platform, release } from "node:os";
import { earlierRuns, isIncremental } from "../model/reuse.ts";
import type { TestRecord } from "../model/run-record.ts";
import type { SuiteSummary, Summary } from "../model/summary.ts";
import type { ReceiptKey } from "../push/receipts.ts";
import type { Redact } from "../shared/redact.ts";
import type { Claim, Verification } from "./attestation/statement.ts";
import { callersServer } from "./receipt-key.ts";

/** What a claim is made from, besides the summary. */
export interface ClaimFacts {
  readonly key: ReceiptKey;
  /** The configuration's file, relative to the root, and the id of its blob in the verified tree. */
  readonly configuration: { readonly file: string; readonly blob: string };
  /** See `rootCommit`. */
  readonly root: string;
  /** The results of every test, of all suites. */
  readonly tests: readonly TestRecord[];
  /** How many submodules had no files. */
  readonly emptySubmodules: number;
  /** Takes secrets out of texts. */
  readonly mask: Redact;
  readonly endedAt: Date;
}

/** What a receipt claims of a run that passed. Throws where the run has no coverage, which no verified one lacks. */
export function claimOf(
  summary: Summary,
  { key, configuration, root, tests, emptySubmodules, mask, endedAt }: ClaimFacts,
): Claim {
  const verification: Verification = {
    schema: 1,
    repository: { root },
    commit: summary.commit,
    branch: summary.branch,
    configuration: { file: configuration.file, digest: { sha256: key.configuration } },
    version: key.version,
    environment: {
      os: `${platform()} ${arch()}`,
      release: release(),
      runtimes: runtimesOf(key),
      postgres: summary.server === null ? null : mask(summary.server),
      isCallersServer: key.environment.endsWith(callersServer),
    },
    ...(isIncremental(summary) ? { mode: "incremental", restsOn: restsOn(summary) } : { mode: "complete" }),
    suites: summary.suites.map((suite) => suiteOf(suite, tests, mask)),
    checks: summary.checks.map(({ name, command }) => ({ name: mask(name), command: mask(command) })),
    coverage: coverageOf(summary),
    against: key.against,
    leftOut: {
      skippedTests: summary.suites.reduce((sum, suite) => sum + suite.tests.skipped, 0),
      excludedFiles: summary.coverage?.excludedFiles ?? 0,
      emptySubmodules,
      newExclusions: summary.coverage?.exclusions?.length ?? 0,
    },
    startedAt: summary.startedAt,
    endedAt: endedAt.toISOString(),
  };
  return { tree: summary.tree, configurationBlob: configuration.blob, verification };
}

/** The runs in which the reused results were found. */
function restsOn({ suites }: Summary): NonNullable<Verification["restsOn"]> {
  const runs = earlierRuns(suites.flatMap(({ reuse }) => reuse ?? []));
  return runs.map(({ commit, tree, at }) => ({ commit, tree, startedAt: at }));
}

/** The runtimes of the environment class, which begins with the system and may end with whose server it was. */
function runtimesOf({ environment }: ReceiptKey): string[] {
  return environment.split(", ").filter((part, index) => index > 0 && part !== callersServer);
}

function suiteOf(suite: SuiteSummary, tests: readonly TestRecord[], mask: Redact): Verification["suites"][number] {
  const { name, runner, command, workers, files, schema } = suite;
  const { total, passed, skipped, flaky = 0 } = suite.tests;
  return {
    name: mask(name),
    runner,
    command: mask(command),
    workers,
    files,
    tests: { total, passed, skipped, flaky },
    ...(schema !== undefined && schema.kept > 0 && { keptSchema: schema.kept }),
    names: { sha256: digestOf(tests.filter((test) => test.suite === name)) },
  };
}

/** The same for the same tests with the same outcomes, in whatever order they ran. */
function digestOf(tests: readonly TestRecord[]): string {
  const lines = tests.map(({ file, name, outcome }) => Buffer.from(`${file}\t${name}\t${outcome}\n`));
  return createHash("sha256")
    .update(Buffer.concat(lines.sort(Buffer.compare)))
    .digest("hex");
}

function coverageOf({ coverage }: Summary): Verification["coverage"] {
  if (coverage === null) throw new Error("A verified run has coverage.");
  const { lines, branches, functions, changedLines, gates = [] } = coverage;
  return {
    lines,
    ...(branches && { branches }),
    ...(functions && { functions }),
    ...(changedLines && { changedLines }),
    gates: gates.map(({ metric, suite, threshold, covered, total }) => ({
      metric,
      ...(suite !== undefined && { suite }),
      threshold,
      covered,
      total,
    })),
  };
}
