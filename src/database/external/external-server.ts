import type { DatabaseServer } from "../server.ts";
import type { ServerFacts } from "./server-facts.ts";

/** A server on which this run holds the lock of its base name. */
export interface LockedServer extends DatabaseServer {
  /** The template for databases without one of their own, where the usual one cannot be used. */
  readonly defaultTemplate: string | undefined;
  /** Aborted when the connection that holds the lock is lost; the reason is the UnavailableError. */
  readonly lost: AbortSignal;
  /** Throws UnavailableError where the server no longer knows our lock on a base. */
  checkLock(base: string): Promise<void>;
}

/** An external server with advisory locks. */
export interface ExternalServer extends LockedServer {
  readonly kind: "external";
  /** Its properties at the start. */
  readonly facts: ServerFacts;
  /**
   * Takes a lock by its key (see `lockKey`) until `close`; false where another run holds it. While it is held, marked
   * databases of its base belong to no other live run. The same lock can be taken several times.
   */
  tryLock(key: string): Promise<boolean>;
  /** Releases a lock once; each `tryLock` needs its own. */
  unlock(key: string): Promise<void>;
}
