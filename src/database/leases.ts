import type { Socket } from "node:net";
import { messageOf } from "../shared/errors.ts";
import { listenOn } from "../shared/socket.ts";
import type { Provision, WorkerDatabase } from "./provision.ts";

/** Leases a run's databases to processes, one each, as fresh as the template. */
export interface LeaseServer {
  /** The unix socket for lease requests; a lease ends with its connection. */
  readonly socketPath: string;
  /**
   * Aborted where a database could not be recreated: waiting processes get the error, and the suite's results are then
   * meaningless. The reason is the error.
   */
  readonly failed: AbortSignal;
  /** Ends all leases, after pending recreations have finished. */
  close(): Promise<void>;
}

/** The value of VERIFY_LEASES in a suite without databases. */
export const noLeases = "none";

/** The answer to a lease request, as a line of JSON. */
type Answer = WorkerDatabase | { readonly error: string };

/**
 * Opens a lease server in an absolute, private directory; first come, first served. With `renews`, returned databases
 * are recreated before they are leased again, and spares avoid waiting for that. Otherwise a database belongs to one
 * worker, whose processes use it one after another as it is.
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
    // The end of a connection is only noticed while somebody reads.
    socket.resume();
    socket.on("close", () => this.#forget(socket));
    this.#waiting.push(socket);
    this.#serve();
  }

  /** Databases that are returned from now on are not recreated. */
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
