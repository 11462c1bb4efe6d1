import { UnavailableError } from "../../../shared/errors.ts";
import type { Audit, Rejection, WorkerId } from "../../provision.ts";
import { coordinatorRole, templateRole } from "../cluster/roles.ts";
import type { LogEntry, Refused } from "./log.ts";
import { applicationName, type EmbeddedServer } from "./start.ts";

/** A server, and who works there. */
export interface AuditedSite {
  readonly server: Pick<EmbeddedServer, "log" | "lost" | "description">;
  readonly workers: readonly WorkerId[];
}

/** What the servers' logs tell since they were last read; see `Provision.audit`. */
export async function auditLogs(sites: readonly AuditedSite[]): Promise<Audit> {
  const audits = await Promise.all(sites.map(auditLog));
  const rejections = audits.flatMap((audit) => audit.rejections);
  return {
    connected: audits.some(({ connected }) => connected),
    rejections: rejections.sort((left, right) => left.at.getTime() - right.at.getTime()),
  };
}

async function auditLog({ server, workers }: AuditedSite): Promise<Audit> {
  const entries = await server.log.next();
  if (server.lost.aborted) throw server.lost.reason;
  for (const entry of entries) {
    if (entry.kind !== "crashed") continue;
    throw new UnavailableError(
      `The ${server.description} lost all of its sessions in the middle of the run: ${entry.text}.`,
    );
  }
  return {
    connected: entries.some(isOfSuite),
    rejections: entries.filter((entry) => entry.kind === "refused").flatMap((entry) => rejectionOf(entry, workers)),
  };
}

/**
 * Whether a test was let in, to whichever database: a suite may make its own, as Django does, and never open the one that it
 * was given. We call ourselves by our name, and a setup has a role of its own.
 */
function isOfSuite(entry: LogEntry): boolean {
  if (entry.kind !== "admitted" || entry.role === templateRole) return false;
  return !entry.database.endsWith(`application_name=${applicationName}`);
}

/** Roles that are neither a worker's nor the coordinator's are the suite's own, and so is what they try. */
function rejectionOf({ role, database, at }: Refused, workers: readonly WorkerId[]): Rejection[] {
  const worker = role === coordinatorRole ? role : workers.find((candidate) => candidate === role);
  return worker === undefined ? [] : [{ worker, database, at }];
}
