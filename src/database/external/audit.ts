import { setTimeout as sleep } from "node:timers/promises";
import type { Audit } from "../provision.ts";
import type { ExternalServer } from "./external-server.ts";

/** Sessions are counted since 14. */
const countsSince = 140000;
/** A session is counted when it has nothing to do, at the latest when it has ended, which takes a moment. */
const patienceMilliseconds = 500;

/** Watches whether anybody opens the databases that a run makes. */
export interface SessionWatch {
  /** To be called before a database is made anew: the server forgets with it who was there. */
  beforeRecreation(name: string): Promise<void>;
  /** To be called once a database has been made. One that gets another name later, as the template does, is not watched. */
  made(name: string): void;
  /** What was seen since the last call. Throws UnavailableError where the server is gone. */
  audit(): Promise<Audit>;
}

/** Counts sessions as the server does. */
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
