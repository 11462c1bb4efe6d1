import { setTimeout as sleep } from "node:timers/promises";
import type { Audit } from "../provision.ts";
import type { ExternalServer } from "./external-server.ts";

/** Postgres counts sessions since version 14. */
const countsSince = 140000;
/** A session is counted when it is idle or ended, which may take a moment. */
const patienceMilliseconds = 500;

/** Detects whether anybody opens a run's databases. */
export interface SessionWatch {
  /** Call it before a database is recreated, as its statistics are lost then. */
  beforeRecreation(name: string): Promise<void>;
  /** Call it after a database was created. Databases that are renamed later, such as the template, are not watched. */
  made(name: string): void;
  /** What happened since the last call. Throws UnavailableError where the server is gone. */
  audit(): Promise<Audit>;
}

/** Uses the session counts of the server's statistics. */
export function watchSessions(server: ExternalServer): SessionWatch {
  const names = new Set<string>();
  let wasOpened = false;
  const anyOpened = async (databases: readonly string[]): Promise<boolean> => {
    const [row] = await server.query(
      "SELECT sum(sessions) > 0 AS opened FROM pg_stat_database WHERE datname = ANY ($1)",
      [databases],
    );
    return row?.opened === true;
  };
  const counts = server.facts.number >= countsSince;
  return {
    beforeRecreation: async (name) => {
      if (counts && !wasOpened && names.has(name)) wasOpened = await anyOpened([name]);
    },
    made: (name) => void names.add(name),
    audit: async () => {
      server.lost.throwIfAborted();
      const deadline = performance.now() + patienceMilliseconds;
      while (counts && !wasOpened && names.size > 0) {
        wasOpened = await anyOpened([...names]);
        if (performance.now() > deadline) break;
        await sleep(50);
      }
      if (!counts) await server.query("SELECT 1");
      const connected = counts ? wasOpened : null;
      names.clear();
      wasOpened = false;
      return { connected, rejections: [] };
    },
  };
}
