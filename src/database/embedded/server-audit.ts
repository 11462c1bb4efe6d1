import { UnavailableError } from "../../errors.ts";
import type { Audit, Rejection, WorkerId } from "../provision.ts";
import { coordinatorRole } from "./roles.ts";
import type { EmbeddedServer } from "./server.ts";
import type { LogEntry, Refused } from "./server-log.ts";

/** A server, who works there, and what their databases are called. */
export interface AuditedSite {
  readonly server: Pick<EmbeddedServer, "log" | "lost" | "description">;
  databaseName(worker: WorkerId): string;
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

async function auditLog({ server, databaseName, workers }: AuditedSite): Promise<Audit> {
  const entries = await server.log.next();
  if (server.lost.aborted) throw server.lost.reason;
  for (const entry of entries) {
    if (entry.kind !== "crashed") continue;
    throw new UnavailableError(
      `The ${server.description} lost all of its sessions in the middle of the run: ${entry.words}.`,
    );
  }
  return {
    connected: entries.some((entry) => isOwnDatabase(entry, workers.map(databaseName))),
    rejections: entries.filter((entry) => entry.kind === "refused").flatMap((entry) => rejectionOf(entry, workers)),
  };
}

/** Whether somebody was let into a worker's database, or into one that is called after it. */
function isOwnDatabase(entry: LogEntry, names: readonly string[]): boolean {
  if (entry.kind !== "admitted") return false;
  return names.some((name) => entry.database.startsWith(name));
}

/** Roles that are neither a worker's nor the coordinator's are the suite's own, and so is what they try. */
function rejectionOf({ role, database, at }: Refused, workers: readonly WorkerId[]): Rejection[] {
  const worker = role === coordinatorRole ? role : workers.find((candidate) => candidate === role);
  return worker === undefined ? [] : [{ worker, database, at }];
}
