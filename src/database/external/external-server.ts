import type { DatabaseServer } from "../server.ts";
import type { ServerFacts } from "./server-facts.ts";

/** A server on which a run holds its base name's lock. */
export interface LockedServer extends DatabaseServer {
  /** The template for databases without one of their own, where the server's usual one is in our way. */
  readonly defaultTemplate: string | undefined;
  /** Aborted once the connection that holds the lock is gone; its reason is the UnavailableError that says so. */
  readonly lost: AbortSignal;
  /** Throws UnavailableError where the server no longer knows that we hold a base's lock. */
  checkLock(base: string): Promise<void>;
}

/** A server that somebody else runs, with the means to lock what is ours on it. */
export interface ExternalServer extends LockedServer {
  readonly kind: "external";
  /** How it was when we came. */
  readonly facts: ServerFacts;
  /**
   * Takes a lock by its key (see `lockKey`), which is held until `close`; false where another run has it. While it is
   * held, marked databases of its base belong to no other live run. A lock that we have already is taken once more.
   */
  tryLock(key: string): Promise<boolean>;
  /** Gives a lock back as often as `tryLock` has taken it. */
  unlock(key: string): Promise<void>;
}
