import { UnavailableError } from "../../../shared/errors.ts";
import type { Audit, Rejection, WorkerId } from "../../provision.ts";
import { coordinatorRole, templateRole } from "../cluster/roles.ts";
import type { LogEntry, Refused } from "./log.ts";
import { applicationName, type EmbeddedServer } from "./start.ts";

/** A server and its workers. */
export interface AuditedSite {
  readonly server: Pick<EmbeddedServer, "log" | "lost" | "description">;
  readonly workers: readonly WorkerId[];
}

/** Reads new log entries of the servers; see `Provision.audit`. */
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
 * Whether a test connected, to any database: a suite may create its own, as Django does, and never open the one it was
 * given. Our sessions have our application name, and setup has its own role.
 */
function isOfSuite(entry: LogEntry): boolean {
  if (entry.kind !== "admitted" || entry.role === templateRole) return false;
  return !entry.database.endsWith(`application_name=${applicationName}`);
}

/** Roles other than workers' and the coordinator's were created by the suite, so their attempts are its own affair. */
function rejectionOf({ role, database, at }: Refused, workers: readonly WorkerId[]): Rejection[] {
  const worker = role === coordinatorRole ? role : workers.find((candidate) => candidate === role);
  return worker === undefined ? [] : [{ worker, database, at }];
}
