import type { RunRecord } from "../../model/run-record.ts";
import type { Failure, RejectionSummary } from "../../model/summary.ts";
import type { Redact } from "../../shared/redact.ts";

/** What the server refused, without passwords. */
export function redactRejection({ database, files, ...rest }: RejectionSummary, redact: Redact): RejectionSummary {
  return { ...rest, database: redact(database), files: files.map(redact) };
}

/** A password may come up anywhere in what a test says of itself: a parameter is part of its name. */
export function redactFailure(failure: Failure, redact: Redact): Failure {
  const { file, name, id, message, race } = failure;
  const own = {
    ...(id === undefined ? {} : { id: redact(id) }),
    ...(race === undefined ? {} : { race: { ...race, filesBefore: race.filesBefore.map(redact) } }),
  };
  return { ...failure, file: redact(file), name: redact(name), ...own, message: redact(message) };
}

/** Names alone can hold a password there. */
export function redactRecord({ tests, timeline }: RunRecord, redact: Redact): RunRecord {
  return {
    tests: tests.map((test) => ({ ...test, file: redact(test.file), name: redact(test.name) })),
    timeline: timeline.map((bar) => ({ ...bar, file: redact(bar.file) })),
  };
}
