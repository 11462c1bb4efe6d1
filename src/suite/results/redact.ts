import type { RunRecord } from "../../model/run-record.ts";
import type { Failure, RejectionSummary } from "../../model/summary.ts";
import type { Redact } from "../../shared/redact.ts";

/** A rejected connection without secrets. */
export function redactRejection({ database, files, ...rest }: RejectionSummary, redact: Redact): RejectionSummary {
  return { ...rest, database: redact(database), files: files.map(redact) };
}

/** A secret may appear in any field of a test: parameters are part of its name. */
export function redactFailure(failure: Failure, redact: Redact): Failure {
  const { file, name, id, message, race } = failure;
  const own = {
    ...(id === undefined ? {} : { id: redact(id) }),
    ...(race === undefined ? {} : { race: { ...race, filesBefore: race.filesBefore.map(redact) } }),
  };
  return { ...failure, file: redact(file), name: redact(name), ...own, message: redact(message) };
}

/** In a record, only names can contain a secret. */
export function redactRecord({ tests, timeline }: RunRecord, redact: Redact): RunRecord {
  return {
    tests: tests.map((test) => ({ ...test, file: redact(test.file), name: redact(test.name) })),
    timeline: timeline.map((bar) => ({ ...bar, file: redact(bar.file) })),
  };
}
