import type { Socket } from "node:net";
import { messageOf } from "../shared/errors.ts";
import { listenOn } from "../shared/socket.ts";
import type { Provision, WorkerDatabase } from "./provision.ts";

/** Hands out a run's databases, one at a time to each process that asks, each as fresh as the template. */
export interface LeaseServer {
  /** The unix socket on which a database is asked for; the lease ends with the connection. */
  readonly socketPath: string;
  /**
   * Aborted once a database could not be made afresh: whoever waits is told so, and what the suite says then is not its
   * own. The reason is the error.
   */
  readonly failed: AbortSignal;
  /** Ends all leases, once no database is being made any more. */
  close(): Promise<void>;
}

/** What VERIFY_LEASES holds in a suite that has no databases. */
export const noLeases = "none";

/** What a process that asked is told, as a line of JSON. */
type Answer = WorkerDatabase | { readonly error: string };

/**
 * Opens an office for databases that are fresh, in an absolute, private directory. Who asks first is served first. Where
 * it renews, a database that comes back is made afresh before it is handed out again, so that nobody waits for that while
 * there are spares; elsewhere it is a worker's, whose processes have it one after another, as it is.
 */
export async function openLeaseServer(
  provision: Pick<Provision, "lease">,
  databases: readonly WorkerDatabase[],
  directory: string,
  { renews }: { readonly renews: boolean },
): Promise<LeaseServer> {
  const queue = new LeaseQueue(provision, databases, renews);
  const listener = await listenOn(directory, "leases", (socket) => queue.attend(socket));
  return {
    socketPath: listener.path,
    failed: queue.failed,
    close: async () => {
      queue.close();
      await listener.close();
      await queue.settled();
    },
  };
}

class LeaseQueue {
  readonly #provision: Pick<Provision, "lease">;
  readonly #fresh: WorkerDatabase[];
  readonly #waiting: Socket[] = [];
  readonly #renewals = new Set<Promise<void>>();
  readonly #failure = new AbortController();
  readonly #renews: boolean;
  #isClosed = false;

  constructor(provision: Pick<Provision, "lease">, fresh: readonly WorkerDatabase[], renews: boolean) {
    this.#provision = provision;
    this.#renews = renews;
    this.#fresh = [...fresh];
  }

  get failed(): AbortSignal {
    return this.#failure.signal;
  }

  attend(socket: Socket): void {
    // Until somebody reads, the end of a connection is not noticed.
    socket.resume();
    socket.on("close", () => this.#forget(socket));
    this.#waiting.push(socket);
    this.#serve();
  }

  /** What comes back from now on is not made afresh. */
  close(): void {
    this.#isClosed = true;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#renewals);
  }

  #serve(): void {
    if (this.failed.aborted) {
      for (const socket of this.#waiting.splice(0)) answer(socket, { error: messageOf(this.failed.reason) });
    }
    while (this.#waiting.length > 0) {
      const database = this.#fresh.shift();
      if (database === undefined) return;
      const socket = this.#waiting.shift();
      if (socket === undefined) return;
      socket.on("close", () => this.#takeBack(database));
      answer(socket, database);
    }
  }

  #forget(socket: Socket): void {
    const place = this.#waiting.indexOf(socket);
    if (place >= 0) this.#waiting.splice(place, 1);
  }

  #takeBack(database: WorkerDatabase): void {
    if (this.#isClosed || this.failed.aborted) return;
    if (!this.#renews) {
      this.#fresh.push(database);
      this.#serve();
      return;
    }
    const renewal = this.#provision.lease([database.worker]).then(
      (renewed) => void this.#fresh.push(...renewed),
      (error) => this.#failure.abort(error),
    );
    this.#renewals.add(renewal);
    void renewal.then(() => {
      this.#renewals.delete(renewal);
      this.#serve();
    });
  }
}

function answer(socket: Socket, what: Answer): void {
  socket.write(`${JSON.stringify(what)}\n`);
}
