import type { Rejection } from "../../database/provision.ts";
import { rejectionRemedies, rejectionText } from "../../model/rejections.ts";
import type { RejectionSummary } from "../../model/summary.ts";
import { UnavailableError } from "../../shared/errors.ts";
import type { ReportedFacts, Visit } from "../progress/facts.ts";
import { reportedFile } from "./results.ts";

/** The part of a suite's reports that says which worker ran which file when. */
type ReportedVisits = Pick<ReportedFacts, "visits" | "root">;

/**
 * Groups rejected connections by worker and database, with the test files that the workers were running, relative to
 * the checkout's root.
 */
export function groupRejections(
  rejections: readonly Rejection[],
  { visits, root }: ReportedVisits,
  checkoutRoot: string,
): RejectionSummary[] {
  const groups = new Map<string, { worker: string; database: string; times: number; files: Set<string> }>();
  for (const rejection of rejections) {
    const { worker, database } = rejection;
    const key = JSON.stringify([worker, database]);
    const group = groups.get(key) ?? { worker, database, times: 0, files: new Set() };
    groups.set(key, group);
    group.times += 1;
    const file = fileAt(visits, rejection);
    if (file === null) continue;
    group.files.add(reportedFile(checkoutRoot, root, file));
  }
  return [...groups.values()]
    .map((group) => ({ ...group, files: [...group.files] }))
    .sort((left, right) => compare(left.worker, right.worker) || compare(left.database, right.database));
}

const shownRejections = 3;

/** Adds rejected connections to the error of a suite that could not run, as they may be the cause. */
export function withRejections(error: unknown, rejections: readonly RejectionSummary[]): unknown {
  if (!(error instanceof UnavailableError) || rejections.length === 0) return error;
  const sentences = rejections.slice(0, shownRejections).map((rejection) => `${rejectionText(rejection)}.`);
  return new UnavailableError([error.message, ...sentences, ...rejectionRemedies(rejections)].join("\n"), {
    cause: error,
  });
}

/** The error for a server that died during a suite, with advice. */
export function endedServer(error: unknown): unknown {
  if (!(error instanceof UnavailableError)) return error;
  return new UnavailableError(
    `${error.message.trimEnd()}\nFailures after that are not the tests' own, so nothing is judged. Run it again; if the server ends again, look for what ended it: the system's log says if memory ran out.`,
    { cause: error },
  );
}

function compare(left: string, right: string): number {
  return left.localeCompare(right, "en", { numeric: true });
}

/** The file that the worker was in, or null where it had not begun any. */
function fileAt(visits: readonly Visit[], { worker, at }: Rejection): string | null {
  const time = at.getTime();
  let latest: Visit | null = null;
  for (const visit of visits) {
    if (visit.worker === worker && visit.at <= time && (latest === null || visit.at >= latest.at)) latest = visit;
  }
  return latest?.file ?? null;
}
