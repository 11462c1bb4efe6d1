import { listed } from "../shared/text.ts";
import type { Failure, RejectionSummary, Summary } from "./summary.ts";

const shownFiles = 2;

/** The rejected connections of all suites' workers; none in summaries of older versions. */
export function allRejections({ suites }: Pick<Summary, "suites">): readonly RejectionSummary[] {
  return suites.flatMap(({ rejections = [] }) => rejections);
}

/** "gw1 tried to reach ledger_test_gw0 (3 times), in tests/test_books.py"; names are formatted by the function. */
export function rejectionText(
  { worker, database, times, files }: RejectionSummary,
  write: (name: string) => string = (name) => name,
): string {
  const often = times === 1 ? "" : ` (${times} times)`;
  const where = files.length === 0 ? "" : `, in ${listed(files, shownFiles, write, "file").join(", ")}`;
  return `${whoOf(worker)} tried to reach ${write(database)}${often}${where}`;
}

/** Remedies for rejected connections, one sentence each. */
export function rejectionRemedies(rejections: readonly RejectionSummary[]): string[] {
  const coordinated = rejections.filter(({ worker }) => worker === coordinator);
  return [
    ...(coordinated.length < rejections.length
      ? [
          'The server lets a worker only into its own database, which its variables name; for a suite that hard-codes names, set "isolation": "server" in "database".',
        ]
      : []),
    ...(coordinated.length > 0
      ? [
          'Code outside a worker (global setup, a conftest\'s import) has no database: set "parallel": "processes" in the suite, or do it in "database.setup".',
        ]
      : []),
  ];
}

/** The databases that were denied to a failure's worker while it ran the failure's file. */
export function refusedDuring(failure: Failure, rejections: readonly RejectionSummary[]): readonly RejectionSummary[] {
  return rejections.filter(({ worker, files }) => worker === failure.worker && files.includes(failure.file));
}

/** The name of the coordinating process, in place of a worker. */
export const coordinator = "coordinator";

function whoOf(worker: string): string {
  return worker === coordinator ? "The process that coordinates the workers" : worker;
}
