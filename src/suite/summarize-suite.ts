import type { SuiteSummary } from "../model/summary.ts";
import { countOf, type SuiteFindings } from "./findings.ts";
import { redactFailure } from "./results/redact.ts";
import { nameInFile, reportedFile } from "./results/results.ts";
import { logFacts, suiteFacts } from "./results/suite-facts.ts";
import { reuseOf } from "./reuse/test-files.ts";
import type { RunContext } from "./run-context.ts";
import { slowestFiles } from "./schedule/schedule.ts";

/** The summary of a suite that ran, redacted; `schedule` is null where not everything ran. */
export function summarizeSuite(
  { planned, run, results, reused, failures, rejections, provision, redact }: SuiteFindings,
  schedule: SuiteSummary["schedule"] | null,
  { database, checkout }: Pick<RunContext, "database" | "checkout">,
): SuiteSummary {
  const { result, parallel } = run;
  const { databases, seconds, reported } = result;
  const flaky = reported.flaky.map(({ file, name }) => ({
    file: redact(reportedFile(checkout.root, reported.root, file)),
    name: redact(nameInFile(file, name)),
  }));
  const races = countOf(failures, "race");
  const unloaded = countOf(failures, "collection");
  return {
    ...suiteFacts(planned, redact),
    seconds,
    workSeconds: results.workSeconds,
    files: results.files,
    tests: {
      ...results.tests,
      ...(races > 0 ? { races } : {}),
      ...(unloaded > 0 ? { unloaded } : {}),
      ...(flaky.length > 0 ? { flaky: flaky.length } : {}),
    },
    databases: databases.map(({ name }) => name),
    ...(provision && database ? { isolation: database.isolation } : {}),
    ...(reported.schema === null ? {} : { schema: reported.schema }),
    failures: failures.map((failure) => redactFailure(failure, redact)),
    ...(flaky.length > 0 ? { flaky } : {}),
    rejections,
    ...(reused === null ? {} : { reuse: reuseOf(reused, result.results.ran) }),
    parallel,
    ...(schedule ? { schedule } : {}),
    slowestFiles: slowestFiles(results.ran).map((time) => ({ ...time, file: redact(time.file) })),
    ...logFacts(result.logs),
  };
}
